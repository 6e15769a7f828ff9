"""The gradient with respect to the image in the browser: what Python measures by small differences in float64."""

import numpy as np
import pytest
from playwright.sync_api import Page

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
    Layer,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
)  # fmt: skip
from handgrad.nn.network import Network
from handgrad.web.stored import stored_images

from .conftest import Opener
from .inpage import load

pytestmark = pytest.mark.process
H = 1e-4  # grey levels of a difference
DIRECTIONS = 20
GRADIENT = """([pixels, ofLogits, name]) => {
  const image = Uint8Array.from(pixels), { seen } = modules["core/model.js"].answer(MODEL, image, true);
  const { inputGradient, imageGradient } = modules["core/gradients.js"];
  return [...(name === "input" ? inputGradient(MODEL, seen, ofLogits) : imageGradient(MODEL, image, seen, ofLogits))];
}"""


def slopes(model: Model, image: np.ndarray, of_logits: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Central differences of of_logits . logits along directions (D, H, W, C) at upright pixels (H, W, C)."""
    network = Network(model.network.layers, model.network.in_shape, dtype=np.float64)
    network.theta[:], network.state[:] = model.network.theta, model.network.state
    ws = network.workspace(2 * len(directions), kernels="naive")
    moved = np.concatenate([image + H * directions, image - H * directions])
    ws.x[...] = (moved - model.preprocess.mean) * model.preprocess.scale.astype(np.float64)
    above, below = np.split(network.forward(ws.x, ws) @ of_logits, 2)
    return (above - below) / (2 * H)


def assert_slopes(page: Page, model: Model, image: np.ndarray) -> None:
    """The browser's gradient at upright pixels (H, W, C) agrees with Python's differences along random directions."""
    load(page, model)
    random = np.random.default_rng(5)
    of_logits = random.normal(size=model.network.out_shape)
    found = np.array(page.evaluate(GRADIENT, [image.ravel().tolist(), of_logits.tolist(), "input"]))
    directions = random.normal(size=(DIRECTIONS, *image.shape))
    expected = slopes(model, image, of_logits, directions)
    given = directions.reshape(DIRECTIONS, -1) @ found
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-4 * np.linalg.norm(found))


@pytest.mark.parametrize("name", ["robust", "cnn", "mlp", "tiny"])
def test_shipped_models_have_the_gradient(browser_page: Opener, name: str) -> None:
    # Noise on the paper: where all is equal, the largest of four is not one pixel, and there is no slope to measure.
    image = stored_images()[0].pixels[3] // 2 + np.random.default_rng(1).integers(0, 100, (28, 28), dtype=np.uint8)
    model = pretrained(name)
    upright = Model(model.network, Preprocess(model.preprocess.mean, model.preprocess.scale), model.classes)
    assert_slopes(browser_page(), upright, image[..., None])


EVERY_KIND: tuple[list[Layer], ...] = (
    [Conv(6, kernel=5, stride=2), BatchNorm(), ReLU(), Residual((Conv(6), BatchNorm(), ReLU(), Conv(6))), MaxPool(),
     Dropout(0.5), Conv(8, padding="valid"), ReLU(), GlobalAveragePool(), Flatten(), Dense(10)],
    [Flatten(), Ensemble((Sequential((Dense(20), ReLU(), Dense(11))), Sequential((Dense(9), BatchNorm(), Dense(11)))))],
    [Sequential((Conv(4, stride=2, padding="valid"), MaxPool(), ReLU())), Flatten(), Dense(16),
     Residual((Dense(16), ReLU())), Dense(10)],
)  # fmt: skip


def perturbed(layers: list[Layer]) -> Network:
    """A network none of whose numbers is the one that it starts with."""
    random, network = np.random.default_rng(0), Network(layers, (28, 28, 1), seed=3)
    for _, state in network.state_layout.views(network.state):
        state[...] = random.uniform(0.5, 1.5, state.shape)
    for _, params in network.layout.views(network.theta):
        params += random.normal(0, 0.05, params.shape).astype(np.float32)
    return network


@pytest.mark.parametrize("layers", EVERY_KIND)
def test_every_kind_of_layer_has_the_gradient(browser_page: Opener, layers: list[Layer]) -> None:
    random, one = np.random.default_rng(2), np.ones((28, 28, 1), np.float32)
    model = Model(perturbed(layers), Preprocess(33 * one, one / 90), "0123456789")
    assert_slopes(browser_page(), model, random.integers(0, 256, (28, 28, 1), dtype=np.uint8))


def test_the_table_has_every_kind_that_the_page_computes(browser_page: Opener) -> None:
    kinds = browser_page().evaluate("() => Object.keys(modules['core/layers.js'].LAYERS)")
    used = {kind for layers in EVERY_KIND for layer in layers for kind in names(layer)}
    assert set(kinds) == used


def names(layer: Layer) -> list[str]:
    return [type(layer).__name__, *(name for inner in getattr(layer, "layers", ()) for name in names(inner))]


def test_the_first_of_equal_maxima_gets_the_gradient(browser_page: Opener) -> None:
    found = browser_page().evaluate(
        """() => {
          const { chain } = modules["core/layers.js"], { backward } = modules["core/gradients.js"], seen = [];
          const layers = [{ kind: "MaxPool", inShape: [2, 5, 1], outShape: [1, 2, 1] }];
          chain(Float32Array.of(7, 7, 1, 2, 9, 7, 3, 2, 2, 9), layers, seen);
          return [...backward(Float32Array.of(5, 6), layers, seen)];
        }"""
    )
    assert found == [5, 0, 0, 6, 0, 0, 0, 0, 0, 0]


def test_silenced_units_pass_no_gradient(browser_page: Opener) -> None:
    page = browser_page()
    load(page, Model(perturbed([Flatten(), Dense(12), ReLU(), Dense(10)]), plain(), "0123456789"))
    image, of_logits = np.random.default_rng(3).integers(0, 256, 784).tolist(), [1.0] + 9 * [0.0]
    page.evaluate("() => (MODEL.layers[2].off = [...Array(11).keys()])")
    one = np.array(page.evaluate(GRADIENT, [image, of_logits, "input"]))
    weights = np.array(page.evaluate("() => [...MODEL.layers[1].weights.w]")).reshape(784, 12)[:, 11]
    assert abs(np.corrcoef(one, weights)[0, 1]) > 0.999  # the one unit that is left decides
    page.evaluate("() => (MODEL.layers[2].off = [...Array(12).keys()])")
    assert not np.any(page.evaluate(GRADIENT, [image, of_logits, "input"]))


def plain(upright: bool = False) -> Preprocess:
    one = np.ones((28, 28, 1), np.float32)
    return Preprocess(0 * one, one / 255, deskew=upright)


def test_the_shear_is_passed_back(browser_page: Opener) -> None:
    # A shear that is held fixed is linear: u . shear(d) = unshear(u) . d, up to the rounding to grey levels.
    page, image = browser_page(), stored_images()[0].pixels[4]
    network = Network([Flatten(), Dense(10)], (28, 28, 1), seed=1)
    load(page, Model(network, plain(upright=True), "0123456789"))
    of_logits = np.random.default_rng(4).normal(size=10)
    of_input, of_image = (
        np.array(page.evaluate(GRADIENT, [image.ravel().tolist(), of_logits.tolist(), name]))
        for name in ("input", "image")
    )
    upright, rounding = deskew(image[None, ..., None]).ravel(), 2 * np.linalg.norm(of_input)  # 7 deviations
    assert abs(upright @ of_input - image.ravel() @ of_image) <= rounding
    assert abs(image.ravel() @ of_input - image.ravel() @ of_image) > rounding
