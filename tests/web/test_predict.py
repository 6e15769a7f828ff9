"""Which digit is this? The same answers as in Python, and a sentence for everything that is no image."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import load
from handgrad.model.shipped import pretrained
from handgrad.reading import read_digit
from handgrad.web.settings import Settings
from web.conftest import MODELS, asking, file_of

RAW = {"content-type": "application/octet-stream"}
PICTURE = {"content-type": "image/png"}


def problem(response, status: int = 422) -> str:
    """The detail of a problem."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    content = response.json()
    assert {"type", "title", "status", "detail"} <= set(content) and content["status"] == status
    return content["detail"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_a_picture_is_answered_as_in_python(client, digit, kind):
    body = file_of(255 - np.kron(digit, np.ones((5, 5), np.uint8)), kind)
    for headers in ({"content-type": f"image/{kind.lower()}"}, RAW, {}):
        found = client.post("/api/predict", content=body, headers=headers).json()
        assert found == {"model": "tiny", "answers": [read_digit(body, "tiny").to_json()]}
    assert found["answers"][0]["digit"] == "9"


@pytest.mark.parametrize("name", MODELS)
def test_pixels_get_the_bits_that_python_gives(client, name):
    pixels, model = load("mnist").train.pixels[-300:], pretrained(name)
    wanted = model.predict_proba(pixels)
    sent = [
        client.post(f"/api/predict?model={name}", content=pixels.tobytes(), headers=RAW),
        client.post(f"/api/predict?model={name}", json={"pixels": pixels.tolist()}),
        client.post(f"/api/predict?model={name}", json={"pixels": pixels.reshape(300, 784).tolist()}),
    ]
    for response in sent:
        answers = response.json()["answers"]
        assert np.array_equal(np.array([each["probabilities"] for each in answers], np.float32), wanted)
        assert [each["digit"] for each in answers] == [str(k) for k in wanted.argmax(axis=1)]
        assert all(each["box"] == [0, 0, 28, 28] for each in answers)


def test_one_image_may_stand_alone(client, digit):
    for pixels in (digit.tolist(), digit.ravel().tolist(), [digit.tolist()]):
        answers = client.post("/api/predict", json={"pixels": pixels}).json()["answers"]
        assert [each["digit"] for each in answers] == ["9"]


def test_a_blank_picture_and_an_unsure_answer_have_a_reason(client):
    blank = client.post("/api/predict", content=file_of(np.full((60, 60), 250, np.uint8)), headers=PICTURE)
    assert blank.json()["answers"][0]["reason"] == "blank"
    noise = np.random.default_rng(0).integers(0, 256, 784, dtype=np.uint8).tobytes()
    found = client.post("/api/predict?model=mlp", content=noise, headers=RAW).json()["answers"][0]
    assert (found["text"] == "?") == (found["reason"] is not None)


def animated() -> bytes:
    file, frames = io.BytesIO(), [Image.new("L", (40, 40), level) for level in (0, 90, 200)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"", PICTURE, "the body is empty"),
        (b"no picture at all", PICTURE, "not a readable picture"),
        (b"\x89PNG\r\n\x1a\n" + b"cut off", PICTURE, "not a readable picture"),
        (b"\x00" * 785, RAW, "not a readable picture"),
        (animated(), {"content-type": "image/gif"}, "animated, 3 pictures"),
        (file_of(np.zeros((2, 2), np.uint8)), PICTURE, "2x2 pixels, expected 4 or more"),
        (b"\x00" * 784 * 1025, RAW, "1025 images: expected 1 to 1024"),
        (b"{", {"content-type": "application/json"}, "no JSON"),
        (b"[" * 100_000, {"content-type": "application/json"}, "no JSON"),
        (b"[]", {"content-type": "application/json"}, 'without "pixels"'),
        (b'{"pixels": null}', {"content-type": "application/json"}, "expected"),
        (b'{"pixels": "seven"}', {"content-type": "application/json"}, "expected"),
        (b'{"pixels": {"0": 1}}', {"content-type": "application/json"}, "expected"),
        (b'{"pixels": [[1, 2], [3]]}', {"content-type": "application/json"}, "cannot be made an array"),
        (b'{"pixels": [1, 2, 3]}', {"content-type": "application/json"}, "expected (28, 28)"),
        (b'{"pixels": []}', {"content-type": "application/json"}, "expected (28, 28)"),
        (json.dumps({"pixels": [300] * 784}).encode(), {"content-type": "application/json"}, "expected whole numbers"),
        (json.dumps({"pixels": [-1] * 784}).encode(), {"content-type": "application/json"}, "expected whole numbers"),
        (json.dumps({"pixels": [float("nan")] * 784}).encode(), {"content-type": "application/json"}, "missing values"),
        (json.dumps({"pixels": [10**30] * 784}).encode(), {"content-type": "application/json"}, "whole numbers"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_what_is_no_image_is_a_problem_that_says_what_to_do(client, body, headers, said):
    for path in ("/api/predict", "/api/explain"):
        detail = problem(client.post(path, content=body, headers=headers))
        assert said in detail and "\n" not in detail and "/home" not in detail and ".py" not in detail


@pytest.mark.process
def test_a_pdf_without_the_extra_says_how_to_install_it(monkeypatch, tmp_path):
    (tmp_path / "pypdfium2.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(tmp_path)
    with asking(Settings(("tiny",))) as client:
        for path in ("/api/predict", "/api/read"):
            detail = problem(client.post(path, content=b"%PDF-1.7\n", headers={"content-type": "application/pdf"}))
            assert "pip install 'handgrad[pdf]'" in detail


def test_a_model_that_there_is_not(client, digit):
    for path in (
        "/api/predict?model=robust",
        "/api/read?model=..%2Ftiny",
        "/models/none.safetensors",
        "/v2/models/none",
    ):
        ask = client.get if "models/" in path else client.post
        assert "expected one of tiny, mlp" in problem(ask(path), 404)
