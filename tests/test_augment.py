from typing import Any

import numpy as np
import pytest

from handgrad.images.augment import Augmenter, elastic_fields
from handgrad.kernels import Kernels, backend
from handgrad.kernels.naive.images import CORRUPT, WARP
from handgrad.kernels.threads import limited
from handgrad.training.recipe import Recipe
from tolerance import assert_close

Array = Any


def strengths(**given: float) -> dict[str, float]:
    """The augmentation of a recipe that has nothing else."""
    return Recipe("augmentation", **given).augmentation()


ALL = strengths(rotation=20, shear=10, scale=0.2, shift=2, elastic=1.5, stroke=0.5, flip=True, unaugmented_share=0.2)


class Recorder:
    """Kernels that keep the limits which they are given."""

    def __init__(self) -> None:
        self.limits: dict[str, Array] = {}

    def threads(self) -> int:
        return 1

    def warp(self, out: Array, pixels: Array, rows: Array, mean: Array, scale: Array, fields: Array, limits: Array,
             key: Array, scratch: Array) -> None:  # fmt: skip
        self.limits |= dict(zip(WARP, limits, strict=True))

    def corrupt(self, x: Array, limits: Array, key: Array, scratch: Array) -> None:
        self.limits |= dict(zip(CORRUPT, limits, strict=True))

    def standardise(self, x: Array, mean: Array, scale: Array) -> None:
        pass


def limits(given: dict[str, float], factor: float = 1.0) -> dict[str, float]:
    """What the kernels are given, in their units."""
    recorder, one = Recorder(), np.ones((4, 4, 1), np.float32)
    augmenter = Augmenter(given, one, one, recorder, 0)
    augmenter.begin_epoch(0, factor)
    augmenter(np.empty((1, 4, 4, 1), np.float32), np.zeros((1, 4, 4, 1), np.uint8), np.zeros(1, np.int64), 0)
    assert all(value.dtype == np.float32 for value in recorder.limits.values())
    return {name: float(value) for name, value in recorder.limits.items()}


def test_limits_are_in_the_units_of_the_kernels() -> None:
    given = strengths(rotation=45, shear=45, scale=1.0, shift=3.5, elastic=2.0, stroke=0.25, flip=True,
                      unaugmented_share=0.125, noise=0.5)  # fmt: skip
    found = limits(given)
    wanted = {"unaugmented_share": 0.125, "rotation": np.pi / 4, "shear": 1.0, "scale": np.log(2), "shift": 3.5,
              "elastic": 2.0, "stroke": 0.25, "flip": 1.0, "noise": 0.5}  # fmt: skip
    assert found == pytest.approx(dict.fromkeys((*WARP, *CORRUPT), 0.0) | wanted)


def test_every_augmentation_of_a_recipe_reaches_a_kernel() -> None:
    assert set(ALL) - {"finetune_share"} == {*WARP, *CORRUPT}


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({}, False),
        ({"unaugmented_share": 0.5}, False),
        ({"rotation": 10, "flip": True}, True),
        ({"flip": True}, True),
        ({"shift": 1, "unaugmented_share": 1.0}, False),
        ({"stroke": 0.1}, True),
    ],
)
def test_images_are_copied_where_nothing_would_change(given: dict[str, float], changes: bool) -> None:
    assert (limits(strengths(**given))["unaugmented_share"] == 1) == (not changes)


def test_a_factor_scales_strengths_and_leaves_shares() -> None:
    half = strengths(rotation=10, shear=5, scale=0.1, shift=1, elastic=0.75, stroke=0.25, flip=True,
                     unaugmented_share=0.2, blur=0.3, clutter=0.2)  # fmt: skip
    assert limits({**ALL, "blur": 0.6, "clutter": 0.4}, 0.5) == limits(half)
    assert limits(strengths(rotation=10), 0.0)["unaugmented_share"] == 1


