"""The panel Why: covered parts and ways to another answer, with the numbers that Python computes."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import pretrained
from handgrad.web.stored import stored_images

from .conftest import Opener
from .inpage import RUN, close_panel, load, put

pytestmark = pytest.mark.process
IMAGES = stored_images()[0]
SEVEN = IMAGES.pixels[7]


def for_upright(model: Model) -> Model:
    """The same model for images that are deskewed already."""
    seen = model.preprocess
    return Model(model.network, Preprocess(seen.mean, seen.scale), model.classes, temperature=model.temperature)


@pytest.mark.parametrize("name", ["cnn", "mlp"])
@pytest.mark.parametrize(("patch", "step"), [(6, 4), (5, 2)])
def test_what_a_covered_part_costs(browser_page: Opener, name: str, patch: int, step: int) -> None:
    page, model = browser_page(), pretrained(name)
    load(page, model)
    image, target = IMAGES.pixels[1], int(IMAGES.labels[1])
    args = {"pixels": image.ravel().tolist(), "target": target, "patch": patch, "step": step}
    shares, found = page.evaluate(RUN, ["occlusion", args])
    upright = model.preprocess.upright(image[None, ..., None])[0, ..., 0]
    rows = 28 // step
    covered = np.repeat(upright[None], rows * rows, axis=0)
    for i, each in enumerate(covered):
        corner = [int(np.floor((place + 0.5) * step - patch / 2 + 0.5)) for place in divmod(i, rows)]  # halves go up
        (top, bottom), (left, right) = ((start, start + patch) for start in corner)
        each[max(top, 0) : bottom, max(left, 0) : right] = 0
    scores = for_upright(model).scores(np.concatenate([upright[None], covered]))[:, target]
    assert (found["rows"], found["columns"], shares[-1]) == (rows, rows, 1)
    assert scores[0] - scores.min() > 0.1
    np.testing.assert_allclose(found["drops"], scores[0] - scores[1:], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["robust", "mlp"])  # mlp deskews
def test_the_way_to_another_answer(browser_page: Opener, name: str) -> None:
    page, model, target = browser_page(), pretrained(name), 3
    load(page, model)
    frames, _ = page.evaluate(RUN, ["towards", {"pixels": SEVEN.ravel().tolist(), "target": target}])
    images = np.array([frame["pixels"] for frame in frames], np.uint8)
    reported = np.array([frame["scores"] for frame in frames])
    scores = model.scores(images.reshape(-1, 28, 28))
    np.testing.assert_allclose(reported, scores, rtol=0, atol=1e-5)
    assert np.array_equal(images[0], SEVEN.ravel())
    assert scores[0].argmax() == 7
    assert scores[-1, target] >= 0.95
    assert len(frames) <= 21
    assert 0 < (images[0] != images[-1]).sum() < 784 // 4
    assert ((images[1:] != images[:-1]).sum(axis=1) <= 16).all()


def test_the_panel_says_what_decides(browser_page: Opener) -> None:
    page = browser_page("panel=why")
    assert page.get_by_text("Draw a digit, then see why").is_visible()
    put(page, SEVEN)
    assert page.get_by_role("heading", name="The gradient of the logit of 7").is_visible()
    page.get_by_label("Ask about the class").select_option("4")
    assert page.get_by_role("heading", name="The gradient of the logit of 4").is_visible()
    page.get_by_label("Ask about the class").select_option("")
    page.get_by_role("img", name="What the score of 7 loses when a part is covered.").wait_for()
    map_ = page.get_by_role("img", name="Gradient times ink, over the digit. Most for 7")
    map_.hover(position={"x": 5, "y": 5})
    assert page.get_by_text("row 1, column 1: ink 0 of 255").is_visible()


def test_another_answer_is_put_on_the_pad(browser_page: Opener) -> None:
    page = browser_page("panel=why", reduced_motion="reduce")
    put(page, SEVEN)
    page.get_by_label("Make it a").select_option("9")
    page.get_by_role("button", name="Go").click()
    slider = page.get_by_role("slider", name="Step")
    slider.wait_for()
    last = slider.input_value()
    assert int(last) > 0
    assert last == slider.get_attribute("max")  # at once: nothing is played
    slider.fill("0")
    assert page.get_by_text("0 of 784 pixels are changed").is_visible()
    slider.fill(last)
    page.get_by_role("button", name="Put it on the pad").click()
    page.wait_for_function("() => document.getElementById('digit').textContent === '9'")
    assert slider.is_hidden()  # it was the way from another drawing


def test_the_way_is_played_and_can_be_stopped(browser_page: Opener) -> None:
    page = browser_page("panel=why")
    put(page, SEVEN)
    page.get_by_label("Make it a").select_option("9")
    page.get_by_role("button", name="Go").click()
    slider = page.get_by_role("slider", name="Step")
    page.get_by_role("button", name="Pause").click()
    assert page.get_by_role("button", name="Play").is_visible()
    stopped = slider.input_value()
    page.wait_for_timeout(500)
    assert slider.input_value() == stopped
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("([at]) => at.value === at.max", arg=[slider.element_handle()])


def test_a_closed_panel_computes_nothing(browser_page: Opener) -> None:
    page = browser_page("panel=why", models=("robust",))
    put(page, SEVEN)
    page.get_by_role("combobox", name="Places").select_option("196")
    page.wait_for_event("worker")
    close_panel(page)
    assert not page.workers


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_to_another_answer_is_accessible_and_fits(browser_page: Opener, scheme: str) -> None:
    page = browser_page("panel=why", width=360, reduced_motion="reduce", color_scheme=scheme)
    put(page, SEVEN)
    page.get_by_role("button", name="Go").click()
    page.get_by_role("slider", name="Step").wait_for()
    page.locator(".why-curve").wait_for()
    found = Axe().run(page).response["violations"]
    assert not [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
