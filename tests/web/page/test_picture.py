"""Pictures on the pad: their ink is found and read in the exported file; a server reads them where there is one."""

import json
import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from handgrad.model.shipped import model_file, pretrained
from handgrad.reading.reader import read_page
from handgrad.web.bundle import page as page_html
from handgrad.web.stored import stored_images

from .conftest import Opener, said

pytestmark = pytest.mark.process
CELL = 90  # pixels of a digit's place on a picture
LEAST_RIGHT = 0.97  # of digits under shadows and noise


def picture(lines: Sequence[str], seed: int = 0, light: bool = False, size: int = CELL) -> bytes:
    """A photo of lines of validation digits: on paper in uneven light, with noise; or in light ink on dark."""
    rng, images = np.random.default_rng(seed), stored_images()[0]
    ink = np.zeros((size * len(lines) + size, size * max(map(len, lines)) + size))
    for row, line in enumerate(lines):
        for column, digit in enumerate(line):
            one = images.pixels[rng.choice(np.flatnonzero(images.labels == int(digit)))].reshape(28, 28)
            side = size * 9 // 10
            top, left = size // 2 + row * size, size // 2 + column * size
            ink[top : top + side, left : left + side] = np.asarray(Image.fromarray(one).resize((side, side))) / 255
    across, down = np.linspace(0, 1, ink.shape[1]), np.linspace(0, 1, ink.shape[0])[:, None]
    levels = (150 + 70 * across - 30 * down) * (1 - 0.7 * ink) + rng.normal(0, 2, ink.shape)
    levels = 255 - levels if light else levels
    return png(levels)


def png(levels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def give(page: Page, data: bytes, name: str = "photo.png", mime: str = "image/png") -> None:
    page.locator("#draw input[type=file]").first.set_input_files([FilePayload(name=name, mimeType=mime, buffer=data)])


@pytest.mark.parametrize("light", [False, True])
def test_a_picture_of_one_digit_comes_to_the_pad(browser_page: Opener, light: bool) -> None:
    page = browser_page(models=("robust",))
    for digit in "35":
        give(page, picture([digit], light=light))
        expect(page.locator("#digit")).to_have_text(digit)
    assert page.locator("#tab-saw").get_attribute("aria-selected") == "true"


def test_a_picture_is_turned_as_its_camera_says_and_what_is_transparent_is_paper(browser_page: Opener) -> None:
    page, photo = browser_page(models=("robust",)), Image.open(BytesIO(picture("4")))
    exif, turned = Image.Exif(), BytesIO()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees clockwise
    photo.transpose(Image.Transpose.ROTATE_90).save(turned, "JPEG", exif=exif, quality=95)
    give(page, turned.getvalue(), "turned.jpg", "image/jpeg")
    expect(page.locator("#digit")).to_have_text("4")
    for digit, colour in (("7", (0, 0, 0, 0)), ("5", (255, 255, 255, 0))):  # dark ink, light ink
        drawn, cut_out = Image.open(BytesIO(picture(digit))), BytesIO()
        clear = Image.new("RGBA", drawn.size, colour)
        clear.putalpha(drawn.point(lambda level: 255 if level < 100 else 0))
        clear.save(cut_out, "PNG")
        give(page, cut_out.getvalue(), f"clear-{digit}.png")
        expect(page.locator("#digit")).to_have_text(digit)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1920])
