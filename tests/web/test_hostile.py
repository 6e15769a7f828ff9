"""No request, however wrong, makes the server fail, hang or grow."""

import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from command import wait_for
from handgrad.web.settings import Settings
from web.conftest import listening
from web.hostile import request
from web.test_live import get, ready, started

pytestmark = pytest.mark.process
LONGEST = 10.0  # seconds


def sent(port: int, seed: int) -> None:
    """Send one of the requests; what comes back must be an answer or nothing, soon."""
    asked, began, said = request(np.random.default_rng(seed)), time.monotonic(), b""
    try:
        with socket.create_connection(("127.0.0.1", port), 2 * LONGEST) as sock:
            sock.sendall(asked)
            sock.shutdown(socket.SHUT_WR)
            while more := sock.recv(1 << 16):
                said += more
    except ConnectionError:  # closed while we were still sending
        pass
    assert time.monotonic() - began < LONGEST, (seed, asked[:300])
    for status in re.findall(rb"^HTTP/1.1 (\d+) ", said):
        assert int(status) < 500 or status == b"503", (seed, asked[:300], said[:500])


def test_hostile_requests():
    with listening(Settings(("tiny", "mlp"))) as port, ThreadPoolExecutor(8) as pool:
        wait_for(lambda: ready(port))
        list(pool.map(lambda seed: sent(port, seed), range(400)))
        assert get(port, "/health/live")[0] == 200


@pytest.mark.slow
def test_many_hostile_requests_leave_the_server_as_it_was():
    process, port = started("tiny", "mlp", log=subprocess.DEVNULL)
    wait_for(lambda: ready(port))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: sent(port, seed), range(1000, 5000)))
        before = psutil.Process(process.pid).memory_info().rss
        list(pool.map(lambda seed: sent(port, seed), range(5000, 21000)))
    grown = psutil.Process(process.pid).memory_info().rss - before
    assert grown < 16 * 2**20, f"{grown / 2**20:.0f} MB more"
    assert get(port, "/health/live")[0] == 200
    process.terminate()
    process.communicate(timeout=60)


@pytest.mark.slow
def test_requests_made_from_the_openapi_document():
    """As schemathesis makes them: what is answered is what the document says."""
    with listening(Settings(("tiny", "mlp"))) as port:
        wait_for(lambda: ready(port))
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/openapi.json", "--seed", "1",
             "--max-examples", "50", "--checks", f"{checks},unsupported_method", "--no-color"],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-5000:]
        assert "24 passed" in done.stdout or "Tested: 24/24" in done.stdout, done.stdout[-3000:]
