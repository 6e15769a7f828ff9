"""The panel Inside: from all layers down to one multiplication, by mouse and keyboard, and drawings compared."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from handgrad.model.model import Model
from handgrad.model.shipped import pretrained
from handgrad.nn.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Ensemble,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
)  # fmt: skip
from handgrad.nn.network import Network
from handgrad.web.stored import stored_images

from .conftest import Opener, draw
from .inpage import file_of, put

pytestmark = pytest.mark.process
TWO, SEVEN = "3,3 5,2 6,3 5,5 3,8 7,8", "3,2 7,2 4.5,8.5"


def layer(page: Page, name: str) -> Locator:
    """The row of a layer among all of them."""
    return page.locator(".inside-layers > li").filter(has=page.get_by_role("button", name=name, exact=True))


def canvas(page: Page) -> Locator:
    return page.locator(".inside-main canvas").first


def number(text: str) -> float:
    return float(text.replace("\u2212", "-"))


@pytest.mark.parametrize("name", ["tiny", "cnn", "robust", "mlp"])
def test_all_layers_are_shown_with_shape_and_weights(browser_page: Opener, name: str) -> None:
    page, network = browser_page("panel=inside", models=(name,)), pretrained(name).network
    rows = page.locator(".inside-layers > li").all_text_contents()
    assert len(rows) == 1 + sum(isinstance(each, (Conv, Dense, GlobalAveragePool)) for each in network.layers)
    told = [int(found[1].replace(",", "")) for row in rows if (found := re.search(r"([\d,]+) weights", row))]
    assert sum(told) == sum(map(network.count, range(len(network.layers))))
    assert "28x28x1" in rows[0]


def test_pointing_at_a_pixel_frames_what_it_sees(browser_page: Opener) -> None:
    page = browser_page("panel=inside", models=("cnn",))
    draw(page, TWO)
    layer(page, "Conv 1").locator("canvas").first.hover(position={"x": 2, "y": 2})
    readout = page.locator(".inside-readout")
    expect(readout).to_contain_text("Conv 1 after ReLU, channel 0, row 0, column 0: ")
    expect(readout).to_contain_text("It depends on 6x6 pixels, rows 0 to 5, columns 0 to 5.")
    page.mouse.move(5, 5)
    expect(readout).to_contain_text("Point at a pixel")


def test_the_numbers_of_a_unit_are_pythons(browser_page: Opener) -> None:
    page, model = browser_page("panel=inside", models=("mlp",)), pretrained("mlp")
    image = stored_images()[0].pixels[7]
    put(page, image)
    page.get_by_role("button", name="Dense 1", exact=True).click()
    canvas(page).click(position={"x": 5, "y": 20})
    expect(page.get_by_role("heading", name="Dense 1, unit 0")).to_be_focused()
    weights = model.network.layout.view(model.network.theta, "1.w")[:, 0]
    bias = model.network.layout.view(model.network.theta, "1.b")[0]
    x = np.zeros((1, 28, 28, 1), np.float32)
    model.preprocess(image[None, ..., None] if image.ndim == 2 else image[None], x)
    products = x.ravel() * weights
    rows = page.locator(".inside-sum tbody tr").all()
    told = [number(row.locator("td").last.inner_text()) for row in rows]
    largest = products[np.argsort(-np.abs(products))[:12]]
    np.testing.assert_allclose(np.sort(told[:12]), np.sort(largest), rtol=6e-3)
    assert np.all(np.diff(np.abs(told[:12])) <= 0)
    assert told[12] == pytest.approx(products.sum() - largest.sum(), rel=2e-2)
    assert told[13] == pytest.approx(bias, rel=6e-2)
    assert told[14] == pytest.approx(products.sum() + bias, rel=6e-3)


def test_a_term_leads_to_the_unit_that_it_came_from(browser_page: Opener) -> None:
    page = browser_page("panel=inside")
    draw(page, TWO)
    page.get_by_role("button", name="Conv 4", exact=True).click()
    canvas(page).click(position={"x": 60, "y": 60})
    expect(page.get_by_role("heading", name="Conv 4, channel 0")).to_be_visible()
    term = page.locator(".inside-sum tbody tr").first
    value, link = term.locator("td").nth(1).inner_text(), term.get_by_role("button")
    found = re.fullmatch(r"channel (\d+) \((\d+), (\d+)\)", link.inner_text())
    assert found
    link.click()
    expect(page.get_by_role("heading", name=f"Conv 3, channel {found[1]}")).to_be_visible()
    where = f"Row {found[2]}, column {found[3]}: {value}"
    expect(page.locator(".inside-unit p").filter(has_text=where)).to_be_visible()


def test_the_keyboard_goes_all_the_way_in_and_out(browser_page: Opener) -> None:
    page = browser_page("panel=inside")
    draw(page, TWO)
    page.get_by_role("button", name="Conv 2", exact=True).press("Enter")
    page.get_by_role("group", name="Step of the layer").get_by_role("button", name="ReLU").focus()
    page.keyboard.press("Tab")
    expect(canvas(page)).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".inside-readout")).to_contain_text("Conv 2 after ReLU, channel 1, row 1, column 0: ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Conv 2, channel 1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Conv 2", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="All layers of tiny")).to_be_focused()


def test_each_step_of_a_layer_can_be_looked_at(browser_page: Opener) -> None:
    page = browser_page("panel=inside")
    draw(page, TWO)
    page.get_by_role("button", name="Conv 1", exact=True).click()
    steps = page.get_by_role("group", name="Step of the layer").get_by_role("button")
    assert steps.all_text_contents() == ["Conv", "BatchNorm", "MaxPool", "ReLU"]
    about = page.locator(".inside-main p").first
    expect(about).to_contain_text("14x14x8")
    steps.first.click()
    expect(about).to_contain_text("28x28x8")
    expect(steps.first).to_have_attribute("aria-pressed", "true")


def test_a_pinned_drawing_stays_beside_the_next_one(browser_page: Opener) -> None:
    page = browser_page("panel=inside", models=("tiny", "mlp"))
    draw(page, TWO)
    page.get_by_role("button", name="Pin this drawing").click()
    pinned = page.get_by_role("img", name="The pinned image")
    before = pinned.evaluate("(canvas) => canvas.toDataURL()")
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    assert pinned.evaluate("(canvas) => canvas.toDataURL()") == before
    drawn = page.get_by_role("img", name="The image that the network gets")
    assert drawn.evaluate("(canvas) => canvas.toDataURL()") != before
    expect(layer(page, "Conv 1").locator("canvas")).to_have_count(2)
    page.get_by_role("button", name="Difference").click()
    expect(layer(page, "Conv 1").locator("canvas").last).to_be_hidden()
    expect(layer(page, "Conv 1")).to_contain_text("now less pinned")
    page.locator("#model").select_option("mlp")  # the drawing stays pinned, for another network
    expect(layer(page, "Dense 1")).to_contain_text("now less pinned")
    page.get_by_role("button", name="Unpin").click()
    expect(layer(page, "Dense 1").get_by_text("pinned").filter(visible=True)).to_have_count(0)


def test_it_follows_the_pen(browser_page: Opener) -> None:
    page = browser_page("panel=inside", models=("cnn",))
    shown = layer(page, "Conv 1").locator("canvas").first
    pictures = set()
    for stroke in TWO.split(" 5,5 "):
        draw(page, stroke)
        page.wait_for_timeout(200)
        pictures.add(shown.evaluate("(canvas) => canvas.toDataURL()"))
    assert len(pictures) == 2


MEMBER = (Conv(3), MaxPool(), ReLU(), GlobalAveragePool(), Dense(10))
UNUSUAL = {
    "residual": ((Conv(4, stride=2), Residual((Conv(4), BatchNorm(), ReLU())), ReLU(), MaxPool(), Flatten(), Dense(10)),
                 ["Image", "Conv 1", "residual 1, Conv 2", "Residual", "Dense"]),
    "ensemble": ((Ensemble((Sequential(MEMBER), Sequential(MEMBER))),),
                 ["Image", "member 1, Conv 1", "member 1, Global average pool 1", "member 1, Dense 1",
                  "member 2, Conv 2", "member 2, Global average pool 2", "member 2, Dense 2", "Ensemble"]),
    "early": ((MaxPool(), Flatten(), BatchNorm(), Dropout(0.5), Dense(8), ReLU(), Residual((Dense(8),)), Dense(10)),
              ["Image", "Dense 1", "residual 1, Dense 2", "Residual", "Dense 3"]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_model_of_any_layers_opens_down_to_its_sums(browser_page: Opener, name: str) -> None:
    layers, titles = UNUSUAL[name]
    page = browser_page("panel=inside")
    choose_own(page, layers)
    draw(page, TWO)
    assert page.locator(".inside-name").all_text_contents() == titles
    for title in titles:
        page.get_by_role("button", name=title, exact=True).click()
        for step in page.get_by_role("group", name="Step of the layer").get_by_role("button").all()[::-1]:
            step.click()
        canvas(page).click(position={"x": 8, "y": 8})
        expect(page.locator(".inside-steps li").first).to_contain_text("=")
        expect(page.locator(".inside-unit h4").filter(has_text="The sum")).to_be_visible(visible=title != "Image")
        page.get_by_role("button", name="All layers").click()


def choose_own(page: Page, layers: tuple[Layer, ...]) -> None:
    """Give the page the file of an untrained model, and choose that."""
    model = Model(Network(layers, (28, 28, 1), seed=1), pretrained("cnn").preprocess, "0123456789")
    page.evaluate(
        """async (bytes) => {
          const name = await modules["parts/data.js"].addModel(new Blob([Uint8Array.from(bytes)]));
          modules["parts/state.js"].change({ model: name });
        }""",
        list(file_of(model)),
    )
    expect(page.get_by_role("heading", name="All layers of model")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_the_way_of_anybody(browser_page: Opener, width: int, scheme: str) -> None:
    page = browser_page("panel=inside", width=width, color_scheme=scheme)
    draw(page, TWO)
    check(page)
    page.get_by_role("button", name="Conv 2", exact=True).click()
    check(page)
    canvas(page).click(position={"x": 40, "y": 40})
    check(page)


def check(page: Page) -> None:
    """No serious finding of axe, and nothing wider than the page."""
    page.wait_for_timeout(300)  # the view has grown
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not found, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
