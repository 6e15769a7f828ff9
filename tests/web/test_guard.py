"""What every request passes: who may ask, how much; and what no answer says."""

import json
import sys

import pytest

from handgrad.web import catalogue
from handgrad.web.settings import Settings
from web.conftest import MODELS, asking
from web.test_predict import RAW, problem


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_a_name_of_this_machine(client, host):
    assert client.get("/health/live", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "10.0.0.7", "", "[::1", "a b", "\u00e9"]
)  # fmt: skip
def test_any_other_name_is_refused(client, host):
    response = client.get("/health/live", headers={"host": host.encode("latin-1")})
    assert "none of this server's names" in problem(response, 421)


def test_names_and_addresses_that_are_allowed():
    with asking(Settings(MODELS, hosts=("Digits.example",), any_address=True)) as client:
        for host, status in (
            ("digits.example", 200),
            ("10.0.0.7:80", 200),
            ("[fe80::1]:80", 200),
            ("evil.example", 421),
        ):
            assert client.get("/health/live", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:9", "http://localhost.evil.example"]
)
def test_a_page_of_another_origin_is_refused(client, origin):
    response = client.post("/api/predict", content=b"\x00" * 784, headers={**RAW, "origin": origin})
    assert "is not this server" in problem(response, 403)


def test_its_own_page_may_ask(client):
    headers = {**RAW, "origin": "http://localhost"}
    assert client.post("/api/predict", content=b"\x00" * 784, headers=headers).status_code == 200


def test_a_token():
    with asking(Settings(MODELS, token="open sesame")) as client:
        for path in ("/", "/health", "/health/live", "/v2/health/live"):
            assert client.get(path).status_code == 200, "needs none"
        for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": "open sesame"}):
            for path in ("/models", "/metrics", "/docs", "/nothing", "/health/../models"):
                response = client.get(path, headers=given)
                assert "token" in problem(response, 401) and response.headers["www-authenticate"] == "Bearer"
        assert client.get("/models", headers={"authorization": "Bearer open sesame"}).status_code == 200


def test_a_body_that_is_too_large_or_packed(client):
    assert "larger than" in problem(client.post("/api/predict", content=b"\x00" * (10 * 2**20 + 1), headers=RAW), 413)
    chunks = (b"\x00" * 2**20 for _ in range(11))
    assert "larger than" in problem(client.post("/api/predict", content=chunks), 413)
    response = client.post("/api/predict", content=b"x", headers={"content-encoding": "gzip"})
    assert "encoding 'gzip'" in problem(response, 415)


def test_more_bodies_than_fit():
    with asking(Settings(MODELS, bodies=1000)) as client:
        assert client.post("/api/predict", content=b"\x00" * 784, headers=RAW).status_code == 200
        response = client.post("/api/predict", content=b"\x00" * 1568, headers=RAW)
        assert "fill the memory" in problem(response, 503) and response.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["/", "/health", "/nothing", "/models/tiny.safetensors", "/docs"])
def test_every_answer_says_what_a_browser_may_do_with_it(client, path):
    headers = client.get(path).headers
    assert (
        "unsafe" not in headers["content-security-policy"]
        and "default-src 'none'" in headers["content-security-policy"]
    )
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert "server" not in headers


def test_paths_and_methods_that_there_are_not(client):
    assert "GET /nothing: not found" in problem(client.get("/nothing"), 404)
    assert "/models/: not found" in problem(client.get("/models/"), 404)
    response = client.get("/api/predict")
    assert "GET /api/predict: method not allowed" in problem(response, 405) and response.headers["allow"] == "POST"


def test_a_fault_tells_the_log_alone(caplog, monkeypatch, capsys):
    def broken(*_):
        raise RuntimeError("the secret of /etc/passwd")

    monkeypatch.setattr(catalogue, "_health", broken)
    with asking(Settings(MODELS)) as client:
        response = client.get("/health")
        assert "secret" not in response.text and ".py" not in response.text
        problem(response, 500)
        assert client.get("/health/live").status_code == 200
    assert "the secret" in caplog.text and caplog.records[0].exc_info


def test_the_log_has_a_line_of_json_for_each_request(client, capsys):
    client.get("/models/%22%0A%E2%80%A8?secret=1")
    line = json.loads(capsys.readouterr().err)
    assert line["status"] == 404 and line["path"] == '/models/"\n\u2028' and line["method"] == "GET"
    assert "secret" not in str(line)


def test_a_log_that_nobody_reads_stops_nothing(client, monkeypatch):
    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Closed())
    assert client.get("/health/live").status_code == 200
