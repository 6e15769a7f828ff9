"""The user's own digits: collected, judged, kept, and exported for `handgrad tune`."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from handgrad.errors import UserError
from handgrad.model.shipped import pretrained
from handgrad.reading.normalise import Digits
from handgrad.training.tune import load_own

from .conftest import Opener, draw

pytestmark = pytest.mark.process
THREE, SEVEN = "3,1.8 5,1.4 6.8,2.8 4.6,4.8 6.9,6.4 5,8.5 3,7.8", "3,1.8 7,1.8 4.6,8.6"


def add(page: Page, strokes: str, label: str) -> None:
    page.get_by_role("button", name="Clear").click()
    draw(page, strokes)
    page.get_by_role("button", name=f"It is a {label}").click()


def test_digits_are_kept_and_judged(browser_page: Opener) -> None:
    page = browser_page(hash="panel=yours", models=("tiny", "cnn"))
    page.get_by_role("button", name="It is a 3").click()
    expect(page.locator("#message")).to_have_text("The pad is blank: draw a digit first.")
    add(page, THREE, "3")
    add(page, SEVEN, "1")
    expect(page.locator("#panel [role=status]")).to_have_text("tiny reads 1 of your 2 digits right (50 %).")
    expect(page.locator(".yours-wrong")).to_contain_text("✗ read as 7")
    page.reload()
    expect(page.locator(".yours-list li")).to_have_count(2)
    page.locator("#model").select_option("cnn")
    expect(page.locator("#panel [role=status]")).to_contain_text("cnn reads 1 of your 2")
    page.get_by_role("button", name="Put this 3 on the pad").click()
    expect(page.locator("#digit")).to_have_text("3")
    page.get_by_role("button", name="Delete this 1").click()
    expect(page.locator(".yours-list li")).to_have_count(1)
    page.get_by_role("button", name="Delete all").click()
    page.get_by_role("button", name="for good?").click()
    expect(page.locator(".yours-list li")).to_have_count(0)
    page.reload()
    expect(page.locator("#panel [role=status]")).to_have_text("None is kept yet.")


def test_what_is_exported_is_what_tune_takes(browser_page: Opener, tmp_path: Path) -> None:
    page = browser_page(hash="panel=yours")
    for k in range(6):
        add(page, " ".join(f"{float(x) + k / 8},{y}" for x, y in (point.split(",") for point in THREE.split())), "3")
        add(page, SEVEN, "7")
    page.evaluate("""async () => {
        const { change } = modules["parts/state.js"], digits = await modules["parts/data.js"].digits();
        change({ drawing: { strokes: [], base: digits.valid.image(4) } });
    }""")
    page.get_by_role("button", name="It is a 4").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="as a zip file").click()
    assert download.value.suggested_filename == "my-digits.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "my-digits")
    own = load_own(tmp_path / "my-digits", pretrained("tiny"))
    labels = sorted([*own.learn.labels, *own.held.labels])
    assert labels == [3] * 6 + [4] + [7] * 6
    assert own.failed == ()
    for folder in (tmp_path / "my-digits").iterdir():
        seen = np.stack([Digits()(file) for file in folder.iterdir()])
        assert {*pretrained("cnn").predict(seen).tolist()} == {int(folder.name)}


def test_a_check_sum_is_that_of_zlib(browser_page: Opener) -> None:
    import zlib

    data = np.random.default_rng(0).integers(0, 256, 1000).astype(np.uint8).tobytes()
    found = browser_page().evaluate("(bytes) => modules['core/zip.js'].crc32(Uint8Array.from(bytes))", [*data])
    assert found == zlib.crc32(data)


def test_too_few_digits_are_told_before_tune_does(browser_page: Opener, tmp_path: Path) -> None:
    page = browser_page(hash="panel=yours")
    add(page, THREE, "3")
    expect(page.locator("#panel")).to_contain_text("It wants 10 digits or more: 9 to go.")
    (tmp_path / "3").mkdir()
    with pytest.raises(UserError, match="expected 10 or more"):
        load_own(tmp_path, pretrained("tiny"))


def test_a_browser_that_stores_nothing_is_no_fault(browser_page: Opener) -> None:
    page = browser_page()
    page.evaluate("Object.defineProperty(globalThis, 'localStorage', { get() { throw new Error('denied'); } })")
    page.get_by_role("tab", name="Your digits").click()
    add(page, THREE, "3")
    expect(page.locator("#message")).to_contain_text("Kept until this page is closed")
    expect(page.locator(".yours-list li")).to_have_count(1)
