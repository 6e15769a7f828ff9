"""Files changed at random as their structure allows: what a broken disk, a broken program or an attacker leaves."""

from __future__ import annotations

import io
import json
import random
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

Mutator = Callable[[random.Random, bytes], bytes]

DEPTH = 600
NUMBERS = ("0", "1", "255", "4294967295", "9223372036854775807", "1e308", "nan", "-1", "1" + "0" * 400, "0x10")
TOKENS = tuple(
    text.encode() for text in (*NUMBERS, "[" * DEPTH, "{" * DEPTH, '"', "\0", "\x1b[31m", "\\u0000", ",,", "\n")
)
VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 0.5, -0.0, 1e308, -1e-320, float("nan"), float("inf"), 10**18, 10**30, 10**400,
    2**63 - 1, -(2**63), "", "a", "7", "\x1b]0;x\x07", "\ud800", "x" * 5000, "../../etc/passwd", "\0", [], {}, [[]],
    [None], {"a": {}}, [1, [2, [3]]], ["3x3-8", "pool"], "pool",
)  # fmt: skip


def flipped(draw: random.Random, content: bytes) -> bytes:
    """Bytes with some changed, a piece cut out, put in, repeated, or everything behind a place cut off."""
    made = bytearray(content)
    if draw.random() < 0.03:  # the beginning of a file behind a part of it
        return bytes(made[: draw.randrange(len(made) + 1)] + made[draw.randrange(len(made) + 1) :])
    for _ in range(draw.choice((1, 1, 1, 2, 4, 16))):
        at, length = draw.randrange(len(made) + 1), draw.choice((1, 1, 2, 4, 8, 40))
        what = draw.randrange(8)
        if what <= 2 and at < len(made):
            made[at] ^= 1 << draw.randrange(8)
        elif what == 3:
            made[at : at + length] = draw.choice((b"\0", b"\xff", b"\x7f")) * length
        elif what == 4:
            del made[at : at + length]
        elif what == 5:
            made[at:at] = draw.choice((draw.randbytes(length), bytes(made[at : at + 64]), draw.choice(TOKENS)))
        elif what == 6:
            size = draw.choice(("<I", ">I", "<H", ">H", "<Q"))
            number = draw.choice((0, 1, 255, 65535, 2**31, 2**32 - 1)) & (256 ** struct.calcsize(size) - 1)
            made[at : at + struct.calcsize(size)] = struct.pack(size, number)
        elif not draw.randrange(3):
            del made[at:]
    return bytes(made)


def changed(draw: random.Random, value: Any) -> Any:
    """A value of JSON with some part of it changed: another type, number or length, a key more or less."""
    if isinstance(value, dict) and value and draw.random() < 0.93:
        made, key = dict(value), draw.choice([*value])
        what = draw.randrange(12)
        if what == 0:
            del made[key]
        elif what == 1:
            made[draw.choice(("", "self", "x" * 300, "path", "__class__"))] = draw.choice(VALUES)
        elif what == 2:
            made[key] = made[draw.choice([*value])]
        else:
            made[key] = changed(draw, value[key])
        return made
    if isinstance(value, list) and value and draw.random() < 0.9:
        made_list, at = list(value), draw.randrange(len(value))
        what = draw.randrange(8)
        if what == 0:
            del made_list[at]
        elif what == 1:
            made_list = made_list * draw.choice((2, 50))
        elif what == 2:
            made_list.insert(at, draw.choice(VALUES))
        else:
            made_list[at] = changed(draw, value[at])
        return made_list
    what = draw.randrange(10)
    if what == 0:
        return [value]
    if what == 1:
        for _ in range(draw.choice((3, DEPTH))):
            value = draw.choice(([value], {"a": value}, ["Sequential", {"layers": [value]}]))
        return value
    if isinstance(value, bool | str) or value is None or what < 5:
        return draw.choice(VALUES)
    if isinstance(value, int | float) and abs(value) < 1e300:
        return draw.choice((-value, value + 1, value - 1, value * 2, value * 1e8, float(value), str(value)))
    return draw.choice(VALUES)


