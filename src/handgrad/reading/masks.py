"""Masks made thicker or thinner, and the runs in them: what lies in a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.windows import highest, lowest

Mask = NDArray[np.bool_]
Lengths = NDArray[np.int32]

NEIGHBOURS = np.ones((3, 3), bool)  # a pixel touches all eight around it


def dilated(mask: Mask, reach: int = 1) -> Mask:
    """Return a mask with all pixels around it.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W).
    reach : int
        How many pixels to each side, the diagonals too.

    Returns
    -------
    numpy.ndarray
        Bool (H, W).
    """
    return highest(mask, 2 * reach + 1)


def eroded(mask: Mask, reach: int = 1) -> Mask:
    """Return a mask without the pixels at its edge; beyond the picture's border it is thought to go on.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W).
    reach : int
        How many pixels from each side, the diagonals too.

    Returns
    -------
    numpy.ndarray
        Bool (H, W).
    """
    return lowest(mask, 2 * reach + 1)


def long_runs(mask: Mask, run: int, outside: bool) -> Mask:
    """Return what lies in a row of so many pixels or more, to the right.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W).
    run : int
        Pixels, 1 or more.
    outside : bool
        What is thought to lie beyond the border, for half of a run.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), a part of the mask.
    """
    height, width = mask.shape
    before = run // 2
    whole = np.full((height, width + run - 1), outside)
    whole[:, before : before + width] = mask
    side = 1
    while side < run:
        step = min(side, run - side)
        whole = whole[:, :-step] & whole[:, step:]
        side += step
    side = 1
    while side < run:
        step = min(side, run - side)
        wider = np.zeros((height, whole.shape[1] + step), bool)
        wider[:, :-step] = whole
        wider[:, step:] |= whole
        whole, side = wider, side + step
    return whole[:, before : before + width]


def run_lengths(mask: Mask) -> Lengths:
    """Return how many pixels lie in a row, to the right, at each pixel.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W).

    Returns
    -------
    numpy.ndarray
        Int32 (H, W), 0 beside the mask.
    """
    height, width = mask.shape
    framed = np.zeros(1 + height * (width + 1), bool)  # with a gap before the first row, and behind each
    framed[1:].reshape(height, width + 1)[:, :width] = mask
    ends = np.flatnonzero(framed[1:] != framed[:-1])
    lengths = (ends[1:] - ends[:-1])[::2]
    found = np.zeros((height, width), np.int32)
    found[mask] = np.repeat(lengths, lengths)
    return found
