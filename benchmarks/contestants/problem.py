"""What every contestant of `dense.py` is given, and the one clock. Needs NumPy alone: peers run without handgrad."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Weights = list[tuple[Array, Array]]  # w (I, O) and b (O,) of each layer

CHECKED = 10_000  # images on which the trained weights are compared
RATES = {"sgd": 0.05, "adam": 3e-4}
BETA1, BETA2 = 0.9, 0.999
EPS = 1e-12  # so small that it is no matter where it is added: scikit-learn does so before the bias correction


@dataclass(frozen=True)
class Problem:
    """x (N, 784) float32 standardised; labels (N,) uint8; rows (steps, batch) int64, what each step learns from."""

    x: Array
    labels: Array
    rows: Array
    start: Weights
    repeats: int  # of the run from the start: rounding errors grow too far apart in one long run
    optimiser: str

    @property
    def lr(self) -> float:
        return RATES[self.optimiser]

    def judge(self, weights: Weights) -> float:
        return loss(weights, self.x[:CHECKED], self.labels[:CHECKED])


@dataclass(frozen=True)
class Contestant:
    """reset: back to the start, untimed. run: all the steps, done when it returns. weights: what they led to."""

    reset: Callable[[], None]
    run: Callable[[], Any]
    weights: Callable[[], Weights]
    packages: tuple[str, ...]


def he_start(widths: list[int], seed: int = 0) -> Weights:
    generator = np.random.Generator(np.random.Philox(seed))
    shapes = pairwise(widths)
    scaled = [generator.standard_normal((i, o), np.float32) * np.float32((2 / i) ** 0.5) for i, o in shapes]
    return [(w, np.zeros(w.shape[1], np.float32)) for w in scaled]


def threads() -> int:
    return int(os.environ["OMP_NUM_THREADS"])


def save(folder: Path, x: Array, labels: Array) -> None:
    """Once for all networks."""
    np.save(folder / "x.npy", x)
    np.save(folder / "labels.npy", labels)


def load(folder: Path, widths: list[int], batch: int, steps: int, repeats: int, optimiser: str) -> Problem:
    x, labels = np.load(folder / "x.npy"), np.load(folder / "labels.npy")
    order = np.random.Generator(np.random.Philox(1)).permutation(len(x))
    rows = order[: steps * batch].reshape(steps, batch)
    return Problem(x, labels, rows, he_start(widths), repeats, optimiser)


def loss(weights: Weights, x: Array, labels: Array) -> float:
    """Mean cross-entropy in float64: the same judge for every contestant."""
    out = x.astype(np.float64)
    for i, (w, b) in enumerate(weights):
        out = np.maximum(out, 0) @ w + b if i else out @ w + b
    out -= out.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(out).sum(axis=1)) - out[np.arange(len(x)), labels]))


def measure(contestant: Contestant, problem: Any) -> None:
    """One run to compile and to warm up, then the same run again and again by the clock; prints one line of JSON."""
    once(contestant)
    seconds = sum(once(contestant) for _ in range(problem.repeats))
    steps = problem.repeats * len(problem.rows)
    figures = {
        "steps": steps,
        "seconds": seconds,
        "microseconds_per_step": seconds / steps * 1e6,
        "loss": problem.judge(contestant.weights()),
        "versions": {package: version(package) for package in contestant.packages},
    }
    print(json.dumps(figures))


def once(contestant: Contestant) -> float:
    """The seconds of one run from the start."""
    contestant.reset()
    began = time.perf_counter()
    contestant.run()
    return time.perf_counter() - began


def main(build: Callable[..., Contestant], argv: list[str]) -> None:
    """argv: folder, the task as JSON (widths, batch, steps, repeats, optimiser), then what `build` takes."""
    problem = load(Path(argv[1]), **json.loads(argv[2]))
    measure(build(problem, *argv[3:]), problem)
