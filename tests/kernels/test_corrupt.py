"""Corruption of images: each kind by itself against its twin, and what it may and may not do."""

from typing import Any

import numpy as np
import pytest

from handgrad.kernels import Kernels, backend, naive
from handgrad.kernels.naive import CORRUPT
from kernels.twins import guarded
from tolerance import assert_close

Array = Any
KEY = 0x0123456789ABCDEF


def images(n: int, size: tuple[int, int, int], dtype: Any = np.float32) -> Array:
    random = np.random.Generator(np.random.Philox(key=3))
    return random.integers(0, 256, (n, *size)).astype(dtype)


def limits(**strengths: float) -> Array:
    return np.array([strengths.get(name, 0.0) for name in CORRUPT], np.float32)


def corrupted(kernels: Kernels, size: tuple[int, int, int], what: Array, dtype: Any = np.float32, n: int = 40) -> Array:
    x = images(n, size, dtype)
    kernels.corrupt(x, what, KEY, room(kernels))
    return x


def room(kernels: Kernels) -> Array:
    return np.full((kernels.threads(), 28 * 28), np.nan, np.float32)


def test_the_largest_hash_stays_inside_the_image() -> None:
    """With this key, the height of a patch in the third image is drawn from a hash that float32 rounds up."""
    x, whole = guarded(3, 28, 28, 1)
    x[:] = images(3, (28, 28, 1))
    want = x.astype(np.float64)
    for kernels, pixels in ((backend("compiled"), x), (naive, want)):
        kernels.corrupt(pixels, limits(clutter=1.0), 0x6867400E6, room(kernels))
    whole()
    assert_close(x, want, times=20)


EACH = [{"blur": 0.7}, {"noise": 0.3}, {"contrast": 0.6}, {"clutter": 1.0},
        {"blur": 0.5, "noise": 0.2, "contrast": 0.5, "clutter": 0.5}]  # fmt: skip


@pytest.mark.parametrize("what", EACH, ids=lambda what: "-".join(what))
@pytest.mark.parametrize("size", [(28, 28, 1), (9, 14, 3), (5, 4, 1)])
def test_against_the_twin(kernels: Kernels, what: dict[str, float], size: tuple[int, int, int]) -> None:
    got, want = corrupted(kernels, size, limits(**what)), corrupted(naive, size, limits(**what), np.float64)
    assert_close(got, want, times=20)
    assert (want != images(40, size)).any(axis=(1, 2, 3)).mean() > 0.4


def test_nothing_asked_nothing_done() -> None:
    assert (corrupted(backend("compiled"), (28, 28, 1), limits()) == images(40, (28, 28, 1))).all()


def test_threads_do_not_matter(threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(corrupted(backend("compiled"), (28, 28, 1), limits(**EACH[-1])).tobytes())
    assert found[0] == found[1] == found[2] == found[3]


def test_every_kind_of_mark_comes_up() -> None:
    """Lines only brighten, patches fill a rectangle, contours empty an area, specks are black or white."""
    x = np.zeros((200, 28, 28, 1), np.float32)
    x[:, 8:20, 8:20] = 100
    was = x.copy()
    backend("compiled").corrupt(x, limits(clutter=1.0), KEY, room(naive))
    inside = (x[:, 9:19, 9:19] == 0).all(axis=(1, 2, 3)) & (x[:, 8, 8:20] == 100).all(axis=(1, 2))
    around = (x[:, 8:20, 8:20] == 0).all(axis=(1, 2, 3)) & (x[:, 7, 7:21] == 100).all(axis=(1, 2))
    changed = x != was
    speckled = ((x == 255) | (x == 0) | ~changed).all(axis=(1, 2, 3)) & (changed.sum(axis=(1, 2, 3)) > 20)
    assert inside.sum() > 10 and around.sum() > 10 and speckled.sum() > 20
    brighter = ((x >= was).all(axis=(1, 2, 3)) & changed.any(axis=(1, 2, 3))).sum()
    assert brighter > 20
    assert x.min() >= 0 and x.max() <= 255


def test_noise_has_the_deviation_it_says() -> None:
    x = np.full((400, 28, 28, 1), 127, np.float32)
    backend("compiled").corrupt(x, limits(noise=0.1), KEY, room(naive))
    deviation = (x - 127).std(axis=(1, 2, 3)) / 255  # uniform between 0 and the limit
    assert deviation.max() == pytest.approx(0.1, rel=0.1) and deviation.mean() == pytest.approx(0.05, rel=0.1)
    assert abs(float((x - 127).mean())) < 0.2


def test_standardise_is_its_twin(kernels: Kernels) -> None:
    x, mean, scale = images(7, (9, 14, 3)), images(1, (9, 14, 3))[0], images(2, (9, 14, 3))[1] / 255
    want = x.astype(np.float64)
    kernels.standardise(x, mean, scale)
    naive.standardise(want, mean, scale)
    assert_close(x, want)
