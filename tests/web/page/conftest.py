"""The exported page in headless Chromium: opened from a file, with no server and no network."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from handgrad.model.shipped import pretrained
from handgrad.web.export import page_file

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# No sandbox since containers have none; the others keep the browser from calling its maker.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
Opener = Callable[..., Page]
expect.set_options(timeout=20_000)  # milliseconds: busy machines answer late


@pytest.fixture(scope="module")  # the driver's event loop runs in this thread, and other tests start one of their own
def chromium() -> Iterator[Browser]:
    """A browser of this machine. Without one, these tests are skipped, but fail where CI asks for them."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        tell = pytest.fail if os.environ.get("CI") else pytest.skip
        tell(f"no browser: expected one of {', '.join(BROWSERS)}; install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=[*FLAGS])
        yield browser
        browser.close()


@cache
def exported(models: tuple[str, ...]) -> str:
    """The page with shipped models inside."""
    return page_file({name: pretrained(name) for name in models})


@pytest.fixture
def browser_page(chromium: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Opens the exported page: `browser_page(hash="panel=saw", models=("tiny",), width=1280, **context_options)`.

    The answer to the first drawing is there when it returns. At the end, an error on the page's console and a request
    to anywhere but the page itself fail the test.
    """
    troubles: list[str] = []
    with ExitStack() as stack:

        def opened(hash: str = "", models: tuple[str, ...] = ("tiny",), width: int = 1280, **options: Any) -> Page:
            file = tmp_path / f"{'-'.join(models)}.html"
            file.write_text(exported(models), encoding="utf-8")
            context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
            stack.callback(context.close)
            context.set_default_timeout(20_000)
            page = context.new_page()
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
            page.on("request", lambda asked: troubles.append(asked.url) if is_outside(asked.url) else None)
            page.goto(file.as_uri() + (f"#{hash}" if hash else ""))
            expect(page.locator("#reason")).not_to_be_empty()
            return page

        yield opened
    assert not troubles


def is_outside(url: str) -> bool:
    """Whether a request leaves the page's own file and what it holds in memory."""
    return not url.startswith(("file:", "data:", "blob:"))


def draw(page: Page, strokes: str) -> None:
    """Draw with the mouse: points "x,y" in tenths of the pad's side, strokes apart by |."""
    box = page.locator("#pad").bounding_box()
    assert box
    for stroke in strokes.split("|"):
        places = [[float(part) * box["width"] / 10 for part in point.split(",")] for point in stroke.split()]
        for i, (x, y) in enumerate(places):
            page.mouse.move(box["x"] + x, box["y"] + y, steps=4 if i else 1)
            if i == 0:
                page.mouse.down()
        page.mouse.up()


def said(page: Page) -> str:
    """The sentence below the bars, once the page has answered what was drawn last."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")
    return str(page.locator("#reason").text_content())
