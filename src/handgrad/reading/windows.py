"""The highest and the lowest level in a window around each pixel.

A window is the union of two that are shorter and overlap, so that its side doubles with each pass over the picture: a
few passes of NumPy take a fraction of the time of `scipy.ndimage`'s filters, for any window.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Level = TypeVar("Level", np.float32, np.bool_)


def highest(levels: NDArray[Level], window: int) -> NDArray[Level]:
    """Return the highest level around each pixel.

    Parameters
    ----------
    levels : numpy.ndarray
        Float32 or bool (H, W).
    window : int
        The window's side in pixels, odd. Only what lies in the picture counts.

    Returns
    -------
    numpy.ndarray
        Of the same shape and type.
    """
    return _extreme(levels, window, np.maximum)


def lowest(levels: NDArray[Level], window: int) -> NDArray[Level]:
    """Return the lowest level around each pixel.

    Parameters
    ----------
    levels : numpy.ndarray
        Float32 or bool (H, W).
    window : int
        The window's side in pixels, odd. Only what lies in the picture counts.

    Returns
    -------
    numpy.ndarray
        Of the same shape and type.
    """
    return _extreme(levels, window, np.minimum)


def _extreme(levels: NDArray[Level], window: int, choose: np.ufunc) -> NDArray[Level]:
    for axis in (0, 1):
        # The level at the border, repeated beyond it, is in every window that reaches there.
        levels = levels.take(np.arange(-(window // 2), levels.shape[axis] + window // 2), axis, mode="clip")
        side = 1
        while side < window:
            step = min(side, window - side)
            pair = (levels[:-step], levels[step:]) if axis == 0 else (levels[:, :-step], levels[:, step:])
            levels, side = choose(*pair), side + step
    return levels
