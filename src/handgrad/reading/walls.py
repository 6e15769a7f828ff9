"""The walls of tables and cells: upright lines from rule to rule, and what is left of walls that are known."""

from collections.abc import Sequence

import numpy as np

from handgrad.reading.masks import Mask, dilated
from handgrad.reading.segments import Straight
from handgrad.reading.straight import Labels, Thin, find_straight, ink_of

REACH = 3  # pixels beyond a rule's width within which a wall ends at it
MIN_COVERED = 0.5  # share of a wall's length that has ink
WALL, WALL_LINK = 0.7, 0.3  # digit heights of a cell's wall, and of its gaps
WALL_WIDTH = 1.0  # pixels by which it is thicker than the lines at most
SHORT, MIN_ALIKE = 4.0, 4  # widths of a line that shorter walls have, and how many of them are alike
SAME_LEAN = 0.04  # pixels to the right for each down, by which these differ
REMNANT, BESIDE = 0.35, 0.12  # cell heights of what is left of a wall, at least, and how far from that it may be


def find_walls(slim: Mask, rules: Mask, size: float, width: float) -> Mask:
    """Return the walls of cells: upright lines from rule to rule that are as thin as these.

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
    lines, labels = _upright(slim, size, width)
    near = dilated(rules, round(width) + REACH).T
    ending = [line for line in lines if _at(near, line.left, line.start) and _at(near, line.right - 1, line.end)]
    walls = [line for line in ending if line.length >= WALL * size]
    beyond = 2 * (round(width) + REACH)
    return (ink_of([*walls, *_alike(ending, slim.T, SHORT * width, beyond)], labels) & slim.T).T


def remnants(slim: Mask, walls: Mask, height: float, width: float) -> Mask:
    """Return what is left of walls that are not quite where they were thought to be: lines close beside them.

    Parameters
    ----------
    slim : numpy.ndarray
        Bool (H, W), ink that is thin from left to right.
    walls : numpy.ndarray
        Bool (H, W), the ink of walls that is known.
    height, width : float
        Of a cell, and of its lines, in pixels.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), a part of `slim`.
    """
    lines, labels = _upright(slim, height, width)
    near = dilated(walls, round(BESIDE * height)).T
    beside = [
        line for line in lines
        if line.length >= REMNANT * height and all(_at(near, *place) for place in _places(line))
    ]  # fmt: skip
    return (ink_of(beside, labels) & slim.T).T


def _upright(slim: Mask, size: float, width: float) -> tuple[list[Straight], Labels]:
    """Lines as thin as walls, as they lie in the transposed picture, and their labels."""
    thickest = width + WALL_WIDTH
    lines, labels = find_straight(Thin(slim.T), size, thickest, WALL_LINK)
    return [line for line in lines if line.thickness <= thickest and line.covered >= MIN_COVERED], labels


def _places(line: Straight) -> list[tuple[float, float]]:
    """The ends and the middle of a line."""
    middle = line.left + line.length / 2
    return [(line.left, line.start), (middle, (line.start + line.end) / 2), (line.right - 1, line.end)]


def _alike(lines: Sequence[Straight], slim: Mask, shortest: float, beyond: int) -> list[Straight]:
    """Walls of cells that are lower than digits seem to be: several of one lean, which end at the rules."""
    ends = [line for line in lines if line.length >= shortest and not _goes_on(line, slim, beyond)]
    lean = float(np.median([line.slope for line in ends])) if ends else 0.0
    alike = [line for line in ends if abs(line.slope - lean) <= SAME_LEAN]
    return alike if len(alike) >= MIN_ALIKE else []


def _goes_on(line: Straight, slim: Mask, beyond: int) -> bool:
    """Whether there is ink where a line would go on behind a rule, as strokes do that are written across it."""
    before, after = line.start - beyond * line.slope, line.end + beyond * line.slope
    return any(
        _at(slim, x, y + aside)
        for x, y in ((line.left - beyond, before), (line.right + beyond, after))
        for aside in (-1, 0, 1)
    )


def _at(near: Mask, x: float, y: float) -> bool:
    row, column = (min(max(round(place), 0), side - 1) for place, side in zip((y, x), near.shape, strict=True))
    return bool(near[row, column])
