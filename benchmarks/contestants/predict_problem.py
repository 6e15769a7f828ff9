"""Answering for 1 and for 256 images: the trained network's weights, the images, the clock. Needs NumPy alone."""

import json
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from conv_problem import Weights, conv_start
from problem import Array

SIZES = (1, 256)
CALLS = {1: 300, 256: 15}  # of each size; their median counts


def main(build: Callable[[Weights], Callable[[Array], Array]], packages: tuple[str, ...]) -> None:
    """build: from weights to a function from images (N, 28, 28, 1) float32 to logits (N, 10)."""
    answer = build(conv_start())
    generator = np.random.Generator(np.random.Philox(2))
    figures: dict[str, object] = {}
    for n in SIZES:
        x = generator.standard_normal((n, 28, 28, 1), np.float32)
        logits = [answer(x) for _ in range(3)][-1]
        seconds = []
        for _ in range(CALLS[n]):
            began = time.perf_counter()
            answer(x)
            seconds.append(time.perf_counter() - began)
        figures[f"images_{n}"] = statistics.median(seconds) * 1e6
        figures[f"logits_{n}"] = np.asarray(logits)[:4].astype(float).ravel().tolist()
    print(json.dumps({**figures, "versions": {package: version(package) for package in packages}}))
