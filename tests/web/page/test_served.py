"""The page of a server: what it asks Python for."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from command import wait_for
from handgrad.datasets import load
from handgrad.model.shipped import pretrained
from handgrad.web import tuning
from handgrad.web.settings import Settings
from web.conftest import listening
from web.quick import tune_quickly
from web.test_live import ready

from .test_inside import check

pytestmark = pytest.mark.process
COLLECT = """async (count) => {
  const { valid } = await modules["parts/data.js"].digits();
  modules["parts/collection.js"].collect(Array.from({ length: count }, (_, i) => (
    { label: String(valid.labels[i]), drawing: { strokes: [], base: valid.image(i) } })));
}"""


@pytest.fixture
def served(chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The page of a server with `tiny`, which tunes quickly."""
    monkeypatch.setattr(tuning, "_tune", tune_quickly)
    troubles: list[str] = []
    with listening(Settings(("tiny",))) as port:
        wait_for(lambda: ready(port))
        page = chromium.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.locator("#reason")).not_to_be_empty()
        yield page
        page.close()
    assert not troubles


def test_the_server_tunes_and_the_page_goes_on_with_what_came_out(served: Page) -> None:
    served.evaluate(COLLECT, 9)
    served.get_by_role("tab", name="Your digits").click()
    expect(served.get_by_role("button", name="Teach 9 digits to tiny")).to_be_disabled()
    served.get_by_role("tab", name="Similar").click()
    served.evaluate(COLLECT, 12)
    served.get_by_role("tab", name="Your digits").click()
    served.get_by_role("button", name="Teach 12 digits to tiny").click()
    expect(served.locator(".yours-tune")).to_contain_text("tiny learns 12 digits")
    check(served)
    expect(served.locator(".yours-tune")).to_contain_text("what came of it is called tiny-tuned", timeout=120_000)
    rows = served.locator(".yours-shares tbody tr")
    assert rows.nth(0).inner_text().startswith("2 of your digits, kept back")
    assert all(float(cell.rstrip(" %")) > 90 for cell in rows.nth(1).locator("td").all_inner_texts())
    check(served)
    with served.expect_download() as download:
        served.get_by_role("button", name="Save it as a file").click()
    assert download.value.suggested_filename == "tiny-tuned.safetensors"
    served.get_by_role("button", name="Use tiny-tuned").click()
    expect(served.locator("#model")).to_have_value("tiny-tuned")
    expect(served.locator("#panel [role=status]").first).to_contain_text("tiny-tuned reads")
    served.reload()
    expect(served.locator("#model option")).to_have_text(["tiny", "tiny-tuned"])


def test_a_tuning_is_ended(served: Page) -> None:
    served.evaluate(COLLECT, 12)
    served.get_by_role("tab", name="Your digits").click()
    served.get_by_role("button", name="Teach 12 digits to tiny").click()
    served.get_by_role("button", name="End it").click()
    expect(served.locator(".yours-tune")).to_contain_text("was ended; nothing has changed")
    expect(served.get_by_role("button", name="Teach 12 digits to tiny")).to_be_enabled()


def test_all_test_images_are_read_by_the_server(served: Page) -> None:
    test = load("mnist").test
    assert test
    scores = pretrained("tiny").scores(test.pixels)
    best, answered = scores.argmax(axis=1), pretrained("tiny").answered(scores)
    served.get_by_role("tab", name="Test set").click()
    served.get_by_label("All of MNIST's 10,000 test images").check()
    right = int((best == test.labels).sum())
    expect(served.locator("#panel")).to_contain_text(f"right for {right} of 10000. It answers {answered.sum()}")
    expect(served.get_by_label("Turn", exact=False)).to_be_disabled()
    check(served)
    wrong = np.flatnonzero(answered & (best != test.labels))[0]
    served.get_by_role("button", name=f"{test.labels[wrong]} read as {best[wrong]}: ").click()
    served.locator(".test-cells .image").first.click()
    drawn = served.evaluate("() => [...modules['parts/state.js'].state.drawing.base]")
    np.testing.assert_array_equal(drawn, test.pixels[wrong].ravel())
    served.get_by_label("All of MNIST's 10,000 test images").uncheck()
    expect(served.locator("#panel")).to_contain_text("of 200.")
