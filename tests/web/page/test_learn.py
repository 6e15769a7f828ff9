"""The panel Learn: a training is started, steered, taken back, judged, saved, and used as the page's model."""

import re
from itertools import pairwise

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from handgrad.model.model import Model
from handgrad.training.recipe import Recipe
from handgrad.web.stored import stored_images

from .conftest import Opener, said

pytestmark = pytest.mark.process
SETTINGS = "sizes:30-20,init:small,rate:0.5,batch:8,momentum:0.5,dropout:0.25"
MADE = """modules["parts/training.js"].training()"""
SHOWN = 0.006  # the bars show per cent, without decimals
SMALL = "panel=learn&learn=sizes:16-16"


def last(page: Page, what: str) -> object:
    """A part of the latest snapshot."""
    return page.evaluate(f"{MADE}.last.{what}")


def until(page: Page, what: str, timeout: float = 60_000) -> None:
    page.wait_for_function(f"() => {{ const last = {MADE}?.last; return last && {what}; }}", timeout=timeout)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def opened(browser_page: Opener, hash: str = SMALL, **how: object) -> Page:
    page = browser_page(hash, **how)
    until(page, "last.step === 0")
    return page


def advice(page: Page) -> str:
    return page.locator(".learn-advice").inner_text()


def test_the_usual_network_learns_within_a_minute(browser_page: Opener) -> None:
    page = opened(browser_page, "panel=learn")
    press(page, "Start")
    until(page, "last.valid.accuracy > 0.9")
    press(page, "Pause")
    until(page, "!last.running")
    assert last(page, "sizes") == [784, 100, 200, 200, 10]
    weights, images = page.evaluate(f"Array.from({MADE}.last.theta)"), stored_images()[0]
    x, start, sizes = images.pixels.reshape(len(images), -1) / 255, 0, [784, 100, 200, 200, 10]
    for inputs, units in pairwise(sizes):
        w, start = np.reshape(weights[start : start + inputs * units], (inputs, units)), start + inputs * units
        x, start = x @ w + weights[start : start + units], start + units
        x = x if units == 10 else np.maximum(x, 0)
    assert last(page, "valid.accuracy") == pytest.approx(np.mean(x.argmax(axis=1) == images.labels), abs=0.006)


def test_step_and_back_are_exact(browser_page: Opener) -> None:
    page = opened(browser_page, f"{SMALL},dropout:0.3")
    states = [page.evaluate(f"Array.from({MADE}.last.theta)")]
    for step in (1, 2, 3):
        press(page, "Step")
        until(page, f"last.step === {step}")
        states.append(page.evaluate(f"Array.from({MADE}.last.theta)"))
    assert states[0] != states[1] != states[2] != states[3]
    for step in (2, 1):
        press(page, "Back")
        until(page, f"last.step === {step}")
        assert page.evaluate(f"Array.from({MADE}.last.theta)") == states[step]
        assert page.evaluate(f"{MADE}.history.map(({{ step }}) => step)") == list(range(step + 1))
    press(page, "Step")
    until(page, "last.step === 2")
    assert page.evaluate(f"Array.from({MADE}.last.theta)") == states[2]


def test_back_goes_behind_a_divergence(browser_page: Opener) -> None:
    page = opened(browser_page, f"{SMALL},speed:100")
    press(page, "Start")
    until(page, "last.step > 60")
    rate = page.get_by_label("Learning rate")
    rate.fill("1")
    until(page, "last.diverged")
    expect(page.locator(".learn-advice")).to_contain_text("Diverged at step")
    expect(page.locator(".learn-advice")).to_contain_text("lower the learning rate from 10 to 1")
    for name in ("Go on", "Step", "Save as a file"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    press(page, "Back")
    until(page, "!last.diverged && last.step >= 50 && last.train.loss < 3")
    rate.fill("-2")
    press(page, "Go on")
    until(page, "last.step > 200 && last.train.loss < 1")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("sizes:16-16,init:zero", "only the last biases learn. Start with He's weights"),
        ("sizes:64-64-64,init:small,rate:0.01,momentum:0", "too small: signals and gradients fade"),
        ("sizes:16-16,init:large,rate:0.5", "first weights are too large: start with He's weights"),
        ("sizes:16-16,rate:0.0001,momentum:0", r"learning rate \(0.0001\) may be too small: try 0.001"),
        ("sizes:16-16,rate:1", r"of layer \d (or more )?are dead|Diverged"),
    ],
)
def test_what_goes_wrong_is_told_with_its_cure(browser_page: Opener, settings: str, told: str) -> None:
    page = opened(browser_page, f"panel=learn&learn={settings}")
    press(page, "Start")
    expect(page.locator(".learn-advice")).to_have_text(re.compile(told), timeout=60_000)


def test_a_link_restores_the_settings_and_a_setting_goes_into_the_link(browser_page: Opener) -> None:
    page = opened(
        browser_page, "panel=learn&seed=4&learn=sizes:30-20,init:small,rate:0.5,batch:8,momentum:0.5,dropout:0.25"
    )
    assert page.get_by_label("Hidden layers").input_value() == "30-20"
    assert page.get_by_label("First weights").input_value() == "small"
    assert page.get_by_label("Seed").input_value() == "4"
    assert page.evaluate(f"{MADE}.recipe") == {
        "sizes": [30, 20], "relu": "between", "init": "small", "rate": 0.5, "batch": 8, "momentum": 0.5,
        "dropout": 0.25, "distort": 0, "speed": 0,
    }  # fmt: skip
    press(page, "Step")
    until(page, "last.step === 1")
    page.get_by_label("Dropout").fill("0.6")
    page.wait_for_function("() => location.hash.includes('dropout%3A0.6')")
    assert last(page, "step") == 1  # it goes on from where it is
    page.get_by_label("First weights").select_option("he")
    page.wait_for_function("() => !location.hash.includes('init')")
    until(page, "last.step === 0")  # another start is another training


