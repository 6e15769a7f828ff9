import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
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
        (np.full((2, 4, 4), 1.5), np.zeros(2, U8), ("a",), r"floats up to 1\.5"),
        (np.full((2, 4, 4), 256), np.zeros(2, U8), ("a",), "values from 256 to 256"),
        (np.zeros((2, 4, 4), U8), np.zeros(2, bool), ("a",), "labels of type bool"),
        (np.zeros((2, 4, 4), U8), np.array([0, 256]), ("a",), "labels from 0 to 256 for 1 classes"),
        (np.zeros((2, 4, 4), U8), np.array([0, -1]), ("a",), "labels from -1 to 0"),
        (np.zeros((2, 16), U8), np.zeros(2, U8), ("a",), r"\(2, 16\)"),
        (np.zeros((2, 4, 4, 4), U8), np.zeros(2, U8), ("a",), r"\(2, 4, 4, 4\)"),
        (np.zeros((2, 4, 4), U8), np.zeros(3, U8), ("a",), r"\(3,\) for 2 images"),
        (np.zeros((0, 4, 4), U8), np.zeros(0, U8), ("a",), "at least one"),
        (np.zeros((2, 4, 4), U8), np.full(2, 3, U8), ("a", "b", "c"), "to 3 for 3"),
        (np.zeros((2, 4, 4), U8), np.zeros(2, U8), (), "0 classes"),
        (np.zeros((2, 4, 4), U8), np.zeros(2, U8), ("a",) * 257, "257 classes, expected 1 to 256"),
        (np.zeros((2, 0, 4), U8), np.zeros(2, U8), ("a",), "at least one"),
    ],
)
def test_what_does_not_fit_is_refused(
    pixels: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        Images(pixels, labels, classes)


def test_what_numpy_and_pandas_hand_out_is_taken() -> None:
    levels = np.arange(24).reshape(4, 2, 3)
    for pixels in (levels, levels.tolist(), levels[..., None], levels.astype(float), [*levels.astype(U8)]):
        images = Images(pixels, pd.Series([0.0, 1.0, 2.0, 1.0]), ["a", "b", "c"])
        assert (images.pixels.dtype, images.labels.dtype, images.classes) == (U8, U8, ("a", "b", "c"))
        np.testing.assert_array_equal(images.pixels, levels)
        assert images.labels.tolist() == [0, 1, 2, 1]


def test_what_is_right_already_is_not_copied() -> None:
    pixels, labels = np.zeros((4, 2, 3), U8), np.zeros(4, U8)
    images = Images(pixels, labels, ("a",))
    assert np.shares_memory(images.pixels, pixels)
    assert np.shares_memory(images.labels, labels)
    assert np.shares_memory(images[1:].pixels, pixels)


@pytest.mark.parametrize("shape", [(2, 3), (2, 5, 3)])
def test_nhwc_is_a_view(shape: tuple[int, ...]) -> None:
    images = some(4, shape)
    assert images.nhwc.shape == (4, *images.shape)
    assert np.shares_memory(images.nhwc, images.pixels)


def test_images_are_added() -> None:
    both = some(4)[1:] + some(2)
    assert both.labels.tolist() == [1, 2, 0, 0, 1]
    np.testing.assert_array_equal(both.pixels[3:], some(2).pixels)
    assert both.classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (some(4, (3, 2)), "images 3x2x1 .* to add to images 2x3x1"),
        (some(4, (2, 3, 3)), "images 2x3x3"),
        (Images(some(4).pixels, some(4).labels, ("a", "b", "d")), r"\(a, b, d\) to add to .* \(a, b, c\)"),
    ],
)
def test_other_images_are_not_added(other: Images, says: str) -> None:
    with pytest.raises(UserError, match=says):
        some(4) + other


@pytest.mark.parametrize(
    ("count", "valid", "expected"),
    [(100, 20, 20), (100, 21, 20), (100, 5, 5), (9, 10_000, 1), (2, 1, 1)],
)
def test_split_takes_the_tail_and_at_most_a_fifth(count: int, valid: int, expected: int) -> None:
    train, held = Dataset("x", some(count)).split(valid)
    assert (len(train), len(held)) == (count - expected, expected)
    np.testing.assert_array_equal(np.concatenate([train.pixels, held.pixels]), some(count).pixels)


@pytest.mark.parametrize("classes", [(0, 1, 2), (2, 0, 1), (1, 2)], ids=str)
def test_images_that_lie_class_by_class_are_mixed_before_the_split(classes: tuple[int, ...]) -> None:
    labels = np.repeat(classes, 50)
    images = Images(np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1), labels, ("a", "b", "c"))
    train, held = Dataset("x", images).split()
    assert set(held.labels) == set(train.labels) == set(classes)
    numbers = np.concatenate([train.pixels.reshape(-1), held.pixels.reshape(-1)])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(len(labels)))
    np.testing.assert_array_equal(np.concatenate([train.labels, held.labels]), labels[numbers])
    again, _ = Dataset("x", images).split()
    np.testing.assert_array_equal(again.pixels, train.pixels)


@pytest.mark.parametrize("labels", [(0, 0, 1, 1, 0, 0), (2, 1, 0), (1, 1, 1, 1)], ids=str)
def test_any_other_order_is_kept(labels: tuple[int, ...]) -> None:
    pixels = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1)
    train, held = Dataset("x", Images(pixels, labels, ("a", "b", "c"))).split()
    np.testing.assert_array_equal(np.concatenate([train.pixels, held.pixels]), pixels[..., 0:1])


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
