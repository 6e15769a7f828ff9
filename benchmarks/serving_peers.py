"""`handgrad serve` beside MLServer and BentoML, which answer by onnxruntime with the same model exported, in turn.

Each server gets 32 connections with one image, then 4 with 256: pixels as numbers in JSON, the same bytes to handgrad
and MLServer by the Open Inference Protocol; and in the quickest form that it takes, bytes as they are for handgrad,
base64 in JSON for MLServer, whose HTTP knows no binary tensors. MLServer answers as it comes, and with its batching;
BentoML with its batching. All answers are compared with the model's first.
Run `handgrad compile` before; each server has one process, and the same number of threads.
"""

import argparse
import base64
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

import machine
import rounds
from handgrad.datasets import load
from handgrad.model.shipped import pretrained
from serving import LOADS, Figures, batch, head, loaded, memory, one, started

START = 120.0  # seconds that a server may take until it is ready
CONTESTANTS_AT = Path(__file__).resolve().parent / "contestants"
Request = Callable[[str, Any], bytes]
Server = tuple["subprocess.Popen[str]", int]


def question(model: str, tensor: Figures) -> bytes:
    body = json.dumps({"inputs": [{"name": "pixels", **tensor}], "outputs": [{"name": "probabilities"}]}).encode()
    return head(f"/v2/models/{model}/infer", len(body), "application/json") + body


def as_numbers(model: str, pixels: Any) -> bytes:
    return question(model, {"shape": [len(pixels), 784], "datatype": "UINT8", "data": pixels.ravel().tolist()})


def as_base64(model: str, pixels: Any) -> bytes:
    data = [base64.b64encode(image.tobytes()).decode() for image in pixels]
    kind = {"parameters": {"content_type": "base64"}}
    return question(model, {"shape": [len(pixels), 1], "datatype": "BYTES", **kind, "data": data})


def quickest(model: str, pixels: Any) -> bytes:
    return (one if len(pixels) == 1 else batch)(model, pixels)


def as_lists(_: str, pixels: Any) -> bytes:
    body = json.dumps({"pixels": pixels.reshape(-1, 784).tolist()}).encode()
    return head("/predict", len(body), "application/json") + body


def handgrad(given: argparse.Namespace, _: Path) -> Server:
    return started(1, [given.model], given.threads)


def mlserver(given: argparse.Namespace, file: Path, batch: int = 0) -> Server:
    port = free_port()
    script = str(CONTESTANTS_AT / "mlserver_digits.py")
    return peer([given.peer_python, script, str(file), str(port), str(given.threads), str(batch)], given), port


def bentoml(given: argparse.Namespace, file: Path) -> Server:
    port, home = free_port(), str(file.parent)
    words = [given.peer_python, "-m", "bentoml", "serve", "bentoml_digits:Digits", "--port", str(port)]
    told = {"DIGITS_ONNX": str(file), "DIGITS_THREADS": str(given.threads), "BENTOML_HOME": home}
    return peer(words, given, BENTOML_DO_NOT_TRACK="1", **told), port


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def peer(words: list[str], given: argparse.Namespace, **told: str) -> "subprocess.Popen[str]":
    environment = {**rounds.environment(given.threads), **told}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, cwd=CONTESTANTS_AT, text=True, env=environment, **quiet)


@dataclass(frozen=True)
class Contestant:
    """How a server is started and asked; `numbers` is the request whose answer is compared."""

    start: Callable[[argparse.Namespace, Path], Server]
    form: Request
    numbers: Request = as_numbers
    called: str = "digits"  # the model; empty for its own name
    ready: str = "/v2/health/ready"


CONTESTANTS = {
    "handgrad": Contestant(handgrad, quickest, called=""),
    "MLServer, base64": Contestant(mlserver, as_base64),
    "MLServer, base64, batches": Contestant(partial(mlserver, batch=256), as_base64),
    "handgrad, JSON": Contestant(handgrad, as_numbers, called=""),
    "MLServer, JSON": Contestant(mlserver, as_numbers),
    "MLServer, JSON, batches": Contestant(partial(mlserver, batch=256), as_numbers),
    "BentoML, JSON, batches": Contestant(bentoml, as_lists, as_lists, ready="/readyz"),
}


