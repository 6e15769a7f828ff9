"""Arrays as NumPy, pandas and plain lists hand them out, turned into pixels and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.errors import UserError

GREY_LEVELS = "whole numbers from 0 to 255, floats from 0 to 1 or from 0 to 255, or bools"


def as_pixels(array: ArrayLike, shape: tuple[int, int, int] | None = None, name: str = "images") -> NDArray[np.uint8]:
    """Return images as bytes, whatever type and shape they come in, where there is only one way to read them.

    Whole numbers are grey levels and keep their value. Bools become 0 and 255. Floats whose largest value is at most 1
    are multiplied by 255; floats whose largest value is 2 or more keep their value; both are rounded. Since the largest
    value of the whole array decides, give all images of a kind in one call.

    Parameters
    ----------
    array : array_like
        An array, a list, a pandas object, or anything else that `numpy.asarray` takes.
    shape : tuple of int, optional
        Height, width and channels of one image. The array may then be a single image or N images, each (H, W, C), flat
        (H * W * C,), or (H, W) where C is 1. Without it, the array is (N, H, W), (N, H, W, 1) or (N, H, W, 3).
    name : str
        What to call the array in an error message.

    Returns
    -------
    ndarray of uint8, shape (N, H, W, C)
        The images in C order; the array's own memory where it already is uint8 and in C order.

    Raises
    ------
    UserError
        For another shape; for values below 0, above 255 or missing (NaN); for anything that is not numbers; and where
        the values can be read in two ways: whole numbers other than uint8 whose largest is 1, and floats whose largest
        lies between 1 and 2.

    Examples
    --------
    >>> as_pixels([[0.0, 0.5, 1.0]], (1, 3, 1)).ravel()
    array([  0, 128, 255], dtype=uint8)
    """
    values = _as_array(array, name)
    count, shape = _count_and_shape(values.shape, shape, name)
    if values.dtype.kind not in "buif":
        raise UserError(f"{name}: got values of type {values.dtype}, expected {GREY_LEVELS}; convert them")
    return np.ascontiguousarray(_grey_levels(values, name)).reshape(count, *shape)


def as_labels(labels: ArrayLike, classes: int, name: str = "images") -> NDArray[np.uint8]:
    """Return labels as bytes.

    Parameters
    ----------
    labels : array_like
        N class numbers of any integer type, or floats that are whole numbers, as pandas makes of a column with gaps.
    classes : int
        How many classes there are, 1 to 256.
    name : str
        What the labels belong to, for an error message.

    Returns
    -------
    ndarray of uint8, shape (N,)
        The labels in C order; the given memory where it already is uint8 and in C order.

    Raises
    ------
    UserError
        For labels that are not whole numbers from 0 to `classes` - 1, and for more than one dimension.
    """
    values = _as_array(labels, name)
    if values.ndim != 1:
        raise UserError(f"{name}: got labels of shape {values.shape}, expected one label an image, shape (N,)")
    if values.dtype.kind not in "iuf":
        raise UserError(f"{name}: got labels of type {values.dtype}, expected whole numbers; number the classes from 0")
    if values.dtype.kind == "f" and not (fits := values == np.floor(values)).all():  # NaN does not equal itself
        raise UserError(f"{name}: got the label {values[~fits][0]:g}, expected whole numbers; fill gaps or drop them")
    if values.size and not 0 <= values.min() <= values.max() < classes:
        raise UserError(
            f"{name}: got labels from {values.min():g} to {values.max():g} for {classes} classes, "
            f"expected 0 to {classes - 1}; number the classes from 0"
        )
    return np.ascontiguousarray(values.astype(np.uint8, copy=False))


def _as_array(array: ArrayLike, name: str) -> NDArray[Any]:
    try:
        return np.asarray(array)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:  # lists of unequal lengths, tensors on a GPU
        raise UserError(f"{name}: cannot be made an array ({str(error).splitlines()[0]}); give one array") from error


def _count_and_shape(
    got: tuple[int, ...], shape: tuple[int, int, int] | None, name: str
) -> tuple[int, tuple[int, int, int]]:
    """How many images an array of this shape holds, and (H, W, C) of each.

    No array fits in two ways that differ: every way keeps the order of the values, and their number decides N.
    """
    if shape is None:
        if len(got) == 3 or (len(got) == 4 and got[3] in (1, 3)):
            return got[0], (got[1], got[2], got[3] if len(got) == 4 else 1)
        raise UserError(
            f"{name}: got an array of shape {got}, expected (N, H, W), (N, H, W, 1) or (N, H, W, 3); "
            "reshape it, flat images too"
        )
    height, width, channels = shape
    image_shapes: list[tuple[int, ...]] = [shape, (height * width * channels,)]
    if channels == 1:
        image_shapes.insert(0, (height, width))
    if got in image_shapes:
        return 1, shape
    if got[1:] in image_shapes:
        return got[0], shape
    expected = ", ".join(str(each) for each in image_shapes)
    raise UserError(f"{name}: got an array of shape {got}, expected {expected}, or N of these; resize or reshape it")


def _grey_levels(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    kind = values.dtype.kind
    if values.dtype == np.uint8 or not values.size:
        return values.astype(np.uint8, copy=False)
    if kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    low, high = values.min(), values.max()
    if np.isnan(high):
        raise UserError(f"{name}: got missing values (NaN), expected {GREY_LEVELS}; fill them")
    if not 0 <= low <= high <= 255:
        raise UserError(f"{name}: got values from {low:g} to {high:g}, expected {GREY_LEVELS}; scale them")
    if high == 1 and kind != "f":
        raise UserError(
            f"{name}: got whole numbers ({values.dtype}) from 0 to 1, which may be grey levels or black and white; "
            "expected uint8 for the one, bools for the other"
        )
    if 1 < high < 2:
        raise UserError(
            f"{name}: got floats up to {high:.9g}, which may be from 0 to 1 or from 0 to 255; "
            "clip them to 1, or give grey levels as uint8"
        )
    return _rounded(values, 255 if high <= 1 else 1) if kind == "f" else values.astype(np.uint8)


def _rounded(values: NDArray[np.floating[Any]], factor: int) -> NDArray[np.uint8]:
    scaled: NDArray[np.floating[Any]] = np.multiply(
        values, factor, dtype=np.result_type(values, np.float32)
    )  # float16 lacks the digits
    levels: NDArray[np.uint8] = np.rint(scaled, out=scaled).astype(np.uint8)
    return levels
