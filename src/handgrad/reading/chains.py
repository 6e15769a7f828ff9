"""Pieces of ink joined into lines: each to the next on its right, and parts of lines across wide gaps."""

import math
from collections.abc import Sequence

import numpy as np

from handgrad.reading.pieces import Piece

Chains = list[list[int]]  # the pieces' places in their sequence, line by line

# From a piece to the next in its line, in heights of the taller one.
MAX_GAP, MIN_OVERLAP, MAX_RATIO = 2.5, 0.4, 5.0  # between them; of the lower one's height; of their heights
STRAY_WEIGHT = 2.0  # off its line, a piece is as far away as if it lay so many times that distance to the right
# Heights that a line may stray across a wide gap, also for each height of the gap, and what such a gap costs.
MAX_STRAY, STRAY_BY_GAP, GAP_WEIGHT = 0.4, 0.03, 0.05


def chained(tall: Sequence[Piece], slope: float) -> Chains:
    """Return which pieces stand in one line.

    Parameters
    ----------
    tall : sequence of Piece
        Pieces of about a digit's height, in any order.
    slope : float
        Pixels that the lines fall for each pixel to the right.

    Returns
    -------
    list of list of int
        The pieces' places in their sequence, line by line, in no order; each from left to right.
    """
    return _merged(_nearest(tall, slope), tall, slope)


def _nearest(tall: Sequence[Piece], slope: float) -> Chains:
    """Each piece joined to the next on its right that lies on the same line."""
    before: dict[int, int] = {}
    followers = _followers(tall, slope)
    for i, j in sorted(followers.items(), key=lambda pair: -tall[pair[0]].middle[0]):
        before.setdefault(j, i)  # the nearest piece on the left is the one that a piece follows
    following = {i: j for j, i in before.items()}
    chains = []
    for start in range(len(tall)):
        if start not in before:
            chain = [start]
            while chain[-1] in following:
                chain.append(following[chain[-1]])
            chains.append(chain)
    return chains


def _followers(tall: Sequence[Piece], slope: float) -> dict[int, int]:
    """The nearest piece on the right of each, on the same line; several pieces may have the same one."""
    left, width = np.array([(p.left, p.width) for p in tall], float).T
    x = left + width / 2
    top = np.array([p.top for p in tall], float) - slope * x
    height = np.array([p.height for p in tall], float)
    found: dict[int, int] = {}
    for i in range(len(tall)):
        taller, lower = np.maximum(height, height[i]), np.minimum(height, height[i])
        gap = left - left[i] - width[i]
        shared = np.minimum(top + height, top[i] + height[i]) - np.maximum(top, top[i])
        near = (x > x[i]) & (gap < MAX_GAP * taller) & (shared > MIN_OVERLAP * lower) & (taller < MAX_RATIO * lower)
        near[i] = False
        if near.any():
            stray = lower - shared  # a tail that goes on below its line does not count
            found[i] = int(np.flatnonzero(near)[np.argmin((np.maximum(gap, 0) + STRAY_WEIGHT * stray)[near])])
    return found


def _merged(chains: Chains, tall: Sequence[Piece], slope: float) -> Chains:
    """Parts of a line with a wide gap between them are one line, if one goes on at the height where the other ended."""
    merged: Chains = []
    for chain in sorted(chains, key=lambda chain: tall[chain[0]].middle[0]):
        gaps = [_gap(tall[other[-1]], tall[chain[0]], slope) for other in merged]
        if gaps and min(gaps) < math.inf:
            merged[int(np.argmin(gaps))].extend(chain)
        else:
            merged.append(list(chain))
    return merged


def _gap(end: Piece, start: Piece, slope: float) -> float:
    """How far a line's start is from another's end; infinite where it cannot be its continuation."""
    size, lower = max(end.height, start.height), min(end.height, start.height)
    right = start.middle[0] - end.middle[0]
    top = start.top - slope * right
    stray = lower - min(end.bottom, top + start.height) + max(end.top, top)
    if right > 0 and stray < MAX_STRAY * lower + STRAY_BY_GAP * right and size < MAX_RATIO * lower:
        return float(stray + GAP_WEIGHT * right)
    return math.inf