def changes(draw: random.Random, value: Any) -> Any:
    """A value with one or several changes."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        value = changed(draw, value)
    return value


def json_text(draw: random.Random, content: bytes) -> bytes:
    """A file of JSON, changed as a value or as text."""
    if draw.random() < 0.2:
        return flipped(draw, content)
    text = _dumped(changes(draw, json.loads(content)))
    return flipped(draw, text) if draw.random() < 0.05 else text


def _dumped(value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b'{"a": ' * DEPTH
    except ValueError:  # a number too long for Python to write
        return b'{"a": 1' + b"0" * 5000 + b"}"


def json_lines(draw: random.Random, content: bytes) -> bytes:
    """Lines of JSON of which one is changed, torn, repeated or moved."""
    lines = content.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    what = draw.randrange(6)
    if what == 0:
        lines[at] = flipped(draw, lines[at])
    elif what == 1:
        lines.insert(draw.randrange(len(lines) + 1), lines[at])
    elif what == 2:
        lines[at] = lines[at][: draw.randrange(len(lines[at]))]
    else:
        lines[at] = json_text(draw, lines[at]) + b"\n"
    return b"".join(lines)


def toml_text(draw: random.Random, content: bytes) -> bytes:
    """A file of TOML, changed as a table or as text."""
    if draw.random() < 0.3:
        return flipped(draw, content)
    values = changes(draw, tomllib.loads(content.decode()))
    if not isinstance(values, dict):
        return flipped(draw, content)
    lines = [
        f"{json.dumps(name) if not name.isidentifier() else name} = {_toml(value)}" for name, value in values.items()
    ]
    return "\n".join(lines).encode(errors="surrogatepass")


def _toml(value: Any) -> str:
    try:
        return (
            json.dumps(value, ensure_ascii=False).replace("NaN", "nan").replace("Infinity", "inf").replace(": ", " = ")
        )
    except (ValueError, RecursionError):
        return "1" + "0" * 5000


def tensors(draw: random.Random, content: bytes) -> bytes:
    """A safetensors file: its header, the header of ours inside it, or its numbers are changed; or its bytes."""
    what = draw.randrange(8)
    if what == 0:
        return flipped(draw, content)
    (size,) = struct.unpack("<Q", content[:8])
    header, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    ours = json.loads(header["__metadata__"]["handgrad"])
    if what == 1:
        header = changes(draw, header)
    elif what == 2:
        ours.pop("blake2b", None)
        body = bytes(_odd_floats(draw, bytearray(body)))
        header["__metadata__"]["handgrad"] = json.dumps(ours)
    elif what == 3:
        header["__metadata__"]["handgrad"] = flipped(draw, header["__metadata__"]["handgrad"].encode()).decode(
            errors="replace"
        )
    else:
        if draw.random() < 0.3:
            ours.pop("blake2b", None)
        header["__metadata__"]["handgrad"] = _dumped(changes(draw, ours)).decode()
    text = _dumped(header)
    return struct.pack("<Q", len(text)) + text + body


def _odd_floats(draw: random.Random, body: bytearray) -> bytearray:
    for _ in range(draw.choice((1, 4, len(body) // 8))):
        at = 4 * draw.randrange(max(len(body) // 4, 1))
        number = draw.choice((3e38, -3e38, 1e-40, 0.0, 1e20, float("nan"), float("inf"), draw.uniform(-1, 1)))
        body[at : at + 4] = struct.pack("<f", number)
    return body


def npz(draw: random.Random, content: bytes) -> bytes:
    """An NPZ archive: an array of another type, shape or name, another header, or other bytes."""
    what = draw.randrange(6)
    if what <= 1:
        return flipped(draw, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = draw.choice([*entries])
    if what == 2:
        entries[draw.choice(("x_train.npy", "y.npy", "a", "../a.npy", "x_outliers.npy"))] = entries.pop(name)
    elif what == 3:
        entries[name] = flipped(draw, entries[name][:128]) + entries[name][128:]
    else:
        entries[name] = _saved(_odd_array(draw, np.load(io.BytesIO(entries[name]))))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for each, data in entries.items():
            archive.writestr(each, data)
    return out.getvalue()


def _odd_array(draw: random.Random, array: Any) -> Any:
    kinds = ("u1", "i1", ">i4", "f2", "f4", "f8", "?", "c8", "M8[s]", "U3", "S2", "i8", "u8")
    what = draw.randrange(6)
    if what == 0:
        return array.reshape(-1)
    if what == 1:
        return array[: draw.randrange(len(array) + 1)] if array.ndim else array
    if what == 2:
        return array[..., None, None]
    if what == 3:
        return np.full((), draw.choice((0, 5, -1, 1e300)))
    if what == 4:
        return np.empty((draw.choice((0, 1, 3)),) * draw.randrange(1, 6), draw.choice(("u1", "f4")))
    with np.errstate(all="ignore"):
        made = array.astype(draw.choice(kinds))
    if made.dtype.kind in "fc" and made.size:
        made.flat[draw.randrange(made.size)] = draw.choice((float("nan"), float("inf"), -1.0, 1e30, 0.5))
    return made


def _saved(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def table(draw: random.Random, content: bytes) -> bytes:
    """A CSV table of which cells, lines or columns are changed."""
    if draw.random() < 0.3:
        return flipped(draw, content)
    lines = [line.split(b",") for line in content.split(b"\n")]
    for _ in range(draw.choice((1, 1, 3))):
        line = draw.choice(lines)
        what = draw.randrange(6)
        if what == 0 and line:
            del line[draw.randrange(len(line))]
        elif what == 1:
            line.insert(draw.randrange(len(line) + 1), draw.choice(TOKENS))
        elif what == 2:
            lines.insert(draw.randrange(len(lines)), list(line))
        elif line:
            line[draw.randrange(len(line))] = draw.choice((b"", b" ", b'"', b"label", "٣".encode(), *TOKENS))
    return draw.choice((b"\n", b"\n", b"\r\n")).join(b",".join(line) for line in lines)


def png(draw: random.Random, content: bytes) -> bytes:
    """A PNG of which a chunk is changed, moved, repeated or left out, with the right checksum."""
    if draw.random() < 0.3:
        return flipped(draw, content)
    chunks, place = [], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    at = draw.randrange(len(chunks))
    what = draw.randrange(5)
    if what == 0:
        del chunks[at]
    elif what == 1:
        chunks.insert(draw.randrange(len(chunks) + 1), chunks[at])
    elif what == 2:
        kind = draw.choice((b"tRNS", b"PLTE", b"gAMA", b"iCCP", b"acTL", b"tEXt", b"zTXt", b"eXIf", b"IHDR", b"fdAT"))
        chunks.insert(at, (kind, draw.randbytes(draw.choice((0, 1, 3, 26, 800)))))
    elif chunks[at][0] == b"IDAT" and what == 3:
        chunks[at] = (b"IDAT", zlib.compress(flipped(draw, zlib.decompress(chunks[at][1]))))
    else:
        chunks[at] = (chunks[at][0], flipped(draw, chunks[at][1]))
    return content[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
