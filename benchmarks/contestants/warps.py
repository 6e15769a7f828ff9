"""The same random distortions by handgrad's one pass and by SciPy's filters, on one core.

`python warps.py handgrad|scipy|scipy-fields IMAGES`; `scipy-fields` is given the smooth fields, drawn off the clock.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from handgrad.datasets import load
from handgrad.images.augment import FIELDS, SIGMA, Augmenter, elastic_fields
from handgrad.kernels import backend
from handgrad.nn.params import aligned
from handgrad.training.recipe import Recipe

Array = npt.NDArray[Any]

RECIPE = Recipe("warps", rotation=12, shear=10, scale=0.15, shift=2, elastic=1.3)
BATCH = 128
EPOCH = 390 * BATCH  # images that share one drawing of handgrad's fields: an epoch of MNIST
SIDE = 28


class Totals:
    """Mean and deviation over all values of all batches: what the contestants must agree on."""

    def __init__(self) -> None:
        self.sum = self.squares = self.seconds = 0.0
        self.count = 0

    def add(self, out: Array, seconds: float) -> None:
        self.sum += float(out.sum(dtype=np.float64))
        self.squares += float((out.astype(np.float64) ** 2).sum())
        self.count, self.seconds = self.count + out.size, self.seconds + seconds

    def figures(self, images: int) -> dict[str, Any]:
        mean = self.sum / self.count
        deviation = math.sqrt(self.squares / self.count - mean**2)
        per_image = self.seconds / images * 1e6
        return {"images": images, "microseconds_per_image": per_image, "mean": mean, "deviation": deviation}


def by_handgrad(pixels: Array, mean: float, scale: float, images: int) -> Totals:
    full = (np.full((SIDE, SIDE, 1), number, np.float32) for number in (mean, scale))
    augment, totals = Augmenter(RECIPE.augmentation(), *full, backend("compiled"), seed=0), Totals()
    out, order = aligned((BATCH, SIDE, SIDE, 1)), np.random.default_rng(0).permutation(len(pixels))
    augment.begin_epoch(0)
    augment(out, pixels[..., None], order[:BATCH], 0)  # compiles, off the clock
    for step in range(images // BATCH):
        first = step * BATCH % EPOCH
        began = time.perf_counter()
        if first == 0:
            augment.begin_epoch(step * BATCH // EPOCH)
        augment(out, pixels[..., None], order[first : first + BATCH], step)
        totals.add(out, time.perf_counter() - began)
    return totals


def smooth(generator: np.random.Generator) -> Array:
    """(2, H, W): white noise smoothed, with mean 0 and root-mean-square 1, as in Simard et al. 2003."""
    noise = generator.standard_normal((2, SIDE, SIDE), np.float32)
    field = np.stack([ndimage.gaussian_filter(axis, SIGMA, mode="wrap") for axis in noise])
    field -= field.mean(axis=(1, 2), keepdims=True)
    return field / np.sqrt(np.mean(field**2))


def affine(generator: np.random.Generator) -> tuple[Array, Array]:
    """Matrix and offset, in (y, x), from a place in the result to where it came from, both from the centre."""
    draw = generator.uniform(-1, 1, 6)
    turn, slant = math.radians(RECIPE.rotation) * draw[0], math.tan(math.radians(RECIPE.shear)) * draw[1]
    wide, tall = np.exp(-math.log1p(RECIPE.scale) * draw[2:4])
    cos, sin = math.cos(turn), math.sin(turn)
    matrix = np.array([[tall * cos, tall * sin], [wide * (slant * cos - sin), wide * (cos + slant * sin)]])
    return matrix, -matrix @ (RECIPE.shift * draw[4:])


def by_scipy(pixels: Array, mean: float, scale: float, images: int, ready: bool) -> Totals:
    generator, totals = np.random.default_rng(0), Totals()
    centred = np.indices((SIDE, SIDE), np.float32).reshape(2, -1) - np.float32((SIDE - 1) / 2)
    fields = np.moveaxis(elastic_fields(SIDE, SIDE, key=0), -1, 1).copy() if ready else None
    out, order = np.empty((BATCH, SIDE, SIDE), np.float32), generator.permutation(len(pixels))

    def one(target: Array, image: Array) -> None:
        matrix, offset = affine(generator)
        field = smooth(generator) if fields is None else fields[generator.integers(FIELDS)]
        push = RECIPE.elastic * generator.uniform(0.5, 1)
        places = matrix @ centred + offset[:, None] + push * field.reshape(2, -1) + (SIDE - 1) / 2
        ndimage.map_coordinates(image, places.reshape(2, SIDE, SIDE), target, order=1)  # 0, black, outside
        target -= mean
        target *= scale

    for step in range(images // BATCH):
        began = time.perf_counter()
        for i, row in enumerate(order[step * BATCH : (step + 1) * BATCH]):
            one(out[i], pixels[row])
        totals.add(out, time.perf_counter() - began)
    return totals


def main(name: str, images: int) -> None:
    pixels = load("mnist").train.pixels
    mean, scale = np.float32(pixels.mean()), np.float32(1 / pixels.std())
    contestants: dict[str, Callable[[], Totals]] = {
        "handgrad": lambda: by_handgrad(pixels, mean, scale, images),
        "scipy": lambda: by_scipy(pixels, mean, scale, images, ready=False),
        "scipy-fields": lambda: by_scipy(pixels, mean, scale, images, ready=True),
    }
    figures = contestants[name]().figures(images // BATCH * BATCH)
    packages = ("handgrad", "numba", "numpy", "scipy")
    print(json.dumps({**figures, "versions": {package: version(package) for package in packages}}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