@pytest.mark.parametrize("size", [(28, 28), (9, 14), (6, 5), (32, 20)])
def test_fields_are_level_and_of_unit_strength(size: tuple[int, int]) -> None:
    fields = elastic_fields(*size, key=7, count=20)
    assert fields.shape == (20, *size, 2) and fields.dtype == np.float32 and fields.flags.c_contiguous
    assert np.abs(fields.mean(axis=(1, 2))).max() < 1e-6
    assert_close(np.sqrt((fields.astype(np.float64) ** 2).mean(axis=(1, 2, 3))), np.ones(20), times=1e4)
    assert (fields == elastic_fields(*size, key=7, count=20)).all()
    assert not np.allclose(fields, elastic_fields(*size, key=8, count=20))


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (3, 3)])
def test_fields_of_tiny_images_are_still(size: tuple[int, int]) -> None:
    assert np.abs(elastic_fields(*size, key=7, count=5)).max() < 1e-3


def test_fields_are_smooth_and_seamless() -> None:
    """The step across the seam is no larger than the steps inside; unsmoothed noise would step by 1.4 a pixel."""
    fields = elastic_fields(28, 28, key=7, count=100)
    for axis in (1, 2):
        inside = np.sqrt((np.diff(fields, axis=axis) ** 2).mean())
        seam = np.sqrt(((fields.take(0, axis) - fields.take(-1, axis)) ** 2).mean())
        assert inside < 0.25
        assert 0.8 < seam / inside < 1.25


def batch(kernels: Kernels, step: int, epoch: int = 0, seed: int = 0, augment: dict[str, float] = ALL) -> Array:
    random = np.random.Generator(np.random.Philox(key=1))
    pixels = random.integers(0, 256, (40, 28, 28, 1), np.uint8)
    mean, scale = np.full((28, 28, 1), 33, np.float32), np.full((28, 28, 1), 1 / 78, np.float32)
    augmenter = Augmenter(augment, mean, scale, kernels, seed)
    augmenter.begin_epoch(epoch)
    out = np.empty((64, 28, 28, 1), np.float32)
    augmenter(out, pixels, random.integers(0, 40, 64), step)
    return out


def test_the_same_pixels_for_any_threads() -> None:
    found = []
    for count in (1, 2, 3, 4):
        with limited(count):
            found.append(batch(backend("compiled"), 3).tobytes())
    assert found[0] == found[1] == found[2] == found[3]


def test_each_step_epoch_and_seed_distorts_anew() -> None:
    kernels = backend("compiled")
    assert (batch(kernels, 3) == batch(kernels, 3)).all()
    assert len({batch(kernels, *place).tobytes() for place in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))}) == 4


def test_an_image_seen_twice_in_a_batch_is_distorted_twice() -> None:
    pixels, rows = np.full((1, 9, 9, 1), 200, np.uint8), np.zeros(8, np.int64)
    augmenter = Augmenter(strengths(rotation=45), np.zeros((9, 9, 1)), np.ones((9, 9, 1)), backend("naive"), 0)
    out = np.empty((8, 9, 9, 1))
    augmenter(out, pixels, rows, 0)
    assert len({image.tobytes() for image in out}) == 8


def test_nothing_asked_for_nothing_changed() -> None:
    still = batch(backend("compiled"), 3, augment=strengths())
    assert (still == batch(backend("compiled"), 4, epoch=2, augment=strengths())).all()
    levels = still * 78 + 33
    assert_close(levels, np.rint(levels))


def test_a_smaller_factor_distorts_less() -> None:
    random = np.random.Generator(np.random.Philox(key=1))
    y, x = np.mgrid[:28, :28]
    blob = (255 * np.exp(-((y - 13.5) ** 2 / 60 + (x - 13.5) ** 2 / 30))).astype(np.uint8)[None, :, :, None]
    mean, out, moved = np.zeros((28, 28, 1), np.float32), np.empty((64, 28, 28, 1), np.float32), []
    augmenter = Augmenter(strengths(shift=3, elastic=1), mean, mean + 1, backend("compiled"), int(random.integers(9)))
    for factor in (1.0, 0.5, 0.0):
        augmenter.begin_epoch(0, factor)
        augmenter(out, blob, np.zeros(64, np.int64), 0)
        moved.append(float(np.abs(out - blob).mean()))
    assert moved[0] > 1.5 * moved[1] > 0
    assert moved[2] == 0
