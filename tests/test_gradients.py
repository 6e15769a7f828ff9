"""The gradient check: it passes random networks of every layer, and finds gradients that are a little wrong."""

from typing import Any

import numpy as np
import pytest

from command import run
from handgrad.nn.gradients import TOLERANCE, check_gradients, slope_error
from handgrad.nn.layers import (
    LAYERS,
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
from handgrad.nn.params import Shape
from handgrad.training.recipes import RECIPES

CLASSES, IMAGES = 4, 18
QUICK, ALL = range(40), range(500)


def drawn_layer(random: np.random.Generator, shape: Shape, nested: bool) -> Layer:
    """A layer that can follow this shape."""
    size = int(random.integers(1, 7))
    kinds: list[Layer] = [ReLU(), Dropout(float(random.choice([0.0, 0.3]))), BatchNorm()]
    if len(shape) == 3:
        narrow = int(random.choice([k for k in (1, 3, 5) if k <= min(shape[:2])]))
        kinds += [Conv(size, 3), Conv(size, narrow, int(random.integers(1, 3)), "valid"), Conv(size, 5), Flatten()]
        kinds += [GlobalAveragePool()] if nested else [MaxPool()] if min(shape[:2]) > 1 else []
    else:
        kinds += [Dense(size + 1), Dense(size + 1, "glorot", lr_scale=0.5)]
    if nested:
        inner = drawn_row(random, shape, 2, nested=False)
        same = (Conv(shape[2], 3) if len(shape) == 3 else Dense(shape[0]), ReLU(), BatchNorm())
        kinds += [Sequential(inner), Residual(same[: int(random.integers(1, 4))])]
    return kinds[int(random.integers(len(kinds)))]


def drawn_row(random: np.random.Generator, shape: Shape, count: int, nested: bool = True) -> tuple[Layer, ...]:
    """Layers in a row."""
    layers: list[Layer] = []
    for _ in range(count):
        layers.append(drawn_layer(random, shape, nested))
        shape = layers[-1].plan(shape).out_shape
    return tuple(layers)


def drawn_network(seed: int) -> Network:
    """Layers in a row and a dense one, or several of such rows that vote."""
    random = np.random.default_rng(seed)
    height, width, channels = (int(n) for n in random.integers((3, 3, 1), (9, 9, 4)))
    shape: Shape = (height, width, channels) if random.random() < 0.8 else (7,)
    members = [whole(random, shape) for _ in range(3 if random.random() < 0.2 else 1)]
    layers: tuple[Layer, ...] = members[0]
    if len(members) > 1:
        layers = (Ensemble(tuple(Sequential(member) for member in members)),)
    return Network(layers, shape, seed, np.float64)


def whole(random: np.random.Generator, shape: Shape) -> tuple[Layer, ...]:
    layers = drawn_row(random, shape, int(random.integers(1, 6)))
    out = Network(layers, shape).out_shape
    return (*layers, *([Flatten()] if len(out) == 3 else []), Dense(CLASSES))


def kinds(layers: tuple[Layer, ...]) -> set[type[Layer]]:
    return {type(layer) for layer in layers}.union(*(kinds(layer.inner) for layer in layers if layer.inner))


def passes(seed: int) -> None:
    network = drawn_network(seed)
    wrong = [row for row in check_gradients(network, seed, IMAGES, smoothing=0.1) if row.error >= TOLERANCE]
    assert not wrong, f"seed {seed}\n{network!r}\n{wrong}"


@pytest.mark.parametrize("first", QUICK[::10])
def test_random_networks_pass(first: int) -> None:
    for seed in range(first, first + 10):
        passes(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", ALL[::50])
def test_five_hundred_random_networks_pass(first: int) -> None:
    for seed in range(first, first + 50):
        passes(seed)


def test_every_layer_is_drawn() -> None:
    assert {kind for seed in QUICK for kind in kinds(drawn_network(seed).layers)} == set(LAYERS.values())


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "cnn-best"])
def test_every_recipe_passes(name: str) -> None:
    assert "all below 1e-06" in run("gradcheck", "--recipe", name).stdout


@pytest.mark.parametrize(
    "name", ["dense_weight_gradient", "batch_norm_backward", "max_pool_backward", "conv_weight_gradient"]
)
def test_a_wrong_gradient_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One number of one array that a kernel writes is off by a hundredth."""
    from handgrad.kernels import naive

    real = getattr(naive, name)

    def wrong(*arrays: Any) -> None:
        real(*arrays)
        biggest = np.unravel_index(np.abs(arrays[0]).argmax(), arrays[0].shape)
        arrays[0][biggest] *= 1.01

    words = ("gradcheck", "--features", "3x3-4,pool", "--hidden", "8", "--batch-norm")
    run(*words)
    monkeypatch.setattr(naive, name, wrong)
    assert " wrong" in run(*words, code=1).stdout


def test_a_slope_across_a_kink_needs_a_smaller_step() -> None:
    at = np.array([3e-6, 1.0])
    assert slope_error(lambda: float(np.maximum(at, 0).sum()), at, np.ones(2)) < 1e-6
    assert at.tolist() == [3e-6, 1.0]
    assert slope_error(lambda: float(np.maximum(at, 0).sum()), at, np.ones(2), steps=(1e-4,)) > 1e-3