def test_the_photo_is_accessible_and_fits(browser_page: Opener, width: int, scheme: str) -> None:
    page = browser_page(models=("robust",), width=width, color_scheme=scheme)
    give(page, picture(["2468", "1357"]))
    expect(page.locator("#photo-text")).to_have_value("2468\n1357")
    found = Axe().run(page).response["violations"]
    assert not [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_small_and_large_pictures_are_read(browser_page: Opener) -> None:
    page = browser_page(models=("robust",))
    for digit, size in (("2", 28), ("8", 400), ("6", 1500)):
        give(page, picture([digit], size=size))
        expect(page.locator("#digit")).to_have_text(digit)


def test_several_digits_open_the_photo(browser_page: Opener) -> None:
    page = browser_page(models=("robust",))
    give(page, picture(["31415", "92653"]))
    expect(page.locator("#photo-text")).to_have_value("31415\n92653")
    boxes = page.locator(".photo-box")
    assert boxes.all_inner_texts() == [*"3141592653"]
    boxes.nth(2).click()
    assert said(page).startswith("It is a 4: ")
    page.get_by_role("button", name="Line 2, 1: 9").click()
    assert said(page).startswith("It is a 9: ")
    assert boxes.nth(5).get_attribute("aria-pressed") == "true"
    assert boxes.nth(2).get_attribute("aria-pressed") == "false"


def test_the_ink_is_that_of_many_pictures(browser_page: Opener) -> None:
    page, rng, right = browser_page(models=("robust",)), np.random.default_rng(1), 0
    for seed in range(10):
        lines = ["".join(map(str, rng.integers(0, 10, 5))) for _ in range(2)]
        give(page, picture(lines, seed, light=seed % 2 == 1), f"{seed}.png")
        expect(page.locator(".photo-frame canvas")).to_have_attribute(
            "aria-label", f"{seed}.png, with a box around each digit"
        )
        found = page.locator("#photo-text").input_value().split("\n")
        if [*map(len, found)] == [5, 5]:
            right += sum(a == b for a, b in zip("".join(found), "".join(lines), strict=True))
    assert right >= LEAST_RIGHT * 100


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b"no picture", "notes.txt", "notes.txt: this browser cannot read it as a picture; save it as PNG"),
        (b"", "nothing.png", "nothing.png: this browser cannot read it"),
        (png(np.full((60, 80), 200)), "blank.png", "blank.png: no ink was found"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_told(browser_page: Opener, data: bytes, name: str, told: str) -> None:
    page = browser_page()
    give(page, data, name)
    expect(page.locator("#message")).to_contain_text(told)


def test_a_picture_is_dropped_and_pasted(browser_page: Opener) -> None:
    page = browser_page(models=("robust",))
    for event, holder, digit in (("drop", "dataTransfer", "4"), ("paste", "clipboardData", "7")):
        page.evaluate(
            """([event, holder, bytes]) => {
              const given = new DataTransfer();
              given.items.add(new File([Uint8Array.from(bytes)], "it.png", { type: "image/png" }));
              const made = event === "drop" ? new DragEvent(event, { [holder]: given, bubbles: true, cancelable: true })
                : new ClipboardEvent(event, { [holder]: given, bubbles: true });
              document.getElementById("pad").dispatchEvent(made);
            }""",
            [event, holder, [*picture([digit])]],
        )
        expect(page.locator("#digit")).to_have_text(digit)


def test_a_phone_can_photograph(browser_page: Opener) -> None:
    page = browser_page(width=360, has_touch=True, is_mobile=True)
    assert page.locator("input[capture=environment]").count() == 1
    assert browser_page().locator("input[capture]").count() == 0


@pytest.fixture
def served(chromium: Browser) -> Page:
    """The page as a server would send it; `POST api/read` is answered by handgrad itself."""
    html = page_html(["tiny"])

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path == "/":
            route.fulfill(body=html.text, content_type="text/html", headers={"Content-Security-Policy": html.policy})
        elif path.startswith("/models/"):
            route.fulfill(path=model_file(Path(path).stem))
        else:
            route.fulfill(**read(route.request.post_data_buffer or b""))

    page = chromium.new_page()
    page.route("http://handgrad.test/**", answer)
    page.goto("http://handgrad.test/")
    expect(page.locator("#reason")).not_to_be_empty()
    return page


def read(data: bytes) -> dict[str, object]:
    if data == b"odd":
        problem = {"title": "Unprocessable", "status": 422, "detail": "picture: not one that can be read; give a PNG"}
        return {"status": 422, "body": json.dumps(problem), "content_type": "application/problem+json"}
    answers = read_page(data, pretrained("robust"))
    height, width = (round(side * answers.picture.scale) for side in answers.picture.grey.shape)
    return {
        "body": json.dumps({**answers.to_json(), "width": width, "height": height}),
        "content_type": "application/json",
    }


def test_the_server_reads_pages(served: Page) -> None:
    data = picture(["2718", "2818"], size=300)  # more than the 1,024 pixels that the page keeps of it
    give(served, data)
    expect(served.locator("#photo-text")).to_have_value("2718\n2818")
    canvas, (width, height) = served.locator(".photo-frame canvas"), Image.open(BytesIO(data)).size
    assert canvas.get_attribute("width") == "1024" and width > 1024
    box = read_page(data, pretrained("robust")).lines[0][1].box
    style = served.locator(".photo-box").nth(1).get_attribute("style") or ""
    shares = [float(part) for part in re.findall(r"([0-9.]+)%", style)]
    np.testing.assert_allclose(shares, 100 * np.array(box) / [width, height, width, height], atol=0.1)
    served.get_by_role("button", name="Line 1, 2: 7").click()
    assert said(served).startswith("It is a 7: ")


def test_a_problem_of_the_server_is_told(served: Page) -> None:
    give(served, b"odd", "odd.heic", "image/heic")
    expect(served.locator("#message")).to_have_text("picture: not one that can be read; give a PNG")
