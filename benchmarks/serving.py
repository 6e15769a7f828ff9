"""`handgrad serve` under load: 32 connections that ask again as soon as they are answered, from the same machine.

Single images are 784 bytes to /api/predict; batches of 256 go through the Open Inference Protocol with binary tensors,
probabilities asked for alone. The generator takes processor time from the server; so does whatever else runs.

    python benchmarks/serving.py                # rates and waits     -> results/serving.json
    python benchmarks/serving.py --minutes 10   # growth of memory    -> results/serving-minutes.json
    python benchmarks/serving.py --overload     # twice what it takes -> results/serving-overload.json

Run `handgrad compile` before. `serving_peers.py` has the comparison with another server.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
SETTLED, SAMPLE = 10.0, 10.0  # seconds of load before memory is first looked at, and between two looks
# Twice the images that may wait, and twice the requests that may be in progress: name, images, connections.
OVERLOADS = (("256 images", 256, 8), ("one image", 1, 1024))


class Client(asyncio.Protocol):
    """A connection that sends one request again and again."""

    def __init__(self, request: bytes, answers: "Answers") -> None:
        self.request, self.answers, self.rest, self.need, self.told = request, answers, b"", 0, False

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
            self.need, self.told = len(head) + 4 + length, b"\nconnection: close" in head.lower()
        if len(self.rest) >= self.need:
            self.answers.add(self.status, time.perf_counter() - self.began)
            self.rest, self.need = b"", 0
            if not self.answers.over and not self.told:
                self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that the server said it would close is no lost one: whoever was refused connects no more."""
        self.answers.lost += not self.answers.over and not self.told


class Answers:
    """What came back."""

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.seconds: list[float] = []
        self.lost, self.over = 0, False

    def add(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)


@asynccontextmanager
async def asked(port: int, request: bytes, connections: int) -> AsyncIterator[Answers]:
    """Connections that ask, and what they are answered."""
    answers, loop = Answers(), asyncio.get_running_loop()
    clients = [
        await loop.create_connection(lambda: Client(request, answers), "127.0.0.1", port) for _ in range(connections)
    ]
    yield answers
    answers.over = True
    for transport, _ in clients:
        transport.close()


async def loaded(server: subprocess.Popen[str], port: int, request: bytes, connections: int, seconds: float) -> Figures:
    """Figures of one load; microseconds of processor time for a request do not depend on what else runs."""
    async with asked(port, request, connections) as answers:
        await asyncio.sleep(WARM)
        answers.statuses, answers.seconds, began = {}, [], time.perf_counter()
        before = processor_seconds(server), time.process_time()
        await asyncio.sleep(seconds)
        lasted, spent = (
            time.perf_counter() - began,
            (processor_seconds(server) - before[0], time.process_time() - before[1]),
        )
        statuses, times = answers.statuses, sorted(answers.seconds)
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


async def lasting(server: subprocess.Popen[str], port: int, request: bytes, minutes: float) -> Figures:
    """How much memory the server takes on under full load, and how many requests it answers meanwhile."""
    async with asked(port, request, LOADS[0][2]) as answers:
        await asyncio.sleep(SETTLED)
        end, sizes = time.monotonic() + 60 * minutes, [memory(server)]
        answers.statuses = {}
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(SAMPLE, left))
            sizes.append(memory(server))
            answers.seconds.clear()
        statuses = answers.statuses
    return {
        "minutes": minutes,
        "statuses": statuses,
        "requests_answered": statuses.get(200, 0),
        "connections_lost": answers.lost,
        "growth_percent": round(100 * (sizes[-1] / sizes[0] - 1), 2),
        "server_mb": [round(size, 1) for size in sizes],
    }


def overloaded(server: subprocess.Popen[str], port: int, model: str, pixels: Any, seconds: float) -> dict[str, Figures]:
    """What is answered at twice what the server takes, and, each time, to a load as usual right after that."""
    found = {}
    for name, images, connections in OVERLOADS:
        for when, request, many in (
            ("too many", (one if images == 1 else batch)(model, pixels), connections),
            ("right after", one(model, pixels), LOADS[0][2]),
        ):
            found[f"{name}, {when}"] = uvloop.run(loaded(server, port, request, many, seconds))
    return found


def misbehaved(cases: dict[str, Figures]) -> list[str]:
    """The cases in which there was anything but answers, and refusals where there were too many requests."""
    allowed = {"too many": {200, 503}, "right after": {200}}
    return [
        name for name, case in cases.items()
        if case["connections_lost"] or not {*case["statuses"]} <= allowed[name.rpartition(", ")[2]]
    ]  # fmt: skip


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
    parser.add_argument("--minutes", type=float, help="watch the memory under full load for so long, instead")
    parser.add_argument("--overload", action="store_true", help="ask for twice what the server takes, instead")
    parser.add_argument("--quick", action="store_true", help="a second each: to see that all runs; writes nothing")
    given = parser.parse_args()
    head, pixels = machine.record(), np.ascontiguousarray(load("mnist").train.pixels[-256:])
    versions = machine.versions("uvicorn", "starlette", "uvloop", "httptools", "numpy")
    head |= {"threads": given.threads, "workers": given.workers, "versions": versions}
    server, port = started(given.workers, given.models, given.threads)
    try:
        time.sleep(3)  # until models are loaded
        name, result = measured(server, port, given, pixels)
    finally:
        server.terminate()
        server.wait(60)
    if not given.quick:
        print(f"wrote {rounds.write(name, {**head, **result}).name}")
    if given.overload and (wrong := misbehaved(result["cases"])):
        sys.exit(f"more than 503, or no recovery: {'; '.join(wrong)}")


def measured(server: subprocess.Popen[str], port: int, given: argparse.Namespace, pixels: Any) -> tuple[str, Figures]:
    """The name of the results file, and what is to be in it."""
    model, seconds = given.models[0], 1.0 if given.quick else given.seconds
    if given.minutes:
        figures = uvloop.run(lasting(server, port, one(model, pixels), given.minutes))
        print(f"{model}: {figures}")
        return "serving-minutes", {"model": model, **figures}
    if given.overload:
        cases = overloaded(server, port, model, pixels, seconds)
        print(*(f"{name}: {case}" for name, case in cases.items()), sep="\n")
        return "serving-overload", {"model": model, "cases": cases}
    return "serving", {"cases": rates(server, port, given.models, pixels, 1 if given.quick else given.rounds, seconds)}


def rates(
    server: subprocess.Popen[str], port: int, models: list[str], pixels: Any, turns: int, seconds: float
) -> dict[str, list[Figures]]:
    """Figures of each load in each round."""
    cases: dict[str, list[Figures]] = {}
    for _ in range(turns):
        for model in models:
            for name, images, connections in LOADS:
                request = (one if images == 1 else batch)(model, pixels)
                figures = uvloop.run(loaded(server, port, request, connections, seconds))
                answered = figures["requests_per_second"] * figures["statuses"].get(200, 0) / figures["requests"]
                figures |= {"images_per_second": round(answered * images), "server_mb": round(memory(server))}
                cases.setdefault(f"{model}, {name}", []).append(figures)
                print(f"{model}, {name}: {figures}", flush=True)
    return cases


if __name__ == "__main__":
    main()
