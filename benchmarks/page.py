"""The page in Chromium beside Python: the same answers, how long they take, and how large the exported file is.

    python benchmarks/page.py

For each model that comes along: 1,000 drawings and MNIST's 10,000 test images, answered by JavaScript and by Python
with the weights in 32 bits; then the time from a move of the pen to its answer; then, for the exported file with a
drawing in its link, the time until the answer is drawn, from the start of loading (`first_answer_s`) and from the
browser's load event (`first_answer_after_load_s`, negative where it comes first). Figures go to results/page.json.
"""

import argparse
import base64
import itertools
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from handgrad.datasets import load
from handgrad.model.model import Model
from handgrad.model.shipped import pretrained, shipped_file, shipped_names
from handgrad.web.export import page_file
from machine import record
from pad import drawings
from rounds import write

DRAWINGS, MOVES, OPENINGS = 1000, 100, 9
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LOAD = """(file) => { globalThis.MODEL = modules["core/model.js"].loadModel(
  Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer) }"""
DRAWN = """(drawings) => drawings.map((drawing) => {
  const { pixels, scores, digit, reason } = modules["core/reading.js"].readDrawing(MODEL, drawing);
  return { pixels: [...pixels], scores, digit, reason };
})"""
ANSWERED = """(file) => {
  const all = Uint8Array.from(atob(file), (c) => c.charCodeAt(0)), found = [];
  for (let i = 0; i < all.length; i += 784) {
    found.push(modules["core/model.js"].answer(MODEL, all.subarray(i, i + 784)).scores);
  }
  return found;
}"""
MOVED = """([drawing, moves]) => {
  const times = [];
  for (let i = 0; i < moves; i++) {
    const start = performance.now();
    modules["core/reading.js"].readDrawing(MODEL, drawing, { inside: true });
    times.push(performance.now() - start);
  }
  return times;
}"""
LINK = """(drawing) => {
  modules["parts/state.js"].change({ drawing });
  return modules["parts/state.js"].toLink();
}"""
WATCH = """new MutationObserver((_, watch) => {
  if (!document.getElementById("reason")?.textContent) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => (globalThis.SHOWN = performance.now())));
}).observe(document, { subtree: true, childList: true })"""  # a frame after the answer is there, it has been drawn


def agreement(page: Page, model: Model, file: bytes) -> dict[str, Any]:
    """The largest difference of a score, and how many answers are the same."""
    page.evaluate(LOAD, base64.b64encode(file).decode())
    truth, _, made = zip(*itertools.islice(_unsteady(), DRAWINGS), strict=True)
    drawn = page.evaluate(DRAWN, list(made))
    test = load("mnist").test
    assert test is not None
    parts = [base64.b64encode(part.tobytes()).decode() for part in np.array_split(test.pixels, 20)]
    images = np.concatenate([page.evaluate(ANSWERED, part) for part in parts])
    pixels = np.array([each["pixels"] for each in drawn], np.uint8).reshape(-1, 28, 28)
    pairs = {"drawings": (np.array([each["scores"] for each in drawn]), model.scores(pixels)),
             "test_images": (images, model.scores(test.pixels))}  # fmt: skip
    found = {
        name: {"n": len(ours), "same_digit": int((ours.argmax(axis=1) == theirs.argmax(axis=1)).sum()),
               "largest_difference": float(np.abs(ours - theirs).max())}
        for name, (ours, theirs) in pairs.items()
    }  # fmt: skip
    right = sum(each["digit"] == digit and not each["reason"] for each, digit in zip(drawn, truth, strict=True))
    return {**found, "drawings_right": right, "move_ms": statistics.median(page.evaluate(MOVED, [made[0], MOVES]))}


def _unsteady() -> Any:
    for seed in itertools.count():
        yield from drawings(seed)


def link_of(page: Page) -> str:
    """The link of a page with a drawing on its pad."""
    drawing = next(_unsteady())[2]
    return str(page.evaluate(LINK, drawing))


def opening(browser: Browser, address: str) -> dict[str, float]:
    """Seconds until a page that is opened in a new tab shows its first answer, by the browser's own clock."""
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_function("() => globalThis.SHOWN")
    shown, load = page.evaluate("() => [SHOWN, performance.getEntriesByType('navigation')[0].loadEventStart]")
    page.close()
    return {"first_answer_s": shown / 1000, "first_answer_after_load_s": (shown - load) / 1000}


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    result: dict[str, Any] = {**record(), "command": "python benchmarks/page.py", "models": {}}
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        result["browser"] = browser.version
        for name in shipped_names():
            file = Path(folder) / f"{name}.html"
            file.write_text(page_file({name: pretrained(name)}), encoding="utf-8")
            page = browser.new_page()
            page.goto(file.as_uri())
            page.wait_for_selector("#reason:not(:empty)")
            found = agreement(page, pretrained(name), shipped_file(name).read_bytes())
            link = link_of(page)
            page.close()
            found["file_bytes"] = file.stat().st_size
            openings = [opening(browser, f"{file.as_uri()}#{link}") for _ in range(OPENINGS)]
            found |= {each: statistics.median(one[each] for one in openings) for each in openings[0]}
            result["models"][name] = found
            print(name, found, flush=True)
    write("page", result)


if __name__ == "__main__":
    main()
