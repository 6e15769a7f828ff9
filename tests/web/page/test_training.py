"""Training in the browser: random numbers, weights, gradients, updates and a whole training, beside Python's."""

import base64
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Page

from handgrad.kernels import backend
from handgrad.nn.gradients import slope_error
from handgrad.nn.layers import Dense, Flatten, ReLU
from handgrad.nn.network import Network
from handgrad.web.stored import stored_images

from .conftest import Opener

pytestmark = pytest.mark.process
MASK = 0xFFFFFFFF
CLOSE = 1e-5

RUN = """({ sizes, n, theta, images, labels, dropout, steps, rate, momentum }) => {
  const { backward, crossEntropy, drawMasks, forward, layersOf, update, workspace } = modules["core/training.js"];
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const weights = new Float32Array(bytes(theta).buffer), x = modules["core/trainer.js"].inputsOf(bytes(images));
  const grad = new Float32Array(weights.length), velocity = new Float32Array(weights.length), losses = [];
  const ws = workspace(sizes, n), layers = layersOf(sizes, weights), grads = layersOf(sizes, grad);
  for (let step = 0; step < steps; step++) {
    if (dropout) drawMasks(ws.masks, dropout, 3, step);
    losses.push(crossEntropy(ws.deltas.at(-1), forward(layers, x, ws, dropout), bytes(labels)).loss);
    backward(grads, layers, x, ws, dropout);
    update(weights, velocity, grad, rate, momentum);
  }
  const masks = ws.masks.map((mask) => Array.from(mask));
  return { losses, grad: Array.from(grad), theta: Array.from(weights), masks };
}"""


def text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def run(page: Page, sizes: list[int], theta: np.ndarray, n: int, **how: float) -> dict:
    """Steps in the browser on the first n stored training digits, from the weights theta."""
    images = stored_images()[1][:n]
    labels = text(images.labels.astype(np.uint8))
    given = {"sizes": sizes, "n": n, "theta": text(theta), "images": text(images.pixels), "labels": labels}
    return page.evaluate(RUN, given | {"dropout": 0, "steps": 1, "rate": 0.1, "momentum": 0.9} | how)


def first_weights(page: Page, sizes: list[int], kind: str = "he", seed: int = 0) -> np.ndarray:
    found = page.evaluate(
        """([sizes, kind, seed]) => Array.from(modules["core/training.js"].firstWeights(sizes, kind, seed))""",
        [sizes, kind, seed],
    )
    return np.array(found, np.float32)


def views(network: Network, flat: np.ndarray) -> list[np.ndarray]:
    """The parts of a network's vector in the browser's order: of each layer w, then b."""
    named = dict(network.layout.views(flat))
    layers = [i for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
    return [named[f"{i}.{name}"] for i in layers for name in "wb"]


def parts(network: Network, flat: np.ndarray) -> np.ndarray:
    return np.concatenate([view.ravel() for view in views(network, flat)])


def set_parts(network: Network, values: np.ndarray) -> None:
    start = 0
    for view in views(network, network.theta):
        view[...] = values[start : start + view.size].reshape(view.shape)
        start += view.size


def same_in_python(sizes: list[int], theta: np.ndarray, n: int, steps: int) -> tuple[Network, list[float]]:
    """The same steps by handgrad's own network and kernels, with learning rate 0.1 and momentum 0.9."""
    layers = [Flatten()]
    for units in sizes[1:]:
        layers += [Dense(units), ReLU()]
    network, kernels, losses = Network(layers[:-1], (28, 28, 1)), backend("naive"), []
    set_parts(network, theta)
    images, ws, totals = stored_images()[1][:n], network.workspace(n, train=True, kernels="naive"), np.zeros(2)
    velocity, starts = np.zeros_like(network.theta), np.array([0, network.theta.size])
    ws.x[...] = images.nhwc * np.float32(1 / 255)
    for _ in range(steps):
        logits = network.forward(ws.x, ws)
        kernels.softmax_cross_entropy(ws.dlogits, totals, logits, images.labels.astype(np.uint8), 0.0)
        network.backward(ws.dlogits, ws)
        kernels.sgd_step(network.theta, network.grad, velocity, starts, 0.1, 0.9, False, 0.0)
        losses.append(totals[0])
    return network, losses


def test_random_numbers_are_those_of_the_cited_generator(browser_page: Opener) -> None:
    numbers = browser_page().evaluate(
        """() => {
          const random = modules["core/random.js"].randomNumbers(5, 7), drawn = Array.from({ length: 20_000 }, random);
          const normals = Array.from({ length: 20_000 }, () => modules["core/random.js"].normal(random));
          return [drawn, normals, Array.from(modules["core/random.js"].shuffled(500, random))];
        }"""
    )
    drawn, normals, order = map(np.array, numbers)
    assert drawn[:100].tolist() == [value / 2**32 for value in xoshiro(100, 5, 7)]
    assert abs(drawn.mean() - 0.5) < 0.01 and drawn.min() >= 0 and drawn.max() < 1
    assert abs(normals.mean()) < 0.03 and abs(normals.std() - 1) < 0.03
    assert sorted(order) == list(range(500)) and order.tolist() != list(range(500))


def xoshiro(count: int, *key: int) -> list[int]:
    """xoshiro128** after its authors' C code, the state filled as core/random.js says."""

    def mixed(x: int) -> int:
        x = (x ^ x >> 16) * 0x85EBCA6B & MASK
        x = (x ^ x >> 13) * 0xC2B2AE35 & MASK
        return x ^ x >> 16

    def rotl(x: int, k: int) -> int:
        return (x << k | x >> (32 - k)) & MASK

    start = 0
    for part in key:
        start = mixed((start + part + 0x9E3779B9) & MASK)
    s = [mixed((start + i * 0x9E3779B9) & MASK) for i in range(1, 5)]
    found = []
    for _ in range(count):
        found.append(rotl(s[1] * 5 & MASK, 7) * 9 & MASK)
        t = s[1] << 9 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 11)
    return found


