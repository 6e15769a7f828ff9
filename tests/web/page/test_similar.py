"""The panel Similar: features, distances and components as Python computes them, and a map that answers."""

import base64
import zlib
from functools import cache

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from handgrad.model.shipped import pretrained
from handgrad.web.stored import features, stored_images

from .conftest import Opener
from .inpage import RUN, close_panel, file_of, load, put

pytestmark = pytest.mark.process
TRAIN = stored_images()[1]
FIRST = ".similar-five figure:nth-child(2) canvas"
GIVE = """(file) => modules["parts/data.js"].addModel(new File(
  [Uint8Array.from(atob(file), (c) => c.charCodeAt(0))], "mine.safetensors"))"""
NEAREST = """([name, i]) => modules["parts/data.js"].features(name).then((features) => {
  const { width, scale, values } = features, { nearest } = modules["core/similar.js"];
  return nearest(features, Array.from(values.subarray(i * width, (i + 1) * width), (value) => value * scale), 8);
})"""
COMPONENTS = """async (name) => {
  const features = await modules["parts/data.js"].features(name), { components, project } = modules["core/similar.js"];
  const job = components(features), { width, scale, values } = features;
  let step = job.next();
  while (!step.done) step = job.next();
  const mine = Array.from(values.subarray(9 * width, 10 * width), (value) => value * scale);
  return { ...step.value, mine: project(step.value, mine) };
}"""


@cache
def stored(name: str) -> np.ndarray:
    """The features of the stored digits (N, F), as the page gets them."""
    data = zlib.decompress(features(pretrained(name)))
    return np.frombuffer(data[4:], np.int8).reshape(len(TRAIN), -1) * np.frombuffer(data[:4], "<f4").astype(float)


def labels(page: Page) -> list[str]:
    """What the pictures of the nearest digits are called, without their rank."""
    found = page.locator(".similar-five figure:not(.similar-mine) canvas").all()
    return [str(each.get_attribute("aria-label")).split(": ")[1] for each in found]


@pytest.mark.parametrize("name", ["tiny", "mlp"])
def test_the_features_of_a_model_are_those_that_python_stores(browser_page: Opener, name: str) -> None:
    page, count = browser_page(), 150
    load(page, pretrained(name))
    args = {"pixels": TRAIN.pixels[:count].ravel().tolist(), "count": count}
    shares, found = page.evaluate(RUN, ["features", args])
    values = np.array(found["values"]).reshape(count, found["width"]) * found["scale"]
    assert shares == sorted(shares)
    assert np.abs(found["values"]).max() == 127
    np.testing.assert_allclose(values, stored(name)[:count], rtol=0, atol=1.05 * stored(name).max() / 127)


def test_the_nearest_are_by_euclidean_distance(browser_page: Opener) -> None:
    found = browser_page().evaluate(NEAREST, ["tiny", 17])
    distances = np.sqrt(((stored("tiny") - stored("tiny")[17]) ** 2).sum(axis=1))
    assert [each["i"] for each in found["nearest"]] == np.argsort(distances, kind="stable")[:8].tolist()
    np.testing.assert_allclose([each["distance"] for each in found["nearest"]], np.sort(distances)[:8], atol=1e-6)
    assert found["median"] == pytest.approx(np.sort(distances)[len(TRAIN) // 2])


@pytest.mark.parametrize("name", ["tiny", "mlp"])
def test_the_map_is_of_the_two_main_components(browser_page: Opener, name: str) -> None:
    found = browser_page(models=(name,)).evaluate(COMPONENTS, name)
    centred = stored(name) - stored(name).mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(TRAIN))
    expected = axes[:, [-1, -2]]
    expected *= np.sign(expected[np.abs(expected).argmax(axis=0), [0, 1]])
    np.testing.assert_allclose(np.array(found["axes"]).T, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["shares"], variances[[-1, -2]] / variances.sum(), rtol=1e-6)
    points = np.array(found["points"]).reshape(-1, 2)
    np.testing.assert_allclose(points, centred @ expected, rtol=0, atol=1e-3)
    np.testing.assert_allclose(points[9], found["mine"], rtol=0, atol=1e-4)


def test_a_stored_digit_is_nearest_to_itself(browser_page: Opener) -> None:
    page = browser_page("panel=similar")
    assert page.get_by_text("Draw a digit to see the nearest.").is_visible()
    put(page, TRAIN.pixels[17])
    page.get_by_text("main components").wait_for()
    assert labels(page)[0] == f"training digit 17, a {TRAIN.labels[17]}"
    assert len(labels(page)) == 5
    third = labels(page)[2]
    page.get_by_role("button", name="To the pad: number 3 of the nearest").click()
    expect(page.locator(FIRST)).to_have_attribute("aria-label", f"Number 1 of the nearest: {third}")


def test_the_map_is_read_with_the_keyboard_and_the_pointer(browser_page: Opener) -> None:
    page = browser_page("panel=similar")
    put(page, TRAIN.pixels[17])
    page.get_by_text("main components").wait_for()
    map_, said = page.get_by_role("application", name="Map of the stored digits."), page.locator(".similar-picked p")
    map_.focus()
    assert said.text_content() == f"Training digit 17, a {TRAIN.labels[17]}"
    page.keyboard.press("ArrowRight")
    after = said.text_content()
    assert after != f"Training digit 17, a {TRAIN.labels[17]}"
    only = int(TRAIN.labels[17] + 1) % 10
    page.get_by_role("button", name=str(only), exact=True).click()
    box = map_.bounding_box()
    assert box
    for place in np.linspace(0.05, 0.95, 60):  # across the map, until a digit of the class is met
        page.mouse.move(box["x"] + box["width"] * place, box["y"] + box["height"] * place)
        if said.text_content() != after:
            break
    number, label = str(said.text_content()).removeprefix("Training digit ").split(", a ")
    assert label == str(only)
    assert TRAIN.labels[int(number)] == only
    page.locator(".similar-picked").get_by_role("button", name="To the pad").click()
    expect(page.locator(FIRST)).to_have_attribute(
        "aria-label", f"Number 1 of the nearest: training digit {number}, a {only}"
    )


def test_a_model_that_the_user_gives_has_the_same_neighbours(browser_page: Opener) -> None:
    page = browser_page("panel=similar")
    put(page, TRAIN.pixels[17])
    page.get_by_text("main components").wait_for()
    known = labels(page)
    name = page.evaluate(GIVE, base64.b64encode(file_of(pretrained("tiny"))).decode())
    page.evaluate("(name) => modules['parts/state.js'].change({ model: name })", name)
    page.get_by_text("The model looks at the stored digits").wait_for()
    page.get_by_text("main components").wait_for(timeout=60_000)
    page.locator("progress").wait_for(state="hidden", timeout=60_000)
    assert labels(page)[0] == known[0]
    assert len({*labels(page)} & {*known}) >= 4  # the page's own weights have 16 bits


def test_a_closed_panel_computes_nothing(browser_page: Opener) -> None:
    page = browser_page("panel=similar")
    put(page, TRAIN.pixels[17])
    name = page.evaluate(GIVE, base64.b64encode(file_of(pretrained("tiny"))).decode())
    page.evaluate("(name) => modules['parts/state.js'].change({ model: name })", name)
    page.get_by_text("The model looks at the stored digits").wait_for()
    close_panel(page)
    assert not page.workers
