"""Small random models that have layers of every kind, and what they are asked."""

import numpy as np

from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
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
)
from handgrad.nn.network import Network

MODELS = 50


def random_model(seed: int) -> Model:
    """A model of random size, layers and weights; some deskew, some see colours, some have an output for none."""
    random = np.random.default_rng(seed)
    channels, classes = int(random.choice([1, 1, 3])), int(random.integers(2, 6))
    shape = int(random.integers(7, 13)), int(random.integers(7, 13)), channels
    outputs = classes + int(random.integers(2))
    network = Network([*features(random), *head(random, outputs)], shape, seed=seed)
    network.theta[:] += random.normal(0, 0.1, network.theta.shape)
    network.state[:] = np.abs(network.state + random.normal(0, 0.3, network.state.shape)) + 0.1
    if random.integers(2):
        mean, scale = random.uniform(20, 60, shape), random.uniform(0.005, 0.02, shape)
    else:
        mean, scale = np.full(shape, random.uniform(0, 60)), np.full(shape, 1 / 255)
    seen = Preprocess(mean.astype(np.float32), scale.astype(np.float32), bool(random.integers(2)), "pictures")
    return Model(
        network, seen, [f"class {i}" for i in range(classes)], temperature=random.uniform(0.5, 2),
        thresholds=random.uniform(0, 1, classes).tolist(),
    )  # fmt: skip


def features(random: np.random.Generator) -> list[Layer]:
    layers: list[Layer] = []
    for _ in range(random.integers(0, 4)):
        filters = int(random.choice([4, 9, 16]))
        stride, padding = int(random.choice([1, 2])), str(random.choice(["same", "valid"]))
        same = Conv(filters, int(random.choice([1, 3, 5])))
        choices: list[list[Layer]] = [
            [Conv(filters, int(random.choice([1, 3])), stride, padding)],
            [BatchNorm()], [ReLU()], [Dropout(0.3)], [BatchNorm(), ReLU()],
            [Conv(filters), BatchNorm(), ReLU(), Residual((same, BatchNorm(), ReLU()))],
            [Conv(filters), Residual((ReLU(), same)), ReLU()],
            [Sequential((Conv(filters), BatchNorm(), ReLU(), Dropout(0.1)))],
        ]  # fmt: skip
        layers += choices[random.integers(len(choices))]
    tails: list[list[Layer]] = [[], [MaxPool(), ReLU()], [Conv(5), BatchNorm(), MaxPool(), ReLU()], [MaxPool()]]
    return layers + tails[random.integers(len(tails))]


def head(random: np.random.Generator, outputs: int) -> list[Layer]:
    flat: list[Layer] = [Flatten()] if random.integers(2) else [GlobalAveragePool(), Flatten()]
    inner: list[list[Layer]] = [
        [], [Dense(12), ReLU()], [Dense(7), BatchNorm(), ReLU(), Dropout(0.2)], [BatchNorm(), ReLU()],
        [Dense(6), Residual((Dense(6), ReLU()))], [Dense(6), Residual((BatchNorm(), Dense(6))), ReLU()],
    ]  # fmt: skip
    last: list[list[Layer]] = [
        [Dense(outputs)],
        [Dense(outputs), BatchNorm()],
        [Dense(outputs), Residual((Dense(outputs),))],
    ]
    middle, end = inner[random.integers(len(inner))], last[random.integers(len(last))]
    if random.integers(4) == 0:
        members = tuple(Sequential((*flat, Dense(width), ReLU(), *end)) for width in (5, 8))
        return [Ensemble(members)]
    return [*flat, *middle, *end]


def kinds(layers: tuple[Layer, ...] | list[Layer]) -> set[str]:
    """The kinds of layers, of those inside too."""
    return {type(layer).__name__ for layer in layers}.union(*(kinds(layer.inner) for layer in layers))


def some_images(model: Model, n: int = 40, seed: int = 0) -> np.ndarray:
    """Smooth blobs, one of them blank and one full, as the model's `predict` takes them."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    noise = gaussian_filter(random.normal(size=(n, *model.network.in_shape)), (0, 1.5, 1.5, 0))
    images = (255 * np.clip(3 * noise, 0, 1)).astype(np.uint8)
    images[0], images[1] = 0, 255
    return images[..., 0] if model.network.in_shape[2] == 1 else images