@pytest.mark.parametrize(("kind", "deviation"), [("he", (2 / 784) ** 0.5), ("small", 0.01), ("zero", 0), ("large", 1)])
def test_first_weights_have_the_deviation_of_their_kind(browser_page: Opener, kind: str, deviation: float) -> None:
    page = browser_page()
    theta = first_weights(page, [784, 50, 10], kind)
    assert theta[: 784 * 50].std() == pytest.approx(deviation, rel=0.02)
    assert not theta[784 * 50 : 784 * 50 + 50].any()
    assert np.array_equal(theta, first_weights(page, [784, 50, 10], kind))
    assert kind == "zero" or not np.array_equal(theta, first_weights(page, [784, 50, 10], kind, seed=1))


@pytest.mark.parametrize(("hidden", "n"), [([100, 200, 200], 32), ([16, 16], 7), ([33], 1)])
def test_loss_and_gradients_are_pythons(browser_page: Opener, hidden: list[int], n: int) -> None:
    page, sizes = browser_page(), [784, *hidden, 10]
    theta = first_weights(page, sizes)
    found = run(page, sizes, theta, n)
    network, losses = same_in_python(sizes, theta, n, 1)
    assert found["losses"] == pytest.approx(losses, abs=CLOSE)
    grad = parts(network, network.grad)
    assert np.abs(grad).max() > 0.01
    np.testing.assert_allclose(found["grad"], grad, atol=CLOSE)


def test_ten_steps_are_pythons(browser_page: Opener) -> None:
    page, sizes = browser_page(), [784, 40, 30, 10]
    theta = first_weights(page, sizes)
    found = run(page, sizes, theta, 20, steps=10)
    network, losses = same_in_python(sizes, theta, 20, 10)
    assert found["losses"] == pytest.approx(losses, abs=1e-4)
    assert losses[-1] < losses[0] / 2
    np.testing.assert_allclose(found["theta"], parts(network, network.theta), atol=1e-4)


def test_gradients_with_dropout_are_the_slope_of_the_loss(browser_page: Opener) -> None:
    page, sizes, n, dropout = browser_page(), [784, 24, 20, 10], 6, 0.4
    theta = first_weights(page, sizes)
    found = run(page, sizes, theta, n, dropout=dropout)
    masks = [np.reshape(mask, (n, -1)) for mask in found["masks"]]
    assert all(0 < mask.mean() < 1 for mask in masks)
    images, at = stored_images()[1][:n], theta.astype(np.float64)

    def loss() -> float:
        x, start = images.pixels.reshape(n, -1) / 255, 0
        for i, (inputs, units) in enumerate(pairwise(sizes)):
            w, start = at[start : start + inputs * units].reshape(inputs, units), start + inputs * units
            x, start = x @ w + at[start : start + units], start + units
            if i < len(masks):
                x = np.maximum(x, 0) * masks[i] / (1 - dropout)
        return float(-np.mean((x - np.log(np.exp(x).sum(axis=1, keepdims=True)))[np.arange(n), images.labels]))

    assert found["losses"][0] == pytest.approx(loss(), abs=CLOSE)
    assert slope_error(loss, at, np.array(found["grad"]), steps=(1e-6,)) < 1e-4


def test_dropout_silences_its_share_and_differs_from_step_to_step(browser_page: Opener) -> None:
    page, sizes = browser_page(), [784, 200, 200, 10]
    theta = first_weights(page, sizes)
    one, again, two = (run(page, sizes, theta, 20, dropout=0.3, steps=steps)["masks"] for steps in (1, 1, 2))
    assert np.mean(one) == pytest.approx(0.7, abs=0.02)
    assert one == again and one != two
