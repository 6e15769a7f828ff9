"""`handgrad serve` under load: 32 connections that ask again as soon as they are answered, from the same machine.

Single images are 784 bytes to /api/predict; batches of 256 go through the Open Inference Protocol with binary tensors,
probabilities asked for alone. The generator takes processor time from the server; so does whatever else runs.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
import psutil
import uvloop

import machine
import rounds
from handgrad.datasets import load

Figures = dict[str, Any]

LOADS = (("one image", 1, 32), ("256 images", 256, 4), ("256 images, too many", 256, 64))  # name, images, connections
WARM = 1.0  # seconds before anything is counted


class Client(asyncio.Protocol):
    """A connection that sends one request again and again."""

    def __init__(self, request: bytes, answers: "Answers") -> None:
        self.request, self.answers, self.rest, self.need = request, answers, b"", 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if not self.need:
            head, blank, _ = self.rest.partition(b"\r\n\r\n")
            if not blank:
                return
            self.status = int(head[9:12])
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            self.need = len(head) + 4 + length
        if len(self.rest) >= self.need:
            self.answers.add(self.status, time.perf_counter() - self.began)
            self.rest, self.need = b"", 0
            if not self.answers.over:
                self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        self.answers.lost += not self.answers.over


class Answers:
    """What came back."""

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.seconds: list[float] = []
        self.lost, self.over = 0, False

    def add(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)


async def loaded(server: subprocess.Popen[str], port: int, request: bytes, connections: int, seconds: float) -> Figures:
    """Figures of one load; microseconds of processor time for a request do not depend on what else runs."""
    answers, loop = Answers(), asyncio.get_running_loop()
    clients = [
        await loop.create_connection(lambda: Client(request, answers), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.sleep(WARM)
    answers.statuses, answers.seconds, began = {}, [], time.perf_counter()
    before = processor_seconds(server), time.process_time()
    await asyncio.sleep(seconds)
    lasted, spent = (
        time.perf_counter() - began,
        (processor_seconds(server) - before[0], time.process_time() - before[1]),
    )
    statuses, times = answers.statuses, sorted(answers.seconds)
    answers.over = True
    for transport, _ in clients:
        transport.close()
    return {
        "requests": len(times),
        "requests_per_second": round(len(times) / lasted, 1),
        "ms_median": round(1000 * statistics.median(times), 2),
        "ms_p99": round(1000 * times[int(0.99 * len(times))], 2),
        "ms_most": round(1000 * times[-1], 2),
        "server_us": round(1e6 * spent[0] / len(times)),
        "generator_us": round(1e6 * spent[1] / len(times)),
        "statuses": statuses,
        "connections_lost": answers.lost,
    }


def one(model: str, pixels: Any) -> bytes:
    body = pixels[0].tobytes()
    return head(f"/api/predict?model={model}", len(body), "application/octet-stream") + body


def batch(model: str, pixels: Any) -> bytes:
    tensor = {
        "name": "pixels", "shape": list(pixels.shape), "datatype": "UINT8",
        "parameters": {"binary_data_size": pixels.nbytes},
    }  # fmt: skip
    outputs = [{"name": "probabilities", "parameters": {"binary_data": True}}]
    text = json.dumps({"inputs": [tensor], "outputs": outputs}).encode()
    more = f"Inference-Header-Content-Length: {len(text)}\r\n"
    length = len(text) + pixels.nbytes
    return head(f"/v2/models/{model}/infer", length, "application/octet-stream", more) + text + pixels.tobytes()


def head(path: str, length: int, kind: str, more: str = "") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n"
    ).encode()


def started(workers: int, models: list[str], threads: int) -> tuple[subprocess.Popen[str], int]:
    """A server, and its port."""
    words = [sys.executable, "-m", "handgrad", "serve", *models, "--port", "0", "--workers", str(workers)]
    server = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=rounds.environment(threads)
    )
    assert server.stdout
    return server, int(server.stdout.readline().partition(" ")[0].rpartition(":")[2])


def processor_seconds(server: subprocess.Popen[str]) -> float:
    process = psutil.Process(server.pid)
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))


def memory(server: subprocess.Popen[str]) -> float:
    process = psutil.Process(server.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--models", nargs="+", default=["cnn", "mlp"])
    parser.add_argument("--quick", action="store_true", help="a second each: to see that all runs; writes nothing")
    given = parser.parse_args()
    result = machine.record()
    turns, seconds = (1, 1.0) if given.quick else (given.rounds, given.seconds)
    pixels = np.ascontiguousarray(load("mnist").train.pixels[-256:])
    server, port = started(given.workers, given.models, given.threads)
    cases: dict[str, list[Figures]] = {}
    try:
        time.sleep(3)  # until models are loaded
        for _ in range(turns):
            for model in given.models:
                for name, images, connections in LOADS:
                    request = (one if images == 1 else batch)(model, pixels)
                    figures = uvloop.run(loaded(server, port, request, connections, seconds))
                    answered = figures["requests_per_second"] * figures["statuses"].get(200, 0) / figures["requests"]
                    figures |= {"images_per_second": round(answered * images), "server_mb": round(memory(server))}
                    cases.setdefault(f"{model}, {name}", []).append(figures)
                    print(f"{model}, {name}: {figures}", flush=True)
    finally:
        server.terminate()
        server.wait(60)
    if not given.quick:
        versions = machine.versions("uvicorn", "starlette", "uvloop", "httptools", "numpy")
        result |= {"threads": given.threads, "workers": given.workers, "versions": versions}
        print(f"wrote {rounds.write('serving', {**result, 'cases': cases}).name}")


if __name__ == "__main__":
    main()
