"""The page as people use it: mouse, finger, keyboard; links; narrow and wide; light and dark; with assistive tools."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Opener, draw, said

pytestmark = pytest.mark.process
THREE = "3,1.8 5,1.4 6.8,2.8 4.6,4.8 6.9,6.4 5,8.5 3,7.8"
SERIOUS = ("serious", "critical")


def test_a_digit_drawn_with_the_mouse_is_read(browser_page: Opener) -> None:
    page = browser_page()
    assert said(page) == "Draw a digit: 0 to 9."
    draw(page, THREE)
    assert said(page).startswith("It is a 3: ")
    page.get_by_role("button", name="Undo").click()
    assert said(page) == "Draw a digit: 0 to 9."
    draw(page, "3,1.8 7,1.8 4.6,8.6")
    draw(page, "3.8,5 6.6,5")
    assert said(page).startswith("It is a 7: ")
    page.get_by_role("button", name="Clear").click()
    assert said(page) == "Draw a digit: 0 to 9."


def test_a_finger_draws_and_does_not_scroll(browser_page: Opener) -> None:
    page = browser_page(width=360, has_touch=True, is_mobile=True)
    box = page.locator("#pad").bounding_box()
    assert box
    fingers = page.context.new_cdp_session(page)
    places = [[float(part) / 10 for part in point.split(",")] for point in THREE.split()]
    for kind, (x, y) in zip(["touchStart", *["touchMove"] * (len(places) - 1)], places, strict=True):
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert said(page).startswith("It is a 3: ")
    assert page.evaluate("scrollY") == 0


def test_the_keyboard_draws(browser_page: Opener) -> None:
    page = browser_page()
    page.locator("#pad").focus()
    for key in ["ArrowUp"] * 8 + ["Shift+ArrowDown"] * 16:
        page.keyboard.press(key)
    assert said(page).startswith("It is a 1: ")
    page.keyboard.press("Backspace")
    page.keyboard.press(" ")
    assert said(page).startswith("Not sure: too little ink.")
    page.keyboard.press("Delete")
    assert said(page) == "Draw a digit: 0 to 9."


def test_a_link_brings_everything_back(browser_page: Opener) -> None:
    page = browser_page(models=("tiny", "cnn"), hash="model=cnn")
    draw(page, THREE)
    page.get_by_label("centred").uncheck()
    page.get_by_label("Least score").fill("0.25")
    before = said(page)
    expect(page).to_have_url(re.compile("drawing=.*limit=|limit=.*drawing="))
    other = browser_page(models=("tiny", "cnn"), hash=page.evaluate("location.hash.slice(1)"))
    assert said(other) == before
    assert other.locator("#model").input_value() == "cnn"
    assert not other.get_by_label("centred").is_checked()
    assert other.get_by_label("Least score").input_value() == "0.25"


def test_a_link_brings_the_zoom_back(browser_page: Opener) -> None:
    page = browser_page(hash="panel=inside")
    draw(page, THREE)
    page.get_by_role("button", name="Conv 2", exact=True).click()
    page.locator(".inside-main canvas").first.click(position={"x": 60, "y": 60})
    page.locator(".inside-main canvas").first.click(position={"x": 41, "y": 20})
    page.get_by_role("button", name="BatchNorm").click()
    expect(page).to_have_url(re.compile("inside=block%3A2%2Cunit%3A.*%2Cstep%3A1%2Cy%3A.*drawing="))
    before = page.locator(".inside-main").inner_text()
    other = browser_page(hash=page.evaluate("location.hash.slice(1)"))
    expect(other.locator(".inside-main h3")).to_have_text(page.locator(".inside-main h3").inner_text())
    assert other.locator(".inside-main").inner_text() == before
    other.get_by_role("button", name="All layers").click()
    expect(other).not_to_have_url(re.compile("inside="))


def test_a_link_brings_the_damage_back(browser_page: Opener) -> None:
    page = browser_page(
        hash="panel=break&damage=noise:0.3,seed:2,biases:0,off1:3.99&model=tiny", models=("tiny", "cnn")
    )
    draw(page, THREE)
    expect(page.get_by_label("Biases")).not_to_be_checked()
    expect(page.get_by_label("Noise")).to_have_value("0.3")
    page.get_by_label("Round weights").fill("2")
    page.get_by_role("button", name="Silence half of Conv 2").click()
    before = said(page)
    assert before.startswith("The broken network says: ")
    expect(page).to_have_url(re.compile("damage=noise%3A0.3%2Cseed%3A2%2Cbiases%3A0%2Cbits%3A7%2Coff.*drawing="))
    other = browser_page(hash=page.evaluate("location.hash.slice(1)"), models=("tiny", "cnn"))
    assert said(other) == before
    other.locator("#model").select_option("cnn")
    expect(other.get_by_role("button", name="Mend all")).to_be_disabled()
    expect(other).not_to_have_url(re.compile("damage="))


ODD = [
    "drawing=%%%", "model=nobody", "panel=none&limit=7&seed=x", "drawing=AAAAAA&steps=,",
    "panel=inside&inside=block:99", "panel=inside&inside=block:1,unit:2,y:50,x:3",
    "panel=break&damage=off1:x,noise:1e9,bits:x",
]  # fmt: skip


@pytest.mark.parametrize("link", ODD)
def test_a_damaged_link_still_opens(browser_page: Opener, link: str) -> None:
    page = browser_page(hash=link)
    draw(page, THREE)
    assert said(page).startswith("It is a 3: ")


def test_the_limit_can_be_dragged(browser_page: Opener) -> None:
    page = browser_page()
    draw(page, "3,2 7,2 7,8 3,8 3,2 7,8|3,8 7,2|5,1 5,9|2,5 8,5")
    score = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.bar .fill')].map((f) => parseFloat(f.style.width)))"
    )
    limit = page.get_by_label("Least score")
    limit.fill(str(min(round(score / 100 + 0.05, 2), 1)))
    assert said(page).startswith("Not sure: not like any digit seen. The score is below your limit")
    limit.fill("0")
    assert said(page).startswith("It is a ")


def panels(page: Page) -> list[str]:
    return [tab.get_attribute("id").removeprefix("tab-") for tab in page.get_by_role("tab").all()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1920])
def test_every_panel_is_accessible_and_fits(browser_page: Opener, width: int, scheme: str) -> None:
    page = browser_page(width=width, color_scheme=scheme)
    draw(page, THREE)
    for name in panels(page):
        page.locator(f"#tab-{name}").click()
        page.wait_for_timeout(300)
        found = Axe().run(page).response["violations"]
        assert not [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize("model", ["cnn", "mlp"])
def test_every_panel_works_for_every_kind_of_model(browser_page: Opener, model: str) -> None:
    page = browser_page(models=(model,))
    for name in panels(page):
        page.locator(f"#tab-{name}").click()
        draw(page, THREE)
        assert said(page).startswith("It is a 3: ")
        page.get_by_role("button", name="Clear").first.click()
        assert page.locator("#panel").inner_text()
