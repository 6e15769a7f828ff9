"""The stored validation digits: judged as in Python, as they are and altered."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from scipy import ndimage

from handgrad.model.shipped import pretrained
from handgrad.reading.fit import fit
from handgrad.web.stored import stored_images

from .conftest import Opener, said

pytestmark = pytest.mark.process
MIDDLE = 13.5  # of 28 pixels


def expect_summary(page: Page, name: str, pixels: np.ndarray) -> None:
    """The page says what handgrad says of images."""
    model, labels = pretrained(name), stored_images()[0].labels
    scores = model.scores(pixels)
    best, answered = scores.argmax(axis=1), model.answered(scores)
    right, kept = int((best == labels).sum()), int((answered & (best == labels)).sum())
    told = f"right for {right} of 200. It answers {int(answered.sum())}, {kept} of them right"
    expect(page.locator("#panel")).to_contain_text(told, timeout=60_000)
    expect(page.locator("#panel")).to_contain_text(f"refuses {int((~answered).sum())}.")


def move(page: Page, label: str, value: float) -> None:
    page.get_by_label(label, exact=False).fill(str(value))


def altered(pixels: np.ndarray, turn: float = 0, scale: float = 1, shift: float = 0) -> np.ndarray:
    """Images turned clockwise by degrees, scaled about their middle, shifted to the right, by SciPy."""
    angle = np.deg2rad(turn)
    inverse = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    offset = np.full(2, MIDDLE) - inverse @ np.array([MIDDLE, MIDDLE + shift])
    made = [
        ndimage.affine_transform(np.pad(image.astype(float), 1), inverse, offset + 1 - inverse @ [1, 1], order=1)[
            1:-1, 1:-1
        ]
        for image in pixels.reshape(-1, 28, 28)
    ]
    return np.rint(np.clip(made, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize("name", ["tiny", "cnn"])
def test_accuracy_and_refusals_are_those_of_python(browser_page: Opener, name: str) -> None:
    page = browser_page(hash="panel=test", models=(name,))
    expect_summary(page, name, stored_images()[0].pixels)


def test_altered_images_are_those_of_scipy(browser_page: Opener) -> None:
    page, images = browser_page(), stored_images()[0].pixels[:20]
    for turn, scale, shift in ((30, 1, 0), (0, 0.6, 0), (0, 1, 5), (-20, 1.3, -3)):
        how = {"turn": turn, "scale": 100 * scale, "shift": shift, "thick": 0, "noise": 0}
        found = page.evaluate(
            """async (how) => {
              const { valid } = await modules["parts/data.js"].digits();
              const { altered } = modules["core/alter.js"];
              return Array.from({ length: 20 }, (_, i) => [...altered(valid.image(i), how, i)]);
            }""",
            how,
        )
        expected = altered(images, turn, scale, shift).reshape(20, -1).astype(int)
        assert np.abs(np.array(found) - expected).max() <= 1


def test_a_digit_is_thickened_thinned_and_noisy(browser_page: Opener) -> None:
    page, images = browser_page(), stored_images()[0].pixels[:10].reshape(10, 28, 28)
    cross = ndimage.generate_binary_structure(2, 1)
    make = """async (how) => {
      const { valid } = await modules["parts/data.js"].digits(), { altered, unaltered } = modules["core/alter.js"];
      return Array.from({ length: 10 }, (_, i) => [...altered(valid.image(i), { ...unaltered(), ...how }, i)]);
    }"""
    thick = np.stack([ndimage.grey_dilation(image, footprint=cross, mode="constant") for image in images])
    thin = np.stack([ndimage.grey_erosion(image, footprint=cross, mode="constant") for image in images])
    np.testing.assert_array_equal(page.evaluate(make, {"thick": 1}), thick.reshape(10, -1))
    np.testing.assert_array_equal(page.evaluate(make, {"thick": -1}), thin.reshape(10, -1))
    plain, noisy = images.reshape(10, -1).astype(float), np.array(page.evaluate(make, {"noise": 20}))
    inside = (plain > 80) & (plain < 175)  # levels that the noise does not clip
    apart = (noisy - plain)[inside]
    assert len(apart) > 100
    assert abs(apart.mean()) < 5 and 15 < apart.std() < 25


def test_sliders_change_accuracy_as_in_python(browser_page: Opener) -> None:
    page, pixels = browser_page(hash="panel=test", models=("cnn",)), stored_images()[0].pixels
    move(page, "Turn", 45)
    expect_summary(page, "cnn", altered(pixels, turn=45))
    move(page, "Turn", 0)
    move(page, "Shift right", 8)
    expect_summary(page, "cnn", altered(pixels, shift=8))
    page.get_by_label("Cut out, scale and centre again").check()
    again = [fit(image.astype(np.float32) / 255) for image in altered(pixels, shift=8)]
    expect_summary(page, "cnn", np.stack(again))
    page.get_by_role("button", name="As they are").click()
    page.get_by_label("Cut out, scale and centre again").uncheck()
    expect_summary(page, "cnn", pixels)


def test_a_cell_shows_its_images_and_one_goes_to_the_pad(browser_page: Opener) -> None:
    page, (valid, _), model = browser_page(hash="panel=test", models=("cnn",)), stored_images(), pretrained("cnn")
    move(page, "Turn", 60)
    turned = altered(valid.pixels, turn=60)
    expect_summary(page, "cnn", turned)
    scores = model.scores(turned)
    answers = np.where(model.answered(scores), scores.argmax(axis=1), 10)
    table = np.zeros((10, 11), int)
    np.add.at(table, (valid.labels, answers), 1)
    rows = [row.locator("td").all_inner_texts() for row in page.locator(".test-confusion tbody tr").all()]
    np.testing.assert_array_equal([[0 if cell == "·" else int(cell) for cell in row] for row in rows], table)
    wrong = np.flatnonzero((answers != valid.labels) & (answers < 10))[0]
    label, answer = valid.labels[wrong], answers[wrong]
    page.get_by_role("button", name=f"{label} read as {answer}: ").click()
    images = page.locator(".test-cells .image")
    expect(images).to_have_count(int(table[label, answer]))
    images.first.click()
    assert said(page).startswith(f"It is a {answer}: ")
    drawn = page.evaluate("() => [...modules['parts/state.js'].state.drawing.base]")
    assert np.abs(np.array(drawn) - turned[wrong].ravel()).max() <= 1


def test_the_limit_moves_the_refusals(browser_page: Opener) -> None:
    page = browser_page(hash="panel=test&limit=0.990", models=("tiny",))
    scores, labels = pretrained("tiny").scores(stored_images()[0].pixels), stored_images()[0].labels
    answered = scores.max(axis=1) >= 0.99
    kept = int((answered & (scores.argmax(axis=1) == labels)).sum())
    expect(page.locator("#panel")).to_contain_text(
        f"It answers {int(answered.sum())}, {kept} of them right", timeout=60_000
    )
