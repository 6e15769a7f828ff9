import hashlib
import subprocess
import sys

import numpy as np
import pytest

from handgrad.datasets import Dataset, Images
from handgrad.errors import UserError


def some(n: int, shape: tuple[int, ...] = (2, 3)) -> Images:
    pixels = np.arange(n * int(np.prod(shape)), dtype=np.uint8).reshape(n, *shape)
    return Images(pixels, (np.arange(n) % 3).astype(np.uint8), ("a", "b", "c"))


def test_shape_is_always_three_long() -> None:
    assert some(4).shape == (2, 3, 1)
    assert some(4, (2, 5, 3)).shape == (2, 5, 3)


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([1, 2]), np.array([False, True, True, False])])
def test_some_of_the_images(rows: slice | np.ndarray) -> None:
    part = some(4)[rows]
    assert len(part) == 2
    assert part.labels.tolist() == [1, 2]
    np.testing.assert_array_equal(part.pixels, some(4).pixels[1:3])
    assert part.classes == ("a", "b", "c")


U8 = np.uint8


@pytest.mark.parametrize(
    ("pixels", "labels", "classes", "says"),
    [
        (np.zeros((2, 4, 4)), np.zeros(2, U8), ("a",), "float64"),
        (np.zeros((2, 4, 4), U8), np.zeros(2, np.int64), ("a",), "int64"),
        (np.zeros((2, 16), U8), np.zeros(2, U8), ("a",), r"\(2, 16\)"),
        (np.zeros((2, 4, 4, 4), U8), np.zeros(2, U8), ("a",), r"\(2, 4, 4, 4\)"),
        (np.zeros((2, 4, 4), U8), np.zeros(3, U8), ("a",), r"\(3,\) for 2 images"),
        (np.zeros((0, 4, 4), U8), np.zeros(0, U8), ("a",), "at least one"),
        (np.zeros((2, 4, 4), U8), np.full(2, 3, U8), ("a", "b", "c"), "up to 3 for 3"),
        (np.zeros((2, 4, 4), U8), np.zeros(2, U8), (), "0 classes"),
    ],
)
def test_what_does_not_fit_is_refused(
    pixels: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        Images(pixels, labels, classes)


@pytest.mark.parametrize(
    ("count", "valid", "expected"),
    [(100, 20, 20), (100, 21, 20), (100, 5, 5), (9, 10_000, 1), (2, 1, 1)],
)
def test_split_takes_the_tail_and_at_most_a_fifth(count: int, valid: int, expected: int) -> None:
    train, held = Dataset("x", some(count)).split(valid)
    assert (len(train), len(held)) == (count - expected, expected)
    np.testing.assert_array_equal(np.concatenate([train.pixels, held.pixels]), some(count).pixels)


@pytest.mark.parametrize(("count", "valid"), [(1, 1), (10, 0), (10, -1)])
def test_split_refuses_what_cannot_be(count: int, valid: int) -> None:
    with pytest.raises(UserError, match="aside for validation"):
        Dataset("x", some(count)).split(valid)


def test_test_images_are_read_when_asked_for_and_once() -> None:
    calls = []

    def read() -> Images:
        calls.append(1)
        return some(3)

    dataset = Dataset("x", some(10), read)
    dataset.split()
    assert dataset.checksum
    assert calls == []
    assert dataset.test is dataset.test
    assert calls == [1]
    assert Dataset("x", some(10)).test is None


def test_checksum_is_of_pixels_then_labels() -> None:
    images = some(5)
    expected = hashlib.sha256(images.pixels.tobytes() + images.labels.tobytes()).hexdigest()
    assert Dataset("x", images).checksum == expected
    assert Dataset("x", images[::-1]).checksum != expected  # a view with strides too


def test_importing_is_light() -> None:
    code = "import sys, handgrad.datasets; print({'numba', 'scipy', 'PIL', 'http.client'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
