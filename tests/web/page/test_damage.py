"""Damage to a network, and the accuracy that is left: the same numbers as in Python."""

import base64
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from handgrad.model.answering import batched_logits
from handgrad.model.model import Model
from handgrad.model.shipped import pretrained
from handgrad.nn.layers import Conv, Dense, GlobalAveragePool, ReLU, Residual
from handgrad.nn.network import Network
from handgrad.web.stored import stored_images

from .conftest import Opener
from .inpage import load

pytestmark = pytest.mark.process
IMAGES = 50
LOGITS = """([file, damage]) => {
  const { damaged, unharmed } = modules["core/damage.js"], { answer } = modules["core/model.js"];
  const model = damaged(MODEL, { ...unharmed(), ...damage }), all = Uint8Array.from(atob(file), (c) => c.charCodeAt(0));
  const image = (i) => all.subarray(784 * i, 784 * (i + 1));
  return Array.from({ length: all.length / 784 }, (_, i) => [...answer(model, image(i)).logits]);
}"""
WEIGHTS = """([damage, node]) => {
  const { damaged, unharmed } = modules["core/damage.js"], { nodesOf } = modules["core/blocks.js"];
  return [...nodesOf(damaged(MODEL, { ...unharmed(), ...damage }))[node].layer.weights.w];
}"""


def logits(page: Page, **damage: object) -> np.ndarray:
    """What MODEL says of the first stored digits, damaged."""
    file = base64.b64encode(stored_images()[0].pixels[:IMAGES].tobytes()).decode()
    return np.array(page.evaluate(LOGITS, [file, damage]))


def changed(model: Model, change: Callable[[str, np.ndarray], None]) -> np.ndarray:
    """What Python says of them, once `change` has seen each parameter."""
    network = Network(model.network.layers, model.network.in_shape)
    network.theta[:], network.state[:] = model.network.theta, model.network.state
    for name, values in network.layout.views(network.theta):
        change(name, values)
    return batched_logits(network, model.preprocess, stored_images()[0].nhwc[:IMAGES], "naive")


def round_to(bits: int) -> Callable[[str, np.ndarray], None]:
    def change(name: str, values: np.ndarray) -> None:
        if name.endswith(".w"):
            scale = np.abs(values).max() / (2 ** (bits - 1) - 1)
            values[...] = np.rint(values / scale) * scale

    return change


def drop_biases(name: str, values: np.ndarray) -> None:
    if name.endswith((".b", ".beta")):
        values[...] = 0


@pytest.mark.parametrize("name", ["tiny", "mlp"])
def test_without_biases_it_says_what_python_says(browser_page: Opener, name: str) -> None:
    page = browser_page()
    load(page, pretrained(name))
    found = logits(page, biases=False)
    np.testing.assert_allclose(found, changed(pretrained(name), drop_biases), rtol=1e-4, atol=1e-4)
    assert np.abs(found - logits(page)).max() > 0.1


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_rounded_weights_say_what_python_says(browser_page: Opener, bits: int) -> None:
    page = browser_page()
    load(page, pretrained("tiny"))
    np.testing.assert_allclose(
        logits(page, bits=bits), changed(pretrained("tiny"), round_to(bits)), rtol=1e-3, atol=1e-3
    )
    assert len(set(page.evaluate(WEIGHTS, [{"bits": bits}, 4]))) <= 2**bits - 1


def test_silenced_units_are_units_without_outgoing_weights(browser_page: Opener) -> None:
    silenced = [0, 3, 11]

    def cut(name: str, values: np.ndarray) -> None:
        if name == "7.w":  # the convolution behind the one whose channels are silenced
            values[:, :, silenced] = 0

    page = browser_page()
    load(page, pretrained("tiny"))
    node = page.evaluate(
        """() => { const { blocksOf, nodesOf, silencedAt } = modules["core/blocks.js"];
          return silencedAt(blocksOf(MODEL, nodesOf(MODEL))[2]).node }"""
    )
    found = logits(page, off={node: silenced})
    np.testing.assert_allclose(found, changed(pretrained("tiny"), cut), rtol=1e-4, atol=1e-4)


def test_a_silenced_residual_block_leaves_its_input(browser_page: Opener) -> None:
    layers = (Conv(4), Residual((Conv(4), ReLU())), GlobalAveragePool(), Dense(10))
    model = Model(Network(layers, (28, 28, 1), seed=2), pretrained("tiny").preprocess, "0123456789")

    def cut(name: str, values: np.ndarray) -> None:
        if name.startswith("1."):
            values[...] = 0

    page = browser_page()
    load(page, model)
    found = logits(page, off={2: [0, 1, 2, 3]})  # the ReLU inside
    np.testing.assert_allclose(found, changed(model, cut), rtol=1e-4, atol=1e-4)
    assert np.abs(found - logits(page)).max() > 1e-3


def test_noise_is_as_large_as_told_and_repeats_itself(browser_page: Opener) -> None:
    page = browser_page()
    load(page, pretrained("tiny"))
    whole = pretrained("tiny").network.layout.view(pretrained("tiny").network.theta, "4.w").ravel()
    noise, again = (np.array(page.evaluate(WEIGHTS, [{"noise": 0.5, "seed": 1}, 4])) - whole for _ in range(2))
    twice = np.array(page.evaluate(WEIGHTS, [{"noise": 1.0, "seed": 1}, 4])) - whole
    other = np.array(page.evaluate(WEIGHTS, [{"noise": 0.5, "seed": 2}, 4])) - whole
    size = np.sqrt((whole**2).mean())
    assert noise.std() == pytest.approx(0.5 * size, rel=0.1)
    assert abs(noise.mean()) < 0.1 * size
    np.testing.assert_array_equal(noise, again)
    np.testing.assert_allclose(twice, 2 * noise, atol=1e-5)
    assert abs(np.corrcoef(noise, other)[0, 1]) < 0.2


def test_the_task_counts_what_python_counts(browser_page: Opener) -> None:
    model, images = pretrained("tiny"), stored_images()[0]
    page = browser_page()
    load(page, model)
    steps = page.evaluate(
        """async () => {
          const { damaged, unharmed } = modules["core/damage.js"], model = damaged(MODEL, { ...unharmed(), bits: 2 });
          const { labels, pixels } = (await modules["parts/data.js"].digits()).valid;
          return [...modules["tasks.js"].TASKS.judge({ model, labels, pixels })];
        }"""
    )
    network = Network(model.network.layers, model.network.in_shape)
    network.theta[:], network.state[:] = model.network.theta, model.network.state
    for name, values in network.layout.views(network.theta):
        round_to(2)(name, values)
    right = batched_logits(network, model.preprocess, images.nhwc, "naive").argmax(axis=1) == images.labels
    assert [step["done"] for step in steps] == [*range(5, 201, 5)]
    assert [step["right"] for step in steps] == [right[: step["done"]].sum() for step in steps]
    assert right.sum() < 195  # so that the count is not that of the whole network
