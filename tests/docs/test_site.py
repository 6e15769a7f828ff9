"""The site builds without a warning, and its pages fit a narrow screen."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from docs.pages import ROOT

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
NARROW = {"width": 360, "height": 800}
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FETCHED = "[...document.querySelectorAll('script[src], link[rel=stylesheet]')].map(e => e.src || e.href)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    source = made / "checkout"  # what Sphinx writes beside the pages stays out of the checkout
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "_build", "generated", "runs", "results"))
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", source / "docs", made / "html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return made / "html"


@pytest.mark.slow
@pytest.mark.process
def test_pages_fit_a_narrow_screen_and_fetch_nothing(site: Path) -> None:
    pages = [page for page in sorted(site.rglob("*.html")) if "_modules" not in page.parts]
    assert len(pages) > 40
    wide, fetched = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        tab = browser.new_context(viewport=NARROW).new_page()
        for page in pages:
            tab.goto(page.as_uri())
            wide += [page.name] if tab.evaluate(WIDER) else []
            fetched += [address for address in tab.evaluate(FETCHED) if not address.startswith("file:")]
        browser.close()
    assert not wide
    assert not fetched


@pytest.mark.slow
@pytest.mark.process
def test_links_of_the_pages_lead_to_files(site: Path) -> None:
    for page in site.glob("*.html"):
        for link in re.findall(r'href="([^"#?:]+)[^":]*"', page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
