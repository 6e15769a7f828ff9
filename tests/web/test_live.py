"""Servers that listen: clients at the same time, slow ones, greedy ones; stopping; the command."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import numpy as np
import pytest

from command import refused, wait_for
from handgrad.datasets import load
from handgrad.model.shipped import pretrained
from handgrad.web.served import Served
from handgrad.web.settings import Settings
from web.conftest import exchange, listening

pytestmark = pytest.mark.process
PIXELS = load("mnist").train.pixels[-64:]
RAW = {"Content-Type": "application/octet-stream"}


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Status and body of an answer, by a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, body or None, {**RAW, **headers})
        response = connection.getresponse()
        return response.status, response.read()


def post(port: int, body: bytes, **headers: str) -> tuple[int, bytes]:
    return ask(port, "POST", "/api/predict", body, **headers)


def get(port: int, path: str) -> tuple[int, bytes]:
    return ask(port, "GET", path)


def ready(port: int) -> bool:
    return get(port, "/health/ready")[0] == 200


@pytest.fixture
def slow(monkeypatch):
    """Every batch takes a quarter of a second more."""
    quick = Served.scores
    monkeypatch.setattr(Served, "scores", lambda self, pixels: (time.sleep(0.25), quick(self, pixels))[1])


def test_many_clients_get_their_own_answers_together(slow):
    wanted = pretrained("tiny").predict(PIXELS)
    with listening(Settings(("tiny",))) as port, ThreadPoolExecutor(16) as pool:
        wait_for(lambda: ready(port))
        began = time.monotonic()
        found = list(pool.map(lambda pixels: post(port, pixels.tobytes()), PIXELS))
        assert time.monotonic() - began < 64 * 0.25 / 2, "they did not wait for each other"
        assert [json.loads(body)["answers"][0]["digit"] for _, body in found] == [str(k) for k in wanted]
        text = get(port, "/metrics")[1].decode()
        batches, images = (float(re.search(rf"handgrad_batch_size_{what} (\S+)", text)[1]) for what in ("count", "sum"))
        assert images == 64 and batches < 32


def test_health_never_waits(monkeypatch):
    quick = Served.scores
    monkeypatch.setattr(Served, "scores", lambda self, pixels: (time.sleep(0.8), quick(self, pixels))[1])
    with listening(Settings(("tiny",))) as port, ThreadPoolExecutor(16) as pool:
        wait_for(lambda: ready(port))
        busy = [pool.submit(post, port, PIXELS.tobytes()) for _ in range(16)]
        slowest = 0.0
        while not all(each.done() for each in busy):
            began = time.monotonic()
            assert get(port, "/health/live")[0] == get(port, "/v2/health/live")[0] == 200
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 0.7, "less than a batch takes"
        assert all(each.result()[0] == 200 for each in busy)


def test_a_full_queue_refuses_and_recovers(slow):
    with listening(Settings(("tiny",), waiting=100)) as port, ThreadPoolExecutor(16) as pool:
        wait_for(lambda: ready(port))
        statuses = [status for status, _ in pool.map(lambda _: post(port, PIXELS.tobytes()), range(32))]
        assert set(statuses) == {200, 503}
        assert post(port, PIXELS.tobytes())[0] == 200
        assert get(port, "/health")[0] == 200
        assert 'handgrad_refusals_total{reason="busy"}' in get(port, "/metrics")[1].decode()


def test_too_many_requests_are_refused_but_health_is_not(slow):
    with listening(Settings(("tiny",), requests=2)) as port, ThreadPoolExecutor(16) as pool:
        wait_for(lambda: ready(port))
        asked = [pool.submit(post, port, PIXELS.tobytes()) for _ in range(16)]
        assert all(get(port, "/health/live")[0] == 200 for _ in range(10))
        assert {each.result()[0] for each in asked} == {200, 503}
        assert post(port, PIXELS.tobytes())[0] == 200


HEAD = b"POST /api/predict HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def test_who_sends_too_slowly_is_told_so():
    def drip(sock: socket.socket) -> None:
        with suppress(OSError):
            for _ in range(40):
                sock.sendall(b"x")
                time.sleep(0.05)

    with listening(Settings(("tiny",), patience=0.5)) as port:
        began = time.monotonic()
        said = exchange(port, HEAD + b"Content-Length: 784\r\n\r\nxx")
        assert said.startswith(b"HTTP/1.1 408 ") and b"within 0.5 seconds: got 2 bytes" in said
        assert exchange(port, HEAD + b"Content-Length: 784\r\n\r\n", drip).startswith(b"HTTP/1.1 408 ")
        assert exchange(port, b"POST /api/pre") == exchange(port) == b"", "no headers: closed without a word"
        assert exchange(port, b"GET /", drip) == b""
        assert time.monotonic() - began < 10
        assert get(port, "/health/live")[0] == 200


@pytest.mark.parametrize("head", [CHUNKED, HEAD + b"Content-Length: 1073741824\r\n\r\n"], ids=["chunked", "length"])
def test_a_gigabyte_is_refused_before_it_is_there(head):
    chunk = b"100000\r\n" + b"\x00" * 2**20 + b"\r\n"
    sent = 0

    def pour(sock: socket.socket) -> None:
        nonlocal sent
        with suppress(OSError):
            while sent < 2**30:
                sock.sendall(chunk)
                sent += 2**20

    with listening(Settings(("tiny",))) as port:
        began, said = time.monotonic(), b""
        with suppress(ConnectionResetError):  # the server closed before all was read
            said = exchange(port, head, pour)
        assert time.monotonic() - began < 10
        assert sent < 2**30 and (not said or said.startswith(b"HTTP/1.1 413 "))
        assert get(port, "/health/live")[0] == 200
        assert b'handgrad_refusals_total{reason="size"} 1' in get(port, "/metrics")[1]


def test_who_sends_a_little_too_much_reads_why():
    with listening(Settings(("tiny",))) as port:
        said = exchange(port, HEAD + b"Content-Length: 11000000\r\n\r\n", b"\x00" * 11_000_000)
        assert said.startswith(b"HTTP/1.1 413 ") and b"send less at a time" in said


def test_requests_that_are_none():
    with listening(Settings(("tiny",), patience=1)) as port:
        for request in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 5000,
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
            CHUNKED + b"zz\r\n", HEAD + b"Content-Length: -1\r\n\r\n",
            HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
            HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: " + b"y" * 2**20 + b"\r\n",
        ):  # fmt: skip
            with suppress(ConnectionResetError):
                said = exchange(port, request, patience=15)
                assert re.match(rb"HTTP/1.1 4\d\d |$", said), said[:200]
        assert get(port, "/health/live")[0] == 200


def started(*words: str, log: int = subprocess.PIPE, **environment: str) -> tuple[subprocess.Popen[str], int]:
    """The command, and the port that its first line names; its log, if long, should go elsewhere than to a pipe."""
    process = subprocess.Popen(
        [sys.executable, "-m", "handgrad", "serve", "--port", "0", *words], stdout=subprocess.PIPE,
        stderr=log, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdout
    line = process.stdout.readline()
    assert re.match(r"http://127.0.0.1:\d+ serves .*; Ctrl-C stops\n", line), line
    return process, int(line.partition(" ")[0].rpartition(":")[2])


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)], ids=str)
def test_a_stop_finishes_what_is_in_progress(number):
    process, port = started("robust")
    wait_for(lambda: ready(port))
    body = np.tile(PIXELS, (4, 1, 1)).tobytes()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(post, port, body) for _ in range(4)]
        wait_for(lambda: json.loads(get(port, "/health")[1])["waiting"] > 0 or all(each.done() for each in asked))
        process.send_signal(number)
        assert [each.result()[0] for each in asked] == [200] * 4
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert all(json.loads(line)["status"] == 200 for line in err.splitlines() if "/api" in line)
    with pytest.raises(OSError):
        get(port, "/health")


def test_the_first_answers_wait_for_no_compiler(tmp_path):
    process, port = started(HANDGRAD_CACHE=str(tmp_path))
    assert get(port, "/")[0] == 200
    status, body = post(port, PIXELS[0].tobytes())
    assert status == 200 and json.loads(body)["answers"][0]["probability"] > 0.5
    process.terminate()
    process.communicate(timeout=60)
    assert not [*tmp_path.glob("*.o")]


def test_a_port_in_use_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1 port {port}: cannot be listened at (Address already in use)" in refused(
            "serve", "--port", port
        )
    assert "cannot be listened at" in refused("serve", "--host", "192.0.2.1", "--port", 0)


@pytest.mark.slow
def test_workers_share_a_port_and_a_token():
    process, port = started("tiny", "--workers", "2", HANDGRAD_TOKEN="abc")
    assert post(port, PIXELS[0].tobytes(), Authorization="Bearer abc")[0] == 200
    assert post(port, PIXELS[0].tobytes())[0] == 401
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
