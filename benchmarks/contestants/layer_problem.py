"""One 3x3 convolution, three passes: what the contestants are given, and their clock. Needs NumPy alone."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from problem import Array

PASSES = ("forward", "input_gradient", "weight_gradient")
CALLS = 15  # of each pass; their median counts


def problem(n: int, side: int, n_in: int, n_out: int) -> tuple[Array, Array, Array]:
    generator = np.random.Generator(np.random.Philox(1))
    shapes = (n, side, side, n_in), (3, 3, n_in, n_out), (n, side, side, n_out)
    x, w, dy = (generator.standard_normal(shape, np.float32) for shape in shapes)
    return x, w, dy


def main(build: Callable[..., tuple[Callable[[], Array], ...]], packages: tuple[str, ...]) -> None:
    """argv[1]: the shape as JSON (n, side, n_in, n_out). Prints microseconds and a few results, one line of JSON."""
    figures: dict[str, Any] = {}
    for name, run in zip(PASSES, build(*problem(**json.loads(sys.argv[1]))), strict=True):
        result = np.array(run()).reshape(-1)
        seconds = []
        for _ in range(CALLS):
            began = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - began)
        figures[name] = statistics.median(seconds) * 1e6
        figures[f"{name}_sample"] = result[:: max(1, result.size // 50)].astype(float).tolist()
    print(json.dumps({**figures, "versions": {package: version(package) for package in packages}}))
