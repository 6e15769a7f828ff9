"""Requests as a broken client or an attacker sends them, drawn at random: bytes for a socket."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

KINDS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PDF")
PATHS = ("/api/predict", "/api/explain", "/api/read", "/v2/models/mlp/infer", "/v2/models/tiny/versions/1/infer")
QUERIES = ("", "?model=mlp", "?model=..%2F..%2Fetc%2Fpasswd", "?class=%00", "?page=99999", "?grid=999x1", "?text=1",
           "?region=0,0,1,1", "?model=tiny&model=x", "?%ff=%fe", "?page=-1", "?region=1e9,0,1,1")  # fmt: skip
TYPES = ("image/png", "application/json", "application/octet-stream", "text/html", "", "multipart/form-data", "\xff")
VALUES: tuple[Any, ...] = (
    None, True, -1, 0.5, 10**30, float("nan"), "", "\ud800", [], {}, [[]], [[1], [1, 2]], "7", [None], 2**63, [1 << 70],
)  # fmt: skip


def request(random: np.random.Generator) -> bytes:
    """A request."""
    made = (_picture, _json, _tensor, _framing, _names, _mangled)
    return made[random.integers(len(made))](random)


def _one(random: np.random.Generator, choices: Any) -> Any:
    return choices[int(random.integers(len(choices)))]


def _post(random: np.random.Generator, body: bytes, kind: str = "", path: str = "", more: str = "") -> bytes:
    path = (path or _one(random, PATHS)) + _one(random, QUERIES)
    kind = kind or _one(random, TYPES)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode("latin-1") + body


def _mutated(random: np.random.Generator, content: bytes) -> bytes:
    """Bytes with some changed, a piece cut out, or a piece put in."""
    changed = bytearray(content)
    for _ in range(int(random.integers(1, 6))):
        at, length = int(random.integers(len(changed) + 1)), int(random.integers(1, 40))
        what = random.integers(4)
        if what == 0:
            changed[at : at + length] = random.bytes(length)
        elif what == 1:
            del changed[at : at + length]
        elif what == 2:
            changed[at:at] = random.bytes(length)
        else:
            del changed[max(at, 1) :]
    return bytes(changed)


def _picture(random: np.random.Generator) -> bytes:
    file = io.BytesIO()
    sides = random.integers(1, 90, 2)
    Image.fromarray(random.integers(0, 256, sides, dtype=np.uint8)).save(file, _one(random, KINDS))
    return _post(random, _mutated(random, file.getvalue()), path=_one(random, PATHS[:3]))


def _changed(random: np.random.Generator, value: Any) -> Any:
    """A value of JSON with some part of it replaced."""
    if random.random() < 0.2:
        return _one(random, VALUES)
    if isinstance(value, dict) and value:
        key = _one(random, [*value])
        return {**value, key: _changed(random, value[key])}
    if isinstance(value, list) and 0 < len(value) < 100:
        at = int(random.integers(len(value)))
        return [*value[:at], _changed(random, value[at]), *value[at + 1 :]]
    return _one(random, VALUES)


def _json(random: np.random.Generator) -> bytes:
    tensor = {"name": "pixels", "datatype": "UINT8", "shape": [1, 784], "data": [0] * 784, "parameters": {}}
    inference = {
        "inputs": [tensor],
        "outputs": [{"name": "digit"}],
        "parameters": {"binary_data_output": True},
        "id": "1",
    }
    content = _changed(random, _one(random, [{"pixels": [0] * 784}, inference]))
    return _post(random, json.dumps(content).encode(), "application/json")


def _tensor(random: np.random.Generator) -> bytes:
    data = random.bytes(int(_one(random, (0, 1, 783, 784, 1568, 3136))))
    described = {
        "name": "p", "datatype": _one(random, ("UINT8", "FP32", "BYTES")),
        "shape": _one(random, ([1, 784], [1], [0], [2, 784])),
        "parameters": {"binary_data_size": int(_one(random, (len(data), 784, -1, 10**9)))},
    }  # fmt: skip
    head = json.dumps({"inputs": [described]}).encode()
    length = _one(random, (len(head), len(head), 0, -1, 10**12, "x", len(head) + 1))
    more = f"Inference-Header-Content-Length: {length}\r\n"
    return _post(random, head + data, path=_one(random, PATHS[3:]), more=more)


def _framing(random: np.random.Generator) -> bytes:
    """Bodies that are shorter or longer than they say."""
    head = b"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    length = _one(random, (b"783", b"785", b"0", b"-1", b"x", b"99999999999", b"10485761", b"1\r\nContent-Length: 2"))
    chunks = _one(
        random, (b"zz\r\n", b"5\r\nab\r\n", b"ffffffffffffffff1\r\n", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\nX: y\r\n\r\n")
    )
    if random.random() < 0.5:
        return head + b"Content-Length: " + length + b"\r\n\r\n" + b"\x00" * 784
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks


def _names(random: np.random.Generator) -> bytes:
    """Hosts, origins and paths of somebody else."""
    host = _one(random, ("localhost", "evil.example", "localhost.evil", "[::1", "", "a" * 9000, "localhost:99999"))
    origin = _one(random, ("", "Origin: null\r\n", "Origin: http://evil.example\r\n", "Origin: http://localhost\r\n"))
    path = _one(
        random, ("/", "/../../etc/passwd", "/models/..%2f..%2fcard", "/models/%00/card", "/" + "a" * 9000, "//", "*")
    )
    method = _one(random, ("GET", "HEAD", "OPTIONS", "TRACE", "DELETE", "PUT", "BREW"))
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: close\r\n\r\n".encode("latin-1")


def _mangled(random: np.random.Generator) -> bytes:
    made: Callable[[np.random.Generator], bytes] = _one(random, (_picture, _json, _tensor, _names))
    return _mutated(random, made(random))
