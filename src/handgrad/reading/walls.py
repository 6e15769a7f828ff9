"""The walls of cells on printed lines: upright lines from rule to rule, and ticks on one of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.ink import Mask
from handgrad.reading.segments import Straight
from handgrad.reading.straight import find_straight, ink_of

REACH = 3  # pixels beyond a rule's width within which a wall ends at it
MIN_COVERED = 0.5  # share of a wall's length that has ink
WALL, WALL_LINK = 0.7, 0.3  # digit heights of a cell's wall, and of its gaps
WALL_WIDTH = 1.0  # pixels by which it is thicker than the lines at most
MIN_TICK, MIN_TICKS = 0.25, 3  # digit heights of a tick, and how many of them a line has at least
TICKS_ALIKE, TICK_SLOPE = 0.15, 0.1  # by which their lengths and distances differ at most, and their slopes
MIN_EVEN = 0.6  # share of the steps between them that are even


def find_walls(slim: Mask, rules: Mask, size: float, width: float) -> Mask:
    """Return the walls of cells: upright lines from rule to rule as thin as these, and ticks of one length on a rule.

    Parameters
    ----------
    slim : numpy.ndarray
        Bool (H, W), ink that is thin from left to right.
    rules : numpy.ndarray
        Bool (H, W), the ink of level lines.
    size : float
        The height of digits, in pixels.
    width : float
        The width of the level lines, in pixels.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), a part of `slim`.
    """
    lines, labels = find_straight(slim.T, size, width + WALL_WIDTH, WALL_LINK)
    reach = round(width) + REACH
    near = ndimage.binary_dilation(rules, np.ones((2 * reach + 1, 2 * reach + 1), bool)).T
    thickest = width + WALL_WIDTH
    lines = [line for line in lines if line.thickness <= thickest and line.covered >= MIN_COVERED]
    ends = np.array([_at(near, line.left, line.start) + 2 * _at(near, line.right - 1, line.end) for line in lines])
    walls = [line for line, end in zip(lines, ends, strict=True) if end == 3 and line.length >= WALL * size]
    for side in (1, 2):
        walls += _ticks([line for line, end in zip(lines, ends, strict=True) if end == side], size)
    return (ink_of(walls, labels) & slim.T).T


def _ticks(lines: Sequence[Straight], size: float) -> list[Straight]:
    """Those of one length, in one direction, at one level and at even distances."""
    lines = [line for line in lines if line.length >= MIN_TICK * size]
    if len(lines) < MIN_TICKS:
        return []
    found = []
    values = np.array([(line.length, line.slope, line.left, line.start) for line in lines])
    for line, own in zip(lines, values, strict=True):
        length, slope, level, place = np.abs(values - own).T
        alike = (
            (length <= TICKS_ALIKE * line.length) & (slope <= TICK_SLOPE) & (level <= line.length + place * TICK_SLOPE)
        )
        if alike.sum() >= MIN_TICKS and _even(values[alike, 3]):
            found.append(line)
    return found


def _even(places: NDArray[np.float64]) -> bool:
    """Whether most steps between places are whole multiples of the usual one."""
    steps = np.diff(np.sort(places))
    steps = steps[steps > 1] / max(float(np.median(steps)), 1.0)
    return bool((np.abs(steps - np.rint(steps).clip(1)) < TICKS_ALIKE).mean() > MIN_EVEN) if len(steps) else False


def _at(near: Mask, x: float, y: float) -> bool:
    row, column = (min(max(round(place), 0), side - 1) for place, side in zip((y, x), near.shape, strict=True))
    return bool(near[row, column])
