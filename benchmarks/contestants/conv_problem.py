"""What every contestant of `conv.py` and `predict.py` is given. Needs NumPy alone: peers run without handgrad.

The network: pairs of 3x3 convolutions with ReLU, each pair before a 2x2 max pool, then two dense layers. Images are
(N, H, W, C), convolution weights (3, 3, C, F), and flattening keeps that order.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from problem import Array, Contestant, Weights, he_start, loss, measure

SIDE = 28
STAGES = (32, 64)  # channels of each pair of convolutions
DENSE = (7 * 7 * 64, 256, 10)
CHECKED = 1000  # images on which the trained weights are compared


@dataclass(frozen=True)
class ConvProblem:
    """x (N, 28, 28, 1) float32 standardised; labels (N,) uint8; rows (steps, batch) int64; start: he, bias 0."""

    x: Array
    labels: Array
    rows: Array
    start: Weights
    repeats: int
    lr: float = 0.02

    def judge(self, weights: Weights) -> float:
        images, labels = self.x[:CHECKED].astype(np.float64), self.labels[:CHECKED]
        return loss(weights[-len(DENSE) + 1 :], features(images, weights[: -len(DENSE) + 1]), labels)


def features(x: Array, weights: Weights) -> Array:
    """What the convolutional part makes of images: float64, written out, the same judge for every contestant."""
    for i, (w, b) in enumerate(weights):
        framed = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        height, width = x.shape[1:3]
        taps = [(k, j, framed[:, k : k + height, j : j + width]) for k in range(3) for j in range(3)]
        x = np.maximum(sum(part @ w[k, j].astype(np.float64) for k, j, part in taps) + b, 0)
        if i % 2:
            n, _, _, channels = x.shape
            x = x.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
    return x.reshape(len(x), -1)


def conv_start(seed: int = 0) -> Weights:
    generator = np.random.Generator(np.random.Philox(seed))
    made, n_in = [], 1
    for n_out in (channels for stage in STAGES for channels in (stage, stage)):
        w = generator.standard_normal((3, 3, n_in, n_out), np.float32) * np.float32((2 / (9 * n_in)) ** 0.5)
        made.append((w, np.zeros(n_out, np.float32)))
        n_in = n_out
    return made + he_start(list(DENSE), seed + 1)


def load(folder: Path, batch: int, steps: int, repeats: int) -> ConvProblem:
    x, labels = np.load(folder / "x.npy"), np.load(folder / "labels.npy")
    order = np.random.Generator(np.random.Philox(1)).permutation(len(x))
    rows = order[: steps * batch].reshape(steps, batch)
    return ConvProblem(x.reshape(-1, SIDE, SIDE, 1), labels, rows, conv_start(), repeats)


def main(build: Callable[..., Contestant]) -> None:
    """Arguments: folder, the task as JSON (batch, steps, repeats), then what `build` takes."""
    problem = load(Path(sys.argv[1]), **json.loads(sys.argv[2]))
    measure(build(problem, *sys.argv[3:]), problem)
