"""A server's application in this process, and servers on the loopback interface in threads of it."""

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from uvicorn import Server

from command import wait_for
from handgrad.datasets import load
from handgrad.web.app import build
from handgrad.web.server import bound, configured
from handgrad.web.settings import Settings

MODELS = ("tiny", "mlp")


@contextmanager
def asking(settings: Settings, **options) -> Iterator[TestClient]:
    """A client of an application in this process."""
    options = {"client": ("127.0.0.1", 50_000), **options}
    with TestClient(build(settings), base_url="http://localhost", **options) as client:
        yield client


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    with asking(Settings(MODELS)) as client:
        wait_for(lambda: client.get("/health/ready").status_code == 200)
        yield client


@contextmanager
def listening(settings: Settings) -> Iterator[int]:
    """The port of a server that runs in a thread of this process."""
    config = configured(settings)
    config.app = partial(build, settings)  # without the log of a process of its own
    sock, server = bound("127.0.0.1", 0), Server(config)
    thread = Thread(target=server.run, args=([sock],), daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(60)
        sock.close()
        assert not thread.is_alive()


@pytest.fixture
def digit() -> np.ndarray:
    """A nine, bright ink on dark."""
    return load("mnist").train.pixels[-10]


def file_of(pixels: np.ndarray, kind: str = "PNG", **options) -> bytes:
    """The bytes of a picture file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def exchange(port: int, *parts: bytes | Callable[[socket.socket], None], patience: float = 30) -> bytes:
    """All that a server says to some bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), patience) as sock:
        for part in parts:
            if callable(part):
                part(sock)
            else:
                sock.sendall(part)
        said = b""
        while more := sock.recv(1 << 16):
            said += more
        return said
