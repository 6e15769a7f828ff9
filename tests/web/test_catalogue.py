"""Models to look at and download, health, metrics, documentation."""

import re

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.shipped import pretrained, shipped_file
from handgrad.web.app import LISTED
from handgrad.web.models import checked
from handgrad.web.settings import Settings
from web.conftest import MODELS, asking


def test_the_models(client):
    for path in ("/models", "/api/models"):
        found = client.get(path).json()["models"]
        assert [each["name"] for each in found] == [*MODELS]
        assert found[0]["input"] == [28, 28, 1] and found[0]["parameters"] == 7426 and len(found[0]["classes"]) == 10


def test_a_models_file_is_the_model_in_half_precision(client, tmp_path):
    response = client.get("/models/mlp.safetensors")
    (tmp_path / "mlp.safetensors").write_bytes(response.content)
    got, wanted = Model.load(tmp_path / "mlp.safetensors"), pretrained("mlp")
    assert np.array_equal(got.network.theta, wanted.network.theta.astype(np.float16).astype(np.float32))
    assert got.thresholds == wanted.thresholds and got.temperature == wanted.temperature
    again = client.get("/models/mlp.safetensors", headers={"if-none-match": response.headers["etag"]})
    assert again.status_code == 304 and not again.content


def test_cards(client, tmp_path):
    assert "\n---\n# tiny: a digit classifier\n" in client.get("/models/tiny/card").text
    own = tmp_path / "my run"
    own.mkdir()
    pretrained("tiny").save(own / "model.safetensors")
    with asking(Settings((str(own),))) as served:
        card = served.get("/models/my-run/card").text
        assert card.startswith("# my-run") and "| parameters | 7426 |" in card and str(tmp_path) not in card


def test_models_of_ones_own_are_checked_before_the_server_starts(tmp_path):
    own = tmp_path / "tiny.safetensors"
    own.write_bytes(shipped_file("tiny").read_bytes())
    assert checked(["mlp", str(own)]) == ["mlp", "tiny"]
    with pytest.raises(UserError, match="two models are called 'tiny'"):
        checked(["tiny", str(own)])
    with pytest.raises(UserError, match="no pretrained model 'nine'"):
        checked(["nine"])
    own.write_bytes(b"cut")
    with pytest.raises(UserError, match="not a whole safetensors file"):
        checked([str(own)])


def test_a_model_that_breaks_later_leaves_the_others_working(tmp_path, caplog):
    own = tmp_path / "own.safetensors"
    own.write_bytes(b"cut")
    with asking(Settings(("tiny", str(own)))) as client:
        assert client.post("/api/predict", content=b"\x00" * 784, headers={"content-type": "application/octet-stream"})
        response = client.post("/api/predict?model=own", content=b"\x00" * 784)
        assert response.status_code == 503 and str(tmp_path) not in response.text
        assert client.get("/health/ready").status_code == client.get("/v2/health/ready").status_code == 503
        assert client.get("/v2/models/own/ready").status_code == 503
        assert client.get("/health").json()["models"] == {"tiny": "ready", "own": "failed"}
        assert [each["name"] for each in client.get("/models").json()["models"]] == ["tiny"]
    assert "not a whole safetensors file" in caplog.text


def test_metrics_are_what_prometheus_reads(client):
    raw = {"content-type": "application/octet-stream"}
    client.post("/api/predict", content=b"\x00" * 784 * 3, headers=raw)
    client.post("/api/predict", content=b"", headers=raw)
    text = client.get("/metrics").text
    line = re.compile(r'[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9.e+-]+')
    assert all(line.fullmatch(each) for each in text.splitlines() if not each.startswith("# "))
    for name in ("requests_total", "request_duration_seconds", "requests_in_progress", "batch_size", "queue_seconds",
                 "refusals_total"):  # fmt: skip
        assert f"# TYPE handgrad_{name} " in text
    assert 'handgrad_requests_total{route="/api/predict",code="200"}' in text
    assert 'handgrad_refusals_total{reason="input"}' in text
    count, total = (float(re.search(rf"handgrad_batch_size_{what} (\S+)", text)[1]) for what in ("count", "sum"))
    assert total >= 3 and 1 <= count <= total
    assert re.search(r'handgrad_batch_size_bucket\{le="\+Inf"\} (\S+)', text)[1] == f"{count:.0f}"


def test_the_documents_name_every_address(client):
    document, page = client.get("/openapi.json").json(), client.get("/docs").text
    assert document["openapi"] == "3.1.0"
    for endpoint in LISTED:
        operation = document["paths"][endpoint.path][endpoint.method.lower()]
        assert operation["summary"] == endpoint.summary
        assert f"<code>{endpoint.method} {endpoint.path}</code>" in page
    assert "<script" not in page and "http://" not in page and "https://" not in page and "style=" not in page
    assert client.get("/docs.css").headers["content-type"].startswith("text/css")
    assert client.get("/").status_code == 200
