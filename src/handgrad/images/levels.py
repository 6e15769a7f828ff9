"""Numbers of any type, and pixels of more than 8 bits, as grey levels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

DEPTHS = (10, 12, 14, 16, 24, 32)  # bits a pixel that scanners and cameras have, beside 8


def grey_levels(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return numbers of any type as grey levels; the largest tells whether they end at 1, 255 or 65535.

    Parameters
    ----------
    array : ndarray of bools, integers or floats, any shape
        At least one value, all from 0 to 65535.

    Returns
    -------
    ndarray of uint8, same shape
        The values from 0 to 255.
    """
    white = _white(array)
    if white > 1 and array.dtype.kind in "iu":
        return (array >> (8 if white > 255 else 0)).astype(np.uint8)
    scaled: NDArray[np.float32] = (array.astype(np.float32) * np.float32(255 / white)).clip(0, 255)
    return np.rint(scaled).astype(np.uint8)


def shallow(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the pixels of a file with more than 8 bits a pixel as grey levels.

    A file of 16 bits a pixel often holds what a scanner measured with 10, 12 or 14: its values then end at 1023, 4095
    or 16383. So white is the end of the narrowest range that holds all values. A dark picture becomes brighter by a
    power of 2, which costs nothing: ink is judged by its contrast with the paper.

    Parameters
    ----------
    array : ndarray of integers or floats, any shape
        At least one value.

    Returns
    -------
    ndarray of uint8, same shape
        The values from 0 to 255; those below 0, and what is no number, become 0.
    """
    if array.dtype.kind == "f":
        return grey_levels(np.nan_to_num(array, posinf=0, neginf=0).clip(0, None))
    high = int(array.max())
    if high < 256:
        return grey_levels(array.clip(0, None))
    depth = next(depth for depth in DEPTHS if high < 1 << depth)
    return (array.clip(0, None) >> (depth - 8)).astype(np.uint8)


def _white(array: NDArray[Any]) -> int:
    """The value that stands for white, judged by the largest one."""
    high = array.max()
    if high <= (1.5 if array.dtype.kind == "f" else 1):  # floats from 0 to 1 overshoot where they were interpolated
        return 1
    return 255 if high <= 255 else 65535