WRONG = ["rate:-1", "rate:x", "sizes:0", "sizes:", "sizes:9999", "init:none", "batch:31", "rate", ":", "__proto__:1"]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_in_a_link_are_left_out(browser_page: Opener, wrong: str) -> None:
    page = opened(browser_page, f"panel=learn&learn={wrong},dropout:0.1")
    assert page.evaluate(f"{MADE}.recipe") == {
        "sizes": [100, 200, 200], "relu": "between", "init": "he", "rate": 0.02, "batch": 32, "momentum": 0.9,
        "dropout": 0.1, "distort": 0, "speed": 0,
    }  # fmt: skip


def test_wrong_sizes_are_told(browser_page: Opener) -> None:
    page = opened(browser_page)
    sizes = page.get_by_label("Hidden layers")
    sizes.fill("1000-x")
    sizes.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text('"1000-x": expected 1 to 4 hidden layers of 1 to 512 units')
    sizes.fill("12 9")
    sizes.press("Enter")
    expect(page.get_by_role("alert")).to_be_empty()
    until(page, "String(last.sizes) === '784,12,9,10'")


@pytest.mark.parametrize("dropout", [0, 0.2])
def test_the_saved_file_is_a_model_of_python(browser_page: Opener, tmp_path, dropout: float) -> None:
    page, images = opened(browser_page, f"{SMALL},dropout:{dropout}"), stored_images()[0]
    press(page, "Start")
    until(page, "last.step > 100")
    press(page, "Pause")
    until(page, "!last.running")
    with page.expect_download() as download:
        press(page, "Save as a file")
    download.value.save_as(tmp_path / "learnt.safetensors")
    model = Model.load(tmp_path / "learnt.safetensors")
    recipe = Recipe.from_json(model.record["recipe"])
    assert tuple(recipe.layers(10)) == model.network.layers  # so that `handgrad tune` goes on from it
    right = np.mean(model.predict(images.pixels) == images.labels)
    assert right == pytest.approx(last(page, "valid.accuracy"), abs=0.006) and right > 0.5
    press(page, "Use as the page's model")
    expect(page.get_by_label("Model")).to_have_value("learnt")
    press(page, "Another stored digit")
    said(page)
    np.testing.assert_allclose(shown(page), model.predict_proba(images.pixels[:1])[0], atol=SHOWN)


def shown(page: Page) -> list[float]:
    """The shares beside the bars of the answer."""
    return [float(each.split()[0]) / 100 for each in page.locator(".bar > span:last-child").all_inner_texts()]


def test_train_mode_and_test_mode_stand_side_by_side(browser_page: Opener) -> None:
    page = opened(browser_page, f"{SMALL},dropout:0.5")
    press(page, "Another stored digit")
    rows = page.locator(".learn-draws tbody tr")
    expect(rows).to_have_count(7)
    expect(rows.nth(6)).not_to_have_text(re.compile(r"^whole(\s*10){10}$"))  # as of the empty pad
    before = rows.nth(0).inner_text()
    whole = rows.nth(6).inner_text()
    press(page, "Draw again")
    expect(rows.nth(0)).not_to_have_text(before)
    assert rows.nth(6).inner_text() == whole
    page.get_by_label("Dropout").fill("0")
    expect(rows).to_have_count(1)
    expect(page.get_by_text("Dropout is 0, so both modes are the same.")).to_be_visible()


def test_a_closed_panel_rests_and_goes_on(browser_page: Opener) -> None:
    page = opened(browser_page)
    press(page, "Start")
    until(page, "last.step > 20")
    page.get_by_role("tab", name="What it saw").click()
    until(page, "!last.running")
    step = last(page, "step")
    page.wait_for_timeout(400)
    assert last(page, "step") == step
    page.get_by_role("tab", name="Learn").click()
    press(page, "Go on")
    until(page, f"last.step > {step}")


def test_restart_begins_with_the_same_weights(browser_page: Opener) -> None:
    page = opened(browser_page)
    first = page.evaluate(f"Array.from({MADE}.last.theta)")
    press(page, "Step")
    until(page, "last.step === 1")
    press(page, "Restart")
    until(page, "last.step === 0")
    assert page.evaluate(f"Array.from({MADE}.last.theta)") == first


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1920, "light")])
def test_it_fits_and_is_accessible(browser_page: Opener, width: int, scheme: str) -> None:
    page = opened(browser_page, "panel=learn&learn=dropout:0.5,rate:0.01", width=width, color_scheme=scheme)
    press(page, "Start")
    until(page, "last.step > 20")
    press(page, "Pause")
    until(page, "!last.running")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for canvas in page.locator(".learn canvas").all():
        assert canvas.get_attribute("aria-label")
    violations = Axe().run(page).response["violations"]
    assert [found["id"] for found in violations if found["impact"] in ("serious", "critical")] == []
