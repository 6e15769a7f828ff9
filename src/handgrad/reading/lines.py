"""Pieces of ink on a page -> lines of writing, in reading order."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.segment import Piece

Points = NDArray[np.float64]  # (N, 2), x and y
Lines = list[list[int]]  # the pieces' places in their sequence, line by line

# In digit heights.
MAX_STEP, MIN_STEP = 3.5, 0.2  # from a digit to the next in its line
MAX_STRAY = 0.45  # by which a digit may lie off its line
MAX_FALL = 0.2  # from a digit to its neighbour, beside MAX_STEEPNESS

MAX_STEEPNESS = 0.3  # pixels down for each pixel to the right, while the slope of the lines is not known
MIN_SLOPES = 3  # fewer neighbours say nothing about the slope

# Off its line, a digit is as far away as if it lay so many times that distance to the right.
DOWN_WEIGHT, STRAY_WEIGHT = 3, 2
# Pixels that a line may stray for each pixel to the right: to the next digit, across a gap, and what a gap costs.
STRAY_BY_STEP, STRAY_BY_GAP, GAP_WEIGHT = 0.05, 0.03, 0.05


def in_lines(pieces: Sequence[Piece]) -> Lines:
    """Return where the pieces stand in the lines of a page; lines may slope.

    Parameters
    ----------
    pieces : sequence of Piece
        The digits of a page, in any order.

    Returns
    -------
    list of list of int
        Indices into `pieces`: the lines from top to bottom, each from left to right.
    """
    if not pieces:
        return []
    size = float(np.median([piece.height for piece in pieces]))
    middles = np.array([piece.middle for piece in pieces])
    slope = _slope(middles, size)
    lines = _merged(_chains(middles, slope, size), middles, slope, size)
    return sorted(lines, key=lambda line: float(np.mean(middles[line, 1] - slope * middles[line, 0])))


def _slope(middles: Points, size: float) -> float:
    """How far lines fall by the pixel: the median direction from each digit to its neighbour on the right."""
    slopes = []
    for x, y in middles:
        right, down = middles[:, 0] - x, middles[:, 1] - y
        near = (right > MIN_STEP * size) & (right < MAX_STEP * size)
        near &= np.abs(down) < MAX_STEEPNESS * right + MAX_FALL * size
        if near.any():
            best = np.flatnonzero(near)[np.argmin(np.hypot(right, DOWN_WEIGHT * down)[near])]
            slopes.append(down[best] / right[best])
    return float(np.median(slopes)) if len(slopes) >= MIN_SLOPES else 0.0


def _chains(middles: Points, slope: float, size: float) -> Lines:
    """Each digit joined to the next on its right that lies on the same line."""
    before: dict[int, int] = {}
    followers = _followers(middles, slope, size)
    for i, j in sorted(followers.items(), key=lambda pair: -middles[pair[0], 0]):
        before.setdefault(j, i)  # the nearest digit on the left is the one that a digit follows
    following = {i: j for j, i in before.items()}
    lines = []
    for start in range(len(middles)):
        if start not in before:
            line = [start]
            while line[-1] in following:
                line.append(following[line[-1]])
            lines.append(line)
    return lines


def _followers(middles: Points, slope: float, size: float) -> dict[int, int]:
    """The nearest digit on the right of each, on the same line; several digits may have the same one."""
    followers: dict[int, int] = {}
    for i in range(len(middles)):
        right = middles[:, 0] - middles[i, 0]
        stray = np.abs(middles[:, 1] - middles[i, 1] - slope * right)
        near = (right > 0) & (right < MAX_STEP * size) & (stray < MAX_STRAY * size + STRAY_BY_STEP * right)
        near[i] = False
        if near.any():
            followers[i] = int(np.flatnonzero(near)[np.argmin((right + STRAY_WEIGHT * stray)[near])])
    return followers


def _merged(lines: Lines, middles: Points, slope: float, size: float) -> Lines:
    """Parts of a line with a wide gap between them are one line, if one goes on at the height where the other ended."""
    merged: Lines = []
    for line in sorted(lines, key=lambda line: float(middles[line[0], 0])):
        start = middles[line[0]]
        gaps = [_gap(middles[other[-1]], start, slope, size) for other in merged]
        if gaps and min(gaps) < math.inf:
            merged[int(np.argmin(gaps))].extend(line)
        else:
            merged.append(list(line))
    return merged


def _gap(end: Points, start: Points, slope: float, size: float) -> float:
    """How far a line's start is from another's end; infinite where it cannot be its continuation."""
    right = start[0] - end[0]
    stray = abs(start[1] - end[1] - slope * right)
    if right > 0 and stray < MAX_STRAY * size + STRAY_BY_GAP * right:
        return float(stray + GAP_WEIGHT * right)
    return math.inf