def wait(server: Server, path: str, name: str) -> None:
    process, port = server
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"{name}: the server does not begin; --peer-python needs mlserver, bentoml and onnxruntime")


def check(port: int, request: bytes, expected: Any) -> None:
    """See that a server answers as the model does."""
    start, _, body = request.partition(b"\r\n\r\n")
    address = f"http://127.0.0.1:{port}{start.split()[1].decode()}"
    with urllib.request.urlopen(urllib.request.Request(address, body, {"Content-Type": "application/json"})) as reply:
        said = json.load(reply)
    if isinstance(said, dict):
        said = next(each["data"] for each in said["outputs"] if each["name"] == "probabilities")
    apart = float(np.abs(np.array(said).reshape(expected.shape) - expected).max())
    if apart > 1e-3:
        sys.exit(f"probabilities are up to {apart:.1e} apart: not the same model")


def round_of(name: str, given: argparse.Namespace, file: Path, pixels: Any, expected: Any) -> dict[str, Figures]:
    """Figures of one contestant for each load."""
    contestant = CONTESTANTS[name]
    called = contestant.called or given.model
    server = contestant.start(given, file)
    try:
        wait(server, contestant.ready, name)
        check(server[1], contestant.numbers(called, pixels), expected)
        figures = {}
        for load_name, images, connections in LOADS[:2]:
            request = contestant.form(called, pixels[:images])
            found = uvloop.run(loaded(*server, request, connections, given.seconds))
            if set(found["statuses"]) != {200}:
                sys.exit(f"{name}, {load_name}: statuses {found['statuses']}, expected 200 alone")
            found |= {"us": 1e6 / found["requests_per_second"], "server_mb": round(memory(server[0]))}
            figures[load_name] = found
            print(f"{name}, {load_name}: {found}", flush=True)
        return figures
    finally:
        server[0].terminate()
        server[0].wait(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="cnn")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--peer-python", default=sys.executable, help="the Python that has mlserver, bentoml, onnxruntime"
    )
    parser.add_argument("--quick", action="store_true", help="one round of a second: writes nothing")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds = 1, 1.0
    result, names = machine.record(), list(CONTESTANTS)
    pixels = np.ascontiguousarray(load("mnist").train.pixels[-256:])
    expected = pretrained(given.model).predict_proba(pixels)
    lines: dict[str, dict[str, list[Figures]]] = {case: {name: [] for name in names} for case, _, _ in LOADS[:2]}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digits.onnx"
        export = [sys.executable, "-m", "handgrad", "export", given.model, "--onnx", str(file)]
        subprocess.run(export, check=True, capture_output=True)
        for turn in range(given.rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                for case, figures in round_of(name, given, file, pixels, expected).items():
                    lines[case][name].append(figures)
    cases = {case: rounds.compare(table, "handgrad", "us") for case, table in lines.items()}
    for case, table in cases.items():
        print(f"\n{case:<24}{'requests/s':>12}{'handgrad is faster by':>24}")
        for name, entry in table.items():
            rate = statistics.median(each["requests_per_second"] for each in entry["rounds"])
            print(f"{name:<24}{rate:>12.0f}{entry['times_faster']:>24.2f}")
    if not given.quick:
        peers = peer_versions(given.peer_python)
        result |= {"model": given.model, "threads": given.threads, "unit": "microseconds a request", "versions": peers}
        print(f"wrote {rounds.write('serving-peers', {**result, 'cases': cases}).name}")


def peer_versions(python: str) -> dict[str, str]:
    code = "import json, machine; print(json.dumps(machine.versions('mlserver', 'bentoml', 'onnxruntime')))"
    done = subprocess.run([python, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
