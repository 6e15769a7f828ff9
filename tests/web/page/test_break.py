"""The panel Break it: damage shows in the answer and in the accuracy, and can be undone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from handgrad.model.shipped import pretrained
from handgrad.web.stored import stored_images

from .conftest import Opener, draw, said
from .test_inside import check

pytestmark = pytest.mark.process
TWO = "3,3 5,2 6,3 5,5 3,8 7,8"
PATIENCE = 60_000  # milliseconds: counting on a busy machine


def result(page: Page, network: str) -> Locator:
    return page.get_by_role("row", name=re.compile(f"^{network} "))


def right(page: Page, network: str) -> int:
    """How many of the 200 digits a network reads, once all are counted."""
    cell = result(page, network).locator("td").last
    expect(cell).to_have_text(re.compile(r"^\d+ right"), timeout=PATIENCE)
    return int(cell.inner_text().split()[0])


def move(page: Page, label: str, value: float) -> None:
    page.get_by_label(label).evaluate("(it, to) => { it.value = to; it.dispatchEvent(new Event('input')) }", value)


@pytest.mark.parametrize("name", ["tiny", "mlp"])
def test_the_accuracy_of_the_whole_network_is_pythons(browser_page: Opener, name: str) -> None:
    page, images = browser_page("panel=break", models=(name,)), stored_images()[0]
    expected = int((pretrained(name).predict(images.pixels) == images.labels).sum())
    assert (right(page, "whole"), right(page, "broken")) == (expected, expected)


def test_a_silenced_layer_is_seen_on_the_pad_and_mended(browser_page: Opener) -> None:
    page = browser_page("panel=break")
    draw(page, TWO)
    whole = said(page)
    page.get_by_role("button", name="Silence all of Conv 3").click()
    assert said(page).startswith("The broken network says: ")
    assert said(page) != f"The broken network says: {whole}"
    assert right(page, "broken") < 60 < right(page, "whole")
    page.get_by_role("button", name="Undo damage").click()
    assert said(page) == whole
    assert right(page, "broken") == right(page, "whole")


def test_a_channel_is_silenced_by_a_click_and_given_back_by_another(browser_page: Opener) -> None:
    page = browser_page("panel=break")
    draw(page, TWO)
    row = page.locator(".break-layers > li").filter(has_text="Conv 2")
    for silenced in ("1 of 16 channels silenced", "16 channels"):
        row.locator("canvas").click(position={"x": 10, "y": 10})
        expect(row).to_contain_text(silenced)
    row.locator("canvas").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("1 of 16 channels silenced")
    expect(row).to_contain_text("channel 1, silenced")


def test_a_dragged_slider_is_one_step_of_undo(browser_page: Opener) -> None:
    page = browser_page("panel=break")
    draw(page, TWO)
    page.get_by_label("Biases").uncheck()
    for noise in (0.5, 1, 1.5):
        move(page, "Noise", noise)
    expect(page.get_by_text("150 %")).to_be_visible()
    undo = page.get_by_role("button", name="Undo damage")
    undo.click()
    expect(page.get_by_label("Noise")).to_have_value("0")
    expect(page.get_by_label("Biases")).not_to_be_checked()
    undo.click()
    expect(page.get_by_label("Biases")).to_be_checked()
    expect(undo).to_be_disabled()


def test_counting_begins_anew_while_one_goes_on(browser_page: Opener) -> None:
    page = browser_page("panel=break")
    for bits in range(1, 8):
        move(page, "Round weights", bits)
        page.wait_for_timeout(60)
    expect(page.get_by_text("int2", exact=True)).to_be_visible()
    whole = right(page, "whole")
    assert right(page, "broken") < whole
    page.get_by_role("button", name="Mend all").click()
    mended = result(page, "broken").locator("td").last
    expect(mended).to_have_text(re.compile(f"^{whole} right"), timeout=PATIENCE)


def test_other_panels_have_the_whole_network(browser_page: Opener) -> None:
    page = browser_page("panel=break", models=("tiny", "mlp"))
    draw(page, TWO)
    whole = said(page)
    page.get_by_role("button", name="Silence all of Dense").click()
    broken = said(page)
    page.get_by_role("tab", name="What it saw").click()
    assert said(page) == whole != broken
    page.get_by_role("tab", name="Break it").click()
    page.wait_for_timeout(300)
    assert said(page) == broken
    page.locator("#model").select_option("mlp")  # another model is whole
    page.wait_for_timeout(500)
    assert said(page).startswith("It is a 2")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_the_way_of_anybody(browser_page: Opener, width: int, scheme: str) -> None:
    page = browser_page("panel=break", width=width, color_scheme=scheme)
    draw(page, TWO)
    page.get_by_role("button", name="Silence half of Conv 2").click()
    check(page)
