from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from handgrad.errors import UserError
from handgrad.images.arrays import as_labels, as_pixels

SHAPE = (2, 3, 1)
COLOUR = (2, 2, 3)
LEVELS = np.array([[0, 1, 2], [30, 128, 255]], np.uint8)


@pytest.mark.parametrize(
    ("shape", "n"),
    [
        ((2, 3), 1),
        ((2, 3, 1), 1),
        ((6,), 1),
        ((1, 6), 1),
        ((4, 2, 3), 4),
        ((4, 2, 3, 1), 4),
        ((4, 6), 4),
        ((0, 2, 3), 0),
    ],
)
def test_shapes_of_grey_images(shape: tuple[int, ...], n: int) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    pixels = as_pixels(array, SHAPE)
    assert pixels.shape == (n, *SHAPE)
    assert pixels.ravel().tolist() == array.ravel().tolist()


def test_the_size_of_an_image_decides_what_a_square_array_is() -> None:
    square = np.zeros((28, 28), np.uint8)
    assert len(as_pixels(square, (28, 28, 1))) == 1
    assert len(as_pixels(square, (4, 7, 1))) == 28  # flat images


@pytest.mark.parametrize("shape", [(2, 2, 3), (12,), (4, 2, 2, 3), (4, 12)])
def test_shapes_of_colour_images(shape: tuple[int, ...]) -> None:
    assert as_pixels(np.zeros(shape, np.uint8), COLOUR).shape[1:] == COLOUR


@pytest.mark.parametrize("shape", [(4, 2, 3), (4, 2, 3, 1), (4, 2, 3, 3)])
def test_without_a_size_the_array_tells_it(shape: tuple[int, ...]) -> None:
    assert as_pixels(np.zeros(shape, np.uint8)).shape == (*shape, 1)[:4]


@given(image=st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 3])), n=st.integers(1, 3))
def test_whatever_fits_in_several_ways_means_the_same(image: tuple[int, int, int], n: int) -> None:
    height, width, channels = image
    flat = np.arange(n * height * width * channels, dtype=np.uint8)
    shapes = [(n, *image), (n, height * width * channels), *([(n, height, width)] if channels == 1 else [])]
    for shape in shapes:
        np.testing.assert_array_equal(as_pixels(flat.reshape(shape), image), flat.reshape(n, *image))


@pytest.mark.parametrize(
    ("shape", "image", "says"),
    [
        ((28, 27), (28, 28, 1), r"\(28, 27\), expected \(28, 28\), \(28, 28, 1\), \(784,\), or N of these"),
        ((4, 1, 28, 28), (28, 28, 1), "expected"),
        ((28, 28), (28, 28, 3), r"expected \(28, 28, 3\), \(2352,\), or N of these"),
        ((), (28, 28, 1), r"shape \(\)"),
        ((5, 784), None, r"shape \(5, 784\), expected \(N, H, W\), \(N, H, W, 1\) or \(N, H, W, 3\)"),
        ((5, 4, 4, 2), None, r"\(5, 4, 4, 2\)"),
    ],
)
def test_shapes_that_do_not_fit(shape: tuple[int, ...], image: tuple[int, int, int] | None, says: str) -> None:
    with pytest.raises(UserError, match=says):
        as_pixels(np.zeros(shape, np.uint8), image)


@pytest.mark.parametrize("dtype", ["i2", "u2", "i4", "u4", "i8", "u8", ">i4", "f2", "f4", "f8", ">f8", "g"])
def test_types_of_grey_levels(dtype: str) -> None:
    pixels = as_pixels(LEVELS.astype(dtype), SHAPE)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels[0, :, :, 0], LEVELS)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_from_0_to_1_come_back_exactly(dtype: str) -> None:
    every_level = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    pixels = as_pixels((every_level / 255).astype(dtype))
    np.testing.assert_array_equal(pixels[..., 0], every_level)


def test_bools_are_black_and_white() -> None:
    assert as_pixels([[True, False]], (1, 2, 1)).ravel().tolist() == [255, 0]


def test_floats_are_rounded() -> None:
    assert as_pixels([[0.4, 0.6, 254.6]], (1, 3, 1)).ravel().tolist() == [0, 1, 255]


@pytest.mark.parametrize("dtype", ["u1", "i8", "f4", "?"])
def test_black_is_black(dtype: str) -> None:
    assert not as_pixels(np.zeros((1, 2, 3), dtype)).any()


