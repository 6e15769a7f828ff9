"""A user's own digits taught to a model by the server."""

import time

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.training import tune as training
from handgrad.web import tuning
from handgrad.web.settings import Settings
from web.conftest import asking
from web.quick import tune_quickly

VALID = load("mnist").split()[1]
RAW = {"content-type": "application/octet-stream"}


def own(count: int = 20, **changes) -> dict:
    """Digits of somebody's, as the page sends them."""
    pixels, labels = VALID.pixels[:count], [str(label) for label in VALID.labels[:count]]
    return {"pixels": pixels.reshape(count, 784).tolist(), "labels": labels, **changes}


def ended(client, seconds: float = 120) -> dict:
    until = time.monotonic() + seconds
    while (state := client.get("/api/tune").json())["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.1)
    return state


def test_a_tuned_model_is_served_beside_the_others(monkeypatch, digit):
    monkeypatch.setattr(tuning, "_tune", tune_quickly)
    with asking(Settings(("tiny",))) as client:
        assert client.get("/api/tune").json() == {"state": "none"}
        begun = client.post("/api/tune", json=own()).json()
        assert (begun["state"], begun["model"], begun["digits"]) == ("running", "tiny", 20)
        second = client.post("/api/tune", json=own())
        assert second.status_code == 409 and "a tuning of tiny is in progress" in second.json()["detail"]
        assert client.post(
            "/api/predict", content=digit.tobytes(), headers={"content-type": "application/octet-stream"}
        )
        found = ended(client)
        assert found["state"] == "done" and found["tuned"] == "tiny-tuned" and found["done"] == 1
        assert (found["learnt_from"], found["held"]) == (16, 4)
        assert found["own"][1] >= 0.75 and found["mnist"][1] > 0.95
        assert [each["name"] for each in client.get("/models").json()["models"]] == ["tiny", "tiny-tuned"]
        assert client.get("/models/tiny-tuned.safetensors").content != client.get("/models/tiny.safetensors").content
        answer = client.post("/api/predict?model=tiny-tuned", json={"pixels": digit.tolist()}).json()
        assert answer["answers"][0]["digit"] == "9"
        assert client.post("/api/explain?model=tiny-tuned", json={"pixels": digit.tolist()}).status_code == 200


def test_another_machine_needs_a_token_to_tune():
    far = ("192.0.2.7", 50_000)
    with asking(Settings(("tiny",)), client=far) as client:
        refused = client.post("/api/tune", json=own())
        assert refused.status_code == 403 and "192.0.2.7" in refused.json()["detail"]
        assert client.get("/api/tune").json() == {"state": "none"}
    with asking(Settings(("tiny",), token="secret"), client=far) as client:
        client.headers["Authorization"] = "Bearer secret"
        assert client.post("/api/tune", json=own()).json()["state"] == "running"
        assert client.delete("/api/tune").json()["state"] == "stopped"


def test_a_tuning_can_be_ended_and_begun_again():
    with asking(Settings(("tiny",))) as client:
        for _ in range(2):
            assert client.post("/api/tune", json=own()).json()["state"] == "running"
            assert client.delete("/api/tune").json()["state"] == "stopped"
        assert client.delete("/api/tune").json()["state"] == "stopped"
        assert [each["name"] for each in client.get("/models").json()["models"]] == ["tiny"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "expected {"),
        ({"pixels": []}, "expected {"),
        (own(9), "9 images: expected 10 to 1024"),
        (own(labels=["1"]), "got 1 of them, expected a list of 20"),
        (own(labels="1"), "got str, expected a list of 20"),
        (own(labels=["ten"] * 20), "label 'ten': expected one of 0, 1"),
        (own(labels=[7] * 20), "label '7': expected one of 0, 1"),
        (own(pixels=[[0] * 783] * 20), "783"),
    ],
)  # fmt: skip
def test_what_is_no_set_of_digits(client, body, said):
    response = client.post("/api/tune", json=body)
    assert response.status_code == 422 and said in response.json()["detail"]
    assert response.headers["content-type"] == "application/problem+json"
    assert client.get("/api/tune").json() == {"state": "none"}


def test_strangers_cannot_tune(client):
    assert client.post("/api/tune", json=own(), headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/tune", json=own(), headers={"host": "evil.example"}).status_code == 421
    with asking(Settings(("tiny",), token="abc")) as guarded:
        assert guarded.post("/api/tune", json=own()).status_code == 401


def test_several_processes_do_not_tune():
    with asking(Settings(("tiny",), workers=2)) as client:
        response = client.post("/api/tune", json=own())
        assert response.status_code == 409 and "start the server without --workers" in response.json()["detail"]


def test_the_digits_that_are_kept_back_are_those_of_the_command():
    images = VALID[np.argsort(VALID.labels[:20], kind="stable")]
    found = training.own_of(images)
    assert len(found.held) == 4 and len(found.learn) == 16
    np.testing.assert_array_equal(found.held.pixels, images.pixels[4::5])
