"""Random distortion: compiled against naive, and the naive one against NumPy and SciPy."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from handgrad.images.augment import elastic_fields, warp_limits
from handgrad.kernels import Kernels, backend, naive
from handgrad.kernels.naive import WARP
from handgrad.kernels.pass_scratch import warp_scratch
from handgrad.kernels.warp import FLIP, ROTATION, SCALE, SCALE_Y, SHEAR, SHIFT, SHIFT_Y, STROKE, UNAUGMENTED
from handgrad.training.recipe import Recipe
from tolerance import assert_close

Array = Any
ALL = {"rotation": 25, "shear": 15, "scale": 0.3, "shift": 3, "elastic": 1.5, "stroke": 0.8, "flip": True,
       "unaugmented_share": 0.3}  # fmt: skip
SETTINGS = {
    "nothing": {}, "all": ALL, "far": {"shift": 90.0, "rotation": 180.0, "scale": 2.0},
    **{name: {name: value} for name, value in ALL.items()},
}  # fmt: skip
SIZES = [(28, 28, 1), (28, 28, 3), (9, 14, 1), (17, 6, 3)]


def inputs(height: int, width: int, channels: int, n: int = 12) -> tuple[Array, Array, Array, Array, Array]:
    random = np.random.Generator(np.random.Philox(key=1))
    pixels = random.integers(0, 256, (n, height, width, channels), np.uint8)
    mean = random.uniform(0, 100, (height, width, channels)).astype(np.float32)
    scale = random.uniform(0.01, 0.02, (height, width, channels)).astype(np.float32)
    return pixels, random.integers(0, n, 2 * n + 1), mean, scale, elastic_fields(height, width, 3, count=5)


def limits_of(**strengths: float) -> Array:
    return warp_limits(Recipe("warp", **strengths).augmentation())


def room(kernels: Kernels, *size: int) -> Array:
    return np.full((kernels.threads(), warp_scratch(*size)), np.nan, np.float32)


def warped(kernels: Kernels, size: tuple[int, int, int], limits: Array, dtype: Any = np.float32) -> Array:
    pixels, rows, mean, scale, fields = inputs(*size)
    out = np.full((len(rows), *size), np.nan, dtype)
    kernels.warp(out, pixels, rows, mean, scale, fields, limits, 0x0123456789ABCDEF, room(kernels, *size))
    return out


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("setting", SETTINGS)
def test_twins(kernels: Kernels, setting: str, size: tuple[int, int, int]) -> None:
    augment = limits_of(**SETTINGS[setting])
    # a place is right to about 1e-5 pixels, and neighbours differ by up to 255 grey levels
    assert_close(warped(kernels, size, augment), warped(naive, size, augment, np.float64), times=20)


@pytest.mark.parametrize("setting", ["nothing", "all"])
def test_the_same_bytes_for_any_threads(setting: str, threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(warped(backend("compiled"), (28, 28, 1), limits_of(**SETTINGS[setting])).tobytes())
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("kind", ["naive", "compiled"])
def test_clean_images_are_only_standardised(kind: str) -> None:
    pixels, rows, mean, scale, _ = inputs(28, 28, 1)
    want = (pixels[rows].astype(np.float64) - mean) * scale
    assert_close(warped(backend(kind), (28, 28, 1), limits_of(unaugmented_share=1.0, rotation=40)), want)
    some = warped(backend(kind), (28, 28, 1), limits_of(unaugmented_share=0.5, rotation=40))
    untouched = np.isclose(some, want, atol=1e-4).all(axis=(1, 2, 3))
    assert 4 <= untouched.sum() <= len(rows) - 4


# Below, the limits are chosen for one image and key such that limit * draw is a known distortion.
def draws(key: int) -> Array:
    return naive.hash32(np.arange(16), key) * 2.0**-31 - 1


def distorted(kind: str, image: Array, limits: dict[int, float], key: int) -> Array:
    height, width = image.shape
    values = np.zeros(len(WARP), np.float32)
    values[list(limits)] = list(limits.values())
    out = np.empty((1, height, width, 1), np.float32)
    zeros, ones = np.zeros((height, width, 1), np.float32), np.ones((height, width, 1), np.float32)
    fields = np.zeros((1, height, width, 2), np.float32)
    backend(kind).warp(
        out,
        image[None, :, :, None],
        np.array([0]),
        zeros,
        ones,
        fields,
        values,
        key,
        room(backend(kind), height, width, 1),
    )
    return out[0, :, :, 0]


def picture(height: int, width: int) -> Array:
    return np.random.Generator(np.random.Philox(key=9)).integers(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize("kind", ["naive", "compiled"])
class TestKnownDistortions:
    @pytest.mark.parametrize("quarters", [1, 2, -1])
    def test_quarter_turns(self, kind: str, quarters: int) -> None:
        image, key = picture(15, 15), 3
        turned = distorted(kind, image, {ROTATION: quarters * math.pi / 2 / draws(key)[ROTATION]}, key)
        assert_close(turned, np.rot90(image, quarters), times=20)

    @pytest.mark.parametrize("pixels", [1, -2])
    @pytest.mark.parametrize(("which", "axis"), [(SHIFT, 1), (SHIFT_Y, 0)])
    def test_shift_by_whole_pixels(self, kind: str, which: int, axis: int, pixels: int) -> None:
        """Both directions share a limit, so the picture is the same all along the other one."""
        key = 4
        line = picture(1, 20)[0]
        image = np.ascontiguousarray(np.broadcast_to(line if axis else line[:, None], (20, 20)))
        limit = pixels / draws(key)[which]
        inside = math.ceil(abs(limit)) + 1
        moved = distorted(kind, image, {SHIFT: limit}, key)[inside:-inside, inside:-inside]
        assert_close(moved, np.roll(image, pixels, axis)[inside:-inside, inside:-inside], times=20)

    def test_flip(self, kind: str) -> None:
        image = picture(11, 14)
        for key in range(8):
            want = image[:, ::-1] if draws(key)[FLIP] < 0 else image
            assert_close(distorted(kind, image, {FLIP: 1.0}, key), want, times=20)
        assert {bool(draws(key)[FLIP] < 0) for key in range(8)} == {True, False}

    @pytest.mark.parametrize("key", range(5))
    def test_any_affine_map(self, kind: str, key: int) -> None:
        image, draw = picture(13, 18), draws(key)
        limits = {ROTATION: 0.7, SHEAR: 0.4, SCALE: 0.5, SHIFT: 4.0, UNAUGMENTED: 0.0}
        turn, slant = 0.7 * draw[ROTATION], 0.4 * draw[SHEAR]
        wide, tall = math.exp(0.5 * draw[SCALE]), math.exp(0.5 * draw[SCALE_Y])
        # forwards, on (x, y) from the centre: stretch, then shear, then turn, then shift
        forwards = (
            np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
            @ np.array([[1, -slant], [0, 1]])
            @ np.diag([wide, tall])
        )
        back = np.linalg.inv(forwards)[::-1, ::-1]  # SciPy counts (y, x)
        middle, shift = np.array([6.0, 8.5]), 4.0 * np.array([draw[SHIFT_Y], draw[SHIFT]])
        want = ndimage.affine_transform(
            image.astype(np.float64), back, middle - back @ (middle + shift), order=1, mode="grid-constant"
        )
        assert_close(distorted(kind, image, limits, key), want, times=20)


@pytest.mark.parametrize("kind", ["naive", "compiled"])
def test_strokes_grow_and_shrink(kind: str) -> None:
    """A stroke change of 1 is SciPy's grey dilation, of -1 its erosion, 3 by 3 with background outside."""
    image, key = picture(12, 10), 5
    framed = np.pad(image.astype(np.float64), 1)
    thick, thin = (change(framed, (3, 3))[1:-1, 1:-1] for change in (ndimage.grey_dilation, ndimage.grey_erosion))
    for amount, want in ((1.0, thick), (-1.0, thin), (0.5, (image + thick) / 2)):
        assert_close(distorted(kind, image, {STROKE: amount / draws(key)[STROKE]}, key), want, times=20)


def test_elastic_displacement_is_a_look_up_in_the_image() -> None:
    image, key = picture(14, 19), 6
    field = elastic_fields(14, 19, 2, count=1)
    limits = limits_of(elastic=2.0)
    out, one = np.empty((1, 14, 19, 1)), np.ones((14, 19, 1))
    naive.warp(out, image[None, :, :, None], np.array([0]), 0 * one, one, field, limits, key, room(naive, 14, 19, 1))
    bits, strength = naive.hash32(np.arange(16), key), 2.0 * (0.75 + 0.25 * draws(key)[5])
    roll, mirror = int(bits[11]), int(bits[12])
    y, x = np.mgrid[:14, :19].astype(np.float64)
    at = field[0][(y.astype(int) + roll % 14) % 14, (x.astype(int) + (roll >> 16) % 19) % 19] * strength
    x += at[..., 0] * (1 if mirror & 1 else -1)
    y += at[..., 1] * (1 if mirror & 2 else -1)
    want = ndimage.map_coordinates(image.astype(np.float64), [y, x], order=1, mode="grid-constant")
    np.testing.assert_allclose(out[0, :, :, 0], want, atol=1e-6 * 255)
