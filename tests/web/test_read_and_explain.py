"""Pages read as in Python; explanations that are what they say."""

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.model.shipped import pretrained
from handgrad.reading import read_page
from handgrad.web.explain import PATCH, input_gradient, occluded
from web.conftest import file_of
from web.test_predict import PICTURE, RAW, problem


@pytest.fixture(scope="module")
def page() -> bytes:
    """Two lines of digits, as a TIFF of two equal pages."""
    digits = load("mnist").train.pixels[-10:]
    lines = [np.hstack([np.pad(each, 6) for each in digits[i : i + 5]]) for i in (0, 5)]
    return file_of(255 - np.kron(np.pad(np.vstack(lines), 20), np.ones((2, 2), np.uint8)))


def test_a_page_is_read_as_in_python(client, page):
    found = client.post("/api/read", content=page, headers=PICTURE).json()
    wanted = read_page(page, "tiny")
    assert {key: found[key] for key in ("text", "full_text", "lines")} == wanted.to_json()
    assert (found["width"], found["height"], found["page"], found["pages"]) == (480, 240, 1, 1)
    assert len(found["text"]) > 8


def test_a_page_as_text_a_part_of_it_and_its_cells(client, page):
    assert client.post("/api/read?text=1", content=page).text == read_page(page, "tiny").full_text + "\n"
    region = (0, 0, 480, 120)
    part = client.post("/api/read?region=0,0,480,120", content=page).json()
    assert part["text"] == read_page(page, "tiny", region=region).text
    cells = client.post("/api/read?region=40,40,400,160&grid=5x2", content=page).json()
    assert [len(line) for line in cells["lines"]] == [5, 5]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("page=2", "page 2 of 1"), ("page=0", "page '0'"), ("page=x", "page 'x'"), ("region=1,2,3", "region '1,2,3'"),
        ("region=9999,9999,9,9", "region 9999,9999,9,9"), ("grid=0x4", "grid '0x4'"), ("grid=999x999", "1000 cells"),
    ],
)  # fmt: skip
def test_a_page_or_part_that_there_is_not(client, page, query, said):
    assert said in problem(client.post(f"/api/read?{query}", content=page))


def test_the_gradient_is_the_slope_of_the_logit(digit):
    model = pretrained("mlp")
    upright = model.preprocess.upright(digit[None, :, :, None])
    gradient, logit = input_gradient(model, upright, 9)
    ws = model.network.workspace(1, kernels="naive")
    at = [tuple(place) for place in np.argwhere(np.abs(gradient) > np.abs(gradient).max() / 3)]
    assert len(at) > 3
    for place in at:  # a step of one grey level is small beside the kinks of ReLU
        slopes = []
        for step in (-1, 1):
            x = (upright.astype(np.float32) - model.preprocess.mean) * model.preprocess.scale
            x[(0, *place)] += step * model.preprocess.scale[place]
            slopes.append(float(model.network.forward(x, ws)[0, 9]) - logit)
        assert (slopes[1] - slopes[0]) / 2 == pytest.approx(gradient[place], rel=0.2, abs=1e-4)


def test_an_explanation(client, digit):
    model = pretrained("mlp")
    found = client.post("/api/explain?model=mlp&class=4", content=digit.tobytes(), headers=RAW).json()
    upright = model.preprocess.upright(digit[None, :, :, None])
    assert np.array_equal(found["pixels"], upright[0, :, :, 0])
    gradient, logit = input_gradient(model, upright, 4)
    assert found["logit"] == pytest.approx(logit) and found["class"] == "4"
    assert np.allclose(found["gradient"], gradient[:, :, 0])
    scores = model.scores(np.concatenate([digit[None, :, :, None], *occluded(digit[None, :, :, None], model)]))
    assert found["patch"] == PATCH and np.array(found["occlusion"]).shape == (7, 7)
    assert np.allclose(np.ravel(found["occlusion"]), scores[0, 4] - scores[1:, 4], atol=1e-6)


def test_an_explanation_of_a_picture_is_of_its_likeliest_class(client, digit):
    found = client.post("/api/explain", content=file_of(255 - digit), headers=PICTURE).json()
    assert found["class"] == "9" and np.max(found["occlusion"]) > 0


def test_an_explanation_of_two_images_or_of_no_class(client, digit):
    assert "2 images" in problem(client.post("/api/explain", content=digit.tobytes() * 2, headers=RAW))
    assert "class 'x'" in problem(client.post("/api/explain?class=x", content=digit.tobytes(), headers=RAW))