WRAPPED: list[Callable[[np.ndarray], object]] = [
    lambda array: array.tolist(),
    lambda array: tuple(map(tuple, array.tolist())),
    lambda array: [*array],
    lambda array: pd.DataFrame(array),
    lambda array: pd.DataFrame(array.astype(float)),
    lambda array: pd.DataFrame(array)[[*range(784)]],
]


@pytest.mark.parametrize("wrap", WRAPPED)
def test_lists_and_pandas(wrap: Callable[[np.ndarray], object]) -> None:
    array = np.arange(3 * 784).reshape(3, 784) % 256
    pixels = as_pixels(wrap(array), (28, 28, 1))
    assert pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels.reshape(3, 784), array)


def test_a_row_of_a_table_is_an_image() -> None:
    table = pd.DataFrame(LEVELS.reshape(1, 6))
    np.testing.assert_array_equal(as_pixels(table.iloc[0], SHAPE)[0, :, :, 0], LEVELS)


@pytest.mark.parametrize("shape", [(4, 2, 3), (4, 2, 3, 1), (4, 6)])
def test_what_is_right_already_is_not_copied(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.uint8)
    assert np.shares_memory(as_pixels(array, SHAPE), array)


@pytest.mark.parametrize("array", [LEVELS[::-1], LEVELS.T.copy().T, np.broadcast_to(LEVELS[:1], (2, 3))])
def test_c_order_is_made(array: np.ndarray) -> None:
    pixels = as_pixels(array, SHAPE)
    assert pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels[0, :, :, 0], array)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        ([[0, 256]], "values from 0 to 256, expected whole numbers from 0 to 255"),
        ([[-1, 5]], "values from -1 to 5"),
        ([[0.0, 255.5]], "values from 0 to 255.5"),
        ([[-0.1, 1.0]], "values from -0.1 to 1"),
        ([[-1.0, 1.0]], "values from -1 to 1"),
        ([[np.nan, 1.0]], "missing values"),
        ([[np.inf, 1.0]], "to inf"),
        ([[0, 1]], r"whole numbers \(int64\) from 0 to 1, which may be grey levels or black and white"),
        ([[0.0, 1.5]], "floats up to 1.5, which may be from 0 to 1 or from 0 to 255"),
        ([["a", "b"]], "type <U1"),
        ([[b"a", b"b"]], "type |S1"),
        ([[None, 1]], "type object"),
        ([[1j, 2]], "type complex128"),
        (pd.DataFrame({"a": [1], "b": ["x"]}), "type object"),
        ([[1, 2], [3]], "cannot be made an array"),
        ([[2**70, 1]], "type object"),
    ],
)
def test_values_that_cannot_be_read_in_one_way(array: object, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        as_pixels(array, (1, 2, 1), "digits.csv")
    assert str(caught.value).startswith("digits.csv: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "i8", "f2", "f8", "c8", "U2", "O", "M8[s]"])
@given(shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3), low=st.integers(-2, 2))
def test_any_array_gives_pixels_or_one_line(dtype: str, shape: tuple[int, ...], low: int) -> None:
    array = np.arange(low, low + np.prod(shape, dtype=int)).astype(dtype).reshape(shape)
    for image in (None, (1, 2, 1), (2, 1, 3)):
        try:
            pixels = as_pixels(array, image)
        except UserError as error:
            assert "\n" not in str(error)
        else:
            assert (pixels.dtype, pixels.ndim, pixels.flags.c_contiguous) == (np.uint8, 4, True)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 2, 1],
        (0, 2, 1),
        np.array([0, 2, 1], np.int64),
        np.array([0, 2, 1], np.float32),
        pd.Series([0, 2, 1]),
        pd.Series([0.0, 2.0, 1.0], index=[7, 8, 9]),
        pd.Series([0, 2, 1], dtype="Int64"),
    ],
)
def test_labels(labels: object) -> None:
    numbers = as_labels(labels, 3)
    assert numbers.dtype == np.uint8
    assert numbers.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0, 3], "labels from 0 to 3 for 3 classes, expected 0 to 2"),
        ([-1, 2], "labels from -1 to 2"),
        ([0, 258], "labels from 0 to 258"),
        ([0, 0.5], "the label 0.5, expected whole numbers"),
        ([0, np.nan], "the label nan"),
        ([0, np.inf], "to inf"),
        ([True, False], "type bool"),
        (["a", "b"], "type <U1"),
        ([None, 1], "type object"),
        ([[0], [1]], r"shape \(2, 1\), expected one label an image"),
        (5, r"shape \(\)"),
    ],
)
def test_what_is_no_label(labels: object, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        as_labels(labels, 3, "y_train")
    assert str(caught.value).startswith("y_train: ")
    assert "\n" not in str(caught.value)
