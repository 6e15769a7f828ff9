"""The network, and the way to its image, in the browser: the same numbers as in Python."""

import base64
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page
from safetensors.numpy import save

from handgrad.images.deskew import deskew
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import pretrained
from handgrad.nn.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Ensemble,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
)  # fmt: skip
from handgrad.nn.network import Network
from handgrad.reading.fit import fit
from handgrad.web.stored import stored_images

from .conftest import Opener

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from pad import drawings

pytestmark = pytest.mark.process
ANSWERS = """(drawings) => drawings.map((drawing) => {
  const { inkOf, imageOf } = modules["core/strokes.js"];
  return [modules["core/reading.js"].readDrawing(MODEL, drawing), inkOf(drawing), imageOf(drawing, [28, 28])];
})"""


HALVES = """(file) => {
  const bytes = Uint8Array.from(atob(file), (c) => c.charCodeAt(0));
  return [...modules["core/safetensors.js"].readTensors(bytes.buffer).tensors.get("all").data];
}"""


def load(page: Page, model: Model) -> None:
    """Make a model the page's MODEL, from its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        file = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(
        """(file) => { globalThis.MODEL = modules["core/model.js"].loadModel(
          Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer) }""",
        file,
    )


def scores(page: Page, pixels: np.ndarray) -> np.ndarray:
    """What MODEL says in the browser of images (N, H, W)."""
    file = base64.b64encode(pixels.tobytes()).decode()
    return np.array(
        page.evaluate(
            """([file, size]) => {
              const all = Uint8Array.from(atob(file), (c) => c.charCodeAt(0)), found = [];
              for (let i = 0; i < all.length; i += size) {
                found.push(modules["core/model.js"].answer(MODEL, all.subarray(i, i + size)).scores);
              }
              return found;
            }""",
            [file, pixels[0].size],
        )
    )


@pytest.mark.parametrize("name", ["robust", "cnn", "mlp", "tiny"])
def test_shipped_models_say_the_same(browser_page: Opener, name: str) -> None:
    page, images = browser_page(), stored_images()[0].pixels[:60]
    load(page, pretrained(name))
    np.testing.assert_allclose(scores(page, images), pretrained(name).scores(images), rtol=0, atol=1e-5)


MIXED = (
    [Conv(6, kernel=5, stride=2), BatchNorm(), ReLU(), Residual((Conv(6), BatchNorm(), ReLU(), Conv(6))), MaxPool(),
     Dropout(0.5), Conv(8, padding="valid"), ReLU(), GlobalAveragePool(), Flatten(), Dense(10)],
    [Flatten(), Ensemble((Sequential((Dense(20), ReLU(), Dense(11))), Sequential((Dense(9), BatchNorm(), Dense(11)))))],
    [Sequential((Conv(4), MaxPool(), ReLU())), Flatten(), Dense(16), Residual((Dense(16), ReLU())), Dense(10)],
)  # fmt: skip


@pytest.mark.parametrize("layers", MIXED)
def test_every_kind_of_layer_says_the_same(browser_page: Opener, layers: list) -> None:
    random = np.random.default_rng(0)
    network = Network(layers, (28, 28, 1), seed=3)
    for _, state in network.state_layout.views(network.state):
        state[...] = random.uniform(0.5, 1.5, state.shape)
    for _, params in network.layout.views(network.theta):
        params += random.normal(0, 0.05, params.shape).astype(np.float32)
    one = np.ones((28, 28, 1), np.float32)
    model = Model(network, Preprocess(33 * one, one / 90, deskew=True), "0123456789", temperature=1.7)
    page, images = browser_page(), stored_images()[0].pixels[:20]
    load(page, model)
    np.testing.assert_allclose(scores(page, images), model.scores(images), rtol=0, atol=1e-5)


def test_drawings_become_the_same_images(browser_page: Opener) -> None:
    page = browser_page()
    load(page, pretrained("tiny"))
    all_drawings = [drawing for _, _, drawing in drawings()]
    for _, ink, image in page.evaluate(ANSWERS, all_drawings[::5]):
        amount = np.array(ink, np.float32).reshape(140, 140)
        expected, found = fit(amount), np.array(image).reshape(28, 28)
        assert np.abs(expected.astype(int) - found).max() <= 1  # a level that lies between two
        assert (expected == found).mean() > 0.995


def test_digits_are_deskewed_to_the_same_pixels(browser_page: Opener) -> None:
    page, images = browser_page(), stored_images()[0].pixels[:40]
    found = page.evaluate(
        """([file]) => { const all = Uint8Array.from(atob(file), (c) => c.charCodeAt(0)), found = [];
          for (let i = 0; i < all.length; i += 784) {
            found.push(...modules["core/deskew.js"].deskew(all.subarray(i, i + 784), [28, 28, 1]));
          }
          return found; }""",
        [base64.b64encode(images.tobytes()).decode()],
    )
    assert np.array_equal(np.array(found).reshape(40, 28, 28), deskew(images[..., None])[..., 0])


def test_digits_that_are_drawn_are_read(browser_page: Opener) -> None:
    page = browser_page()
    load(page, pretrained("robust"))
    truth = [(digit, how) for digit, how, _ in drawings()]
    answers = [found for found, _, _ in page.evaluate(ANSWERS, [drawing for _, _, drawing in drawings()])]
    wrong = [
        (digit, how, answer["digit"], answer["reason"])
        for (digit, how), answer in zip(truth, answers, strict=True)
        if answer["digit"] != digit or answer["reason"]
    ]
    assert len(truth) > 150
    assert len(wrong) <= 0.03 * len(truth), wrong


def test_what_is_no_single_digit_is_refused(browser_page: Opener) -> None:
    page = browser_page()
    load(page, pretrained("robust"))
    plain = {digit: drawing for digit, how, drawing in reversed([*drawings()]) if how.startswith("plain")}

    def beside(first: str, second: str) -> dict[str, object]:
        """Two digits, each half as large."""
        strokes = [
            {**stroke, "points": [[x / 2 + shift, y / 2 + 70, p] for x, y, p in stroke["points"]]}
            for digit, shift in ((first, 0), (second, 140))
            for stroke in plain[digit]["strokes"]
        ]
        return {"base": None, "strokes": strokes}

    dot = {"base": None, "strokes": [{"width": 4, "points": [[100, 100, 0.5]]}]}
    blank = {"base": None, "strokes": []}
    found = [answer["reason"] for answer, _, _ in page.evaluate(ANSWERS, [blank, dot, beside("3", "8"), plain["3"]])]
    assert found == ["blank", "too little ink", "two digits", None]


def test_every_number_of_16_bits_is_read_as_numpy_reads_it(browser_page: Opener) -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    file = save({"all": halves}, metadata={"handgrad": "{}"})
    found = browser_page().evaluate(HALVES, base64.b64encode(file).decode())
    np.testing.assert_array_equal(np.array(found, np.float32), halves.astype(np.float32))
