"""Draw a digit on the exported page, and photograph its panels: the pictures of docs/page.md."""

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from handgrad.model.shipped import pretrained
from handgrad.web.export import page_file

DOCS = Path(__file__).parent
SIZE = {"width": 1280, "height": 860}
SHOWN = 900, 605  # pixels of a picture in the docs
COLOURS = 256
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SEVEN = ((3, 2), (5, 1.8), (7.2, 1.7), (5.8, 5), (4.6, 8.6)), ((4, 5.3), (6.8, 4.9))  # tenths of the pad
LEARNT = "() => (modules['parts/training.js'].training()?.last?.step ?? 0) > 300"
PANELS = ("inside", "break", "why", "similar", "learn", "test")
SECONDS = 6  # until a panel's worker has answered


def draw(page: Page) -> None:
    """Draw a 7 with a bar."""
    box = page.locator("#pad").bounding_box()
    assert box
    for stroke in SEVEN:
        for i, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"] / 10, box["y"] + y * box["height"] / 10, steps=6 if i else 1)
            if i == 0:
                page.mouse.down()
        page.mouse.up()


def photograph(page: Page, panel: str) -> None:
    """Open a panel, let it work, and keep a picture."""
    page.locator(f"#tab-{panel}").click()
    if panel == "learn":
        page.get_by_role("button", name="Start", exact=True).click()
        page.wait_for_function(LEARNT)
        page.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_timeout(1000 * SECONDS)
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB").resize(SHOWN, Image.Resampling.LANCZOS)
    shot.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(DOCS / f"page-{panel}.png", optimize=True)


def main() -> None:
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page_file({"robust": pretrained("robust"), "cnn": pretrained("cnn")}), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(viewport=SIZE, bypass_csp=True).new_page()
        page.goto(file.as_uri())
        draw(page)
        for panel in PANELS:
            photograph(page, panel)
        browser.close()


if __name__ == "__main__":
    main()
