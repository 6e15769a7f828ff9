"""Lessons: each step can be done, and the page sees that it was; a step that was not done is not said to be."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import Opener, draw

pytestmark = pytest.mark.process
DONE = "Done"
SECONDS = 120  # for a step's training, on a machine that does other work too
Doing = Callable[[Page], None]


def start(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()


def choose(label: str, value: str) -> Doing:
    def doing(page: Page) -> None:
        page.locator("label", has=page.get_by_text(label, exact=True)).locator("select").select_option(value)
        start(page)

    return doing


def lower_rate(page: Page) -> None:
    page.get_by_label("Learning rate").fill("-1.7")  # of 10: 0.02
    page.get_by_role("button", name="Restart").click()
    start(page)


def mend_all(page: Page) -> None:
    page.get_by_label("Learning rate").fill("-1.7")
    for label, value in (("First weights", "he"), ("ReLU", "between")):
        page.locator("label", has=page.get_by_text(label, exact=True)).locator("select").select_option(value)
    start(page)


def use_and_look_inside(page: Page) -> None:
    start(page)
    page.wait_for_timeout(3000)
    page.get_by_role("button", name="Use as the page's model").click()
    page.locator("#tab-inside").click()


DOINGS: dict[str, list[Doing]] = {
    "rate": [start, start, lower_rate, choose("Batch", "32")],
    "weights": [start, start, choose("First weights", "he")],
    "depth": [start, start, use_and_look_inside],
    "relu": [start, start, mend_all],
    "dropout": [start, start, start],
    "images": [start, start, lambda page: None],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("lesson", DOINGS)
def test_a_lesson_on_training_can_be_done(browser_page: Opener, lesson: str) -> None:
    page = browser_page(hash=f"lesson={lesson}.1&panel=lessons")
    bar = page.get_by_role("region", name="Lesson", exact=True)
    page.evaluate(
        f"() => modules['parts/lesson.js'].begin(modules['lessons.js'].LESSONS.find((l) => l.id === '{lesson}'), 1)"
    )
    for number, doing in enumerate(DOINGS[lesson], 1):
        expect(bar.get_by_role("heading")).to_contain_text(f"step {number} of")
        if number < 3 or lesson != "images":
            expect(bar).not_to_contain_text(DONE)
        doing(page)
        expect(bar).to_contain_text(DONE, timeout=1000 * SECONDS)
        bar.get_by_role("button", name="Finish" if number == len(DOINGS[lesson]) else "Next").click()
    expect(bar).to_be_hidden()


def test_a_lesson_on_drawing_can_be_done(browser_page: Opener) -> None:
    page = browser_page(models=("cnn",))
    page.locator("#tab-lessons").click()
    page.get_by_role("button", name="Begin What a network sees").click()
    bar = page.get_by_role("region", name="Lesson", exact=True)
    expect(bar).not_to_contain_text(DONE)
    draw(page, "1,1 1.6,0.8 2.2,1.2 1.5,1.9 2.2,2.5 1.6,3.1 1,2.9")
    expect(bar).to_contain_text(DONE)
    bar.get_by_role("button", name="Next").click()
    expect(page.get_by_label("cut out")).not_to_be_checked()
    expect(bar).to_contain_text(DONE)  # a small digit in a corner breaks without the first step
    bar.get_by_role("button", name="Next").click()
    expect(bar).not_to_contain_text(DONE)
    page.get_by_label("cut out").check()
    expect(bar).to_contain_text(DONE)
    bar.get_by_role("button", name="Finish").click()
    expect(bar).to_be_hidden()
    expect(page.locator("#tab-lessons")).to_have_attribute("aria-selected", "true")


def test_a_link_opens_a_lesson_and_hides_panels(browser_page: Opener) -> None:
    page = browser_page(hash="lesson=dropout.2&panel=learn&learn=dropout:0.3&hide=break,why")
    expect(page.get_by_role("heading", name="Dropout: step 2 of 3")).to_be_visible()
    assert page.locator("#tab-break").count() == page.locator("#tab-why").count() == 0
    page.get_by_role("button", name="Leave the lesson").click()
    expect(page.get_by_role("region", name="Lesson", exact=True)).to_be_hidden()
