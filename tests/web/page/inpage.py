"""What tests of panels do on the page: take in a model, put an image on the pad."""

import base64
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from handgrad.model.model import Model

LOAD = """(file) => { globalThis.MODEL = modules["core/model.js"].loadModel(
  Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer) }"""
PUT = """(pixels) => {
  modules["parts/state.js"].change({ drawing: { strokes: [], base: Uint8Array.from(pixels) } });
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));
}"""
RUN = """([task, args]) => {
  const { TASKS } = modules["tasks.js"], yielded = [];
  const job = TASKS[task]({ ...args, model: MODEL, pixels: Uint8Array.from(args.pixels) });
  for (;;) {
    const { value, done } = job.next([]);
    if (done) return [yielded, value];
    yielded.push(value);
  }
}"""


def file_of(model: Model) -> bytes:
    """A model's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        return path.read_bytes()


def load(page: Page, model: Model) -> None:
    """Make a model the page's MODEL, from its file."""
    page.evaluate(LOAD, base64.b64encode(file_of(model)).decode())


def put(page: Page, image: np.ndarray) -> None:
    """Put an image (28, 28) on the pad, and wait for the answer."""
    page.evaluate(PUT, image.ravel().tolist())


def close_panel(page: Page) -> None:
    """Open the panel What it saw in place of another, and wait a second at most for that one's workers to end."""
    page.get_by_role("tab", name="What it saw").click()
    page.get_by_text("With all steps it answers").wait_for()
    for _ in range(20):
        if page.workers:
            page.wait_for_timeout(50)
