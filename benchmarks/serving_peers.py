"""`handgrad serve` beside MLServer, which answers by onnxruntime with the same model exported: the same load, in turn.

Each server gets 32 connections with one image, then 4 with 256, by the Open Inference Protocol: pixels as numbers in
JSON, the same bytes to both; and in the quickest form that it takes, bytes as they are for handgrad, base64 in JSON
for MLServer, whose HTTP knows no binary tensors. MLServer answers as it comes, and with its batching. All answers are
compared with the model's first.
Run `handgrad compile` before; both servers have one process, and the same number of threads.
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
PEER = Path(__file__).resolve().parent / "contestants" / "mlserver_digits.py"
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


def handgrad(model: str, given: argparse.Namespace, _: Path) -> Server:
    return started(1, [model], given.threads)


def mlserver(model: str, given: argparse.Namespace, folder: Path, batch: int = 0) -> Server:
    file = folder / f"{model}.onnx"
    if not file.exists():
        export = [sys.executable, "-m", "handgrad", "export", model, "--onnx", str(file)]
        subprocess.run(export, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [given.peer_python, str(PEER), str(file), str(port), str(given.threads), str(batch)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, text=True, env=rounds.environment(given.threads), **quiet), port


# Which server, what it calls the model (nothing: by its name), and in which form it is asked.
CONTESTANTS: dict[str, tuple[Callable[..., Server], str, Request]] = {
    "handgrad": (handgrad, "", quickest),
    "MLServer, base64": (mlserver, "digits", as_base64),
    "MLServer, base64, batches": (partial(mlserver, batch=256), "digits", as_base64),
    "handgrad, JSON": (handgrad, "", as_numbers),
    "MLServer, JSON": (mlserver, "digits", as_numbers),
    "MLServer, JSON, batches": (partial(mlserver, batch=256), "digits", as_numbers),
}


def wait(server: Server, name: str) -> None:
    process, port = server
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/models/{name}/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"the server of {name} is not ready: does --peer-python have mlserver and onnxruntime?")


def check(port: int, name: str, pixels: Any, expected: Any) -> None:
    """See that a server answers as the model does."""
    body = as_numbers(name, pixels).partition(b"\r\n\r\n")[2]
    address = f"http://127.0.0.1:{port}/v2/models/{name}/infer"
    with urllib.request.urlopen(urllib.request.Request(address, body, {"Content-Type": "application/json"})) as reply:
        outputs = {each["name"]: each["data"] for each in json.load(reply)["outputs"]}
    found = np.array(outputs["probabilities"]).reshape(len(pixels), -1)
    if (apart := float(np.abs(found - expected).max())) > 1e-3:
        sys.exit(f"probabilities are up to {apart:.1e} apart: not the same model")


def round_of(name: str, given: argparse.Namespace, folder: Path, pixels: Any, expected: Any) -> dict[str, Figures]:
    """Figures of one contestant for each load."""
    start, called, form = CONTESTANTS[name]
    called = called or given.model
    server = start(given.model, given, folder)
    try:
        wait(server, called)
        check(server[1], called, pixels, expected)
        figures = {}
        for load_name, images, connections in LOADS[:2]:
            found = uvloop.run(loaded(*server, form(called, pixels[:images]), connections, given.seconds))
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
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has mlserver and onnxruntime")
    parser.add_argument("--quick", action="store_true", help="one round of a second: writes nothing")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds = 1, 1.0
    result, names = machine.record(), list(CONTESTANTS)
    pixels = np.ascontiguousarray(load("mnist").train.pixels[-256:])
    expected = pretrained(given.model).predict_proba(pixels)
    lines: dict[str, dict[str, list[Figures]]] = {case: {name: [] for name in names} for case, _, _ in LOADS[:2]}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(given.rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                for case, figures in round_of(name, given, Path(folder), pixels, expected).items():
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
    code = "import json, machine; print(json.dumps(machine.versions('mlserver', 'onnxruntime', 'uvicorn', 'fastapi')))"
    done = subprocess.run([python, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
