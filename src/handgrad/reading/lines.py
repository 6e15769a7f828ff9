"""Pieces of ink on a page -> lines of writing, in reading order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.pieces import CORE, Piece, cropped
from handgrad.reading.rules import digit_height

Numbers = NDArray[np.float64]
Chains = list[list[int]]  # the pieces' places in their sequence, line by line

# In digit heights of the page.
MAX_TALL = 4.5  # a taller piece is no writing
MIN_TALL = 0.4  # a lower piece makes no line of its own; it belongs to one near it, or is dirt
MIN_SIZE = 5  # pixels of height that a digit has at least

# The direction of lines: the slope at which most pieces lie at few levels.
MAX_SLOPE, SLOPE_STEP = 1.0, 0.02  # pixels down for each to the right: 45 degrees
LEVEL = 0.35  # digit heights: pieces within so much lie at one level
SLOPE_PRICE = 0.25  # share of its votes that the steepest slope loses against none

# From a piece to the next in its line, in heights of the taller one.
MAX_GAP, MIN_OVERLAP, MAX_RATIO = 2.5, 0.4, 5.0  # between them; of the lower one's height; of their heights
STRAY_WEIGHT = 2.0  # off its line, a piece is as far away as if it lay so many times that distance to the right
# Heights that a line may stray across a wide gap, also for each height of the gap, and what such a gap costs.
MAX_STRAY, STRAY_BY_GAP, GAP_WEIGHT = 0.4, 0.03, 0.05

BLOT_SIDE, BLOT_WIDTH = 0.8, 0.5  # of ink that is larger and thicker: it is no writing
MIN_DOT = 0.35  # squared stroke widths of ink that a dot has at least

# Of a piece so tall in a line of so many, only what lies within the line is read, and so much above and below it.
LONG, MIN_NEIGHBOURS, KEPT = 1.9, 4, 0.5

REACH = 1.8  # heights beside a line within which small ink belongs to it


@dataclass(frozen=True, eq=False)
class Line:
    """Ink that stands in one line.

    Parameters
    ----------
    pieces : tuple of Piece
        From left to right; small ones, as dots and bars, among them.
    height : float
        The height of a digit here, in pixels.
    slope : float
        Pixels that the line falls for each pixel to the right.
    """

    pieces: tuple[Piece, ...]
    height: float
    slope: float

    @cached_property
    def _band(self) -> tuple[float, float]:
        """Where most tall pieces begin and end, at column 0."""
        tall = [piece for piece in self.pieces if piece.height > MIN_TALL * self.height]
        ends = np.array([(piece.top, piece.bottom) for piece in tall], float)
        lift = self.slope * np.array([piece.middle[0] for piece in tall])
        top, bottom = np.median(ends - lift[:, None], axis=0)
        return float(top), float(bottom)

    def body(self, piece: Piece) -> Piece:
        """Return a piece without what reaches far above or below the line: the long tail of a 7 or a 9.

        Parameters
        ----------
        piece : Piece
            Ink of this line.

        Returns
        -------
        Piece
            The same, or its part that is near the line.
        """
        if len(self.pieces) < MIN_NEIGHBOURS or piece.height < LONG * self.height:
            return piece
        lift = self.slope * piece.middle[0]
        top, bottom = (
            int(end + lift + sign * KEPT * self.height) for end, sign in zip(self._band, (-1, 1), strict=True)
        )
        rows = slice(max(top - piece.corner[1], 0), max(bottom - piece.corner[1], 0))
        return cropped(piece, rows) or piece


def in_lines(pieces: Sequence[Piece]) -> list[Line]:
    """Return the lines of a page; they may slope by up to 45 degrees.

    Parameters
    ----------
    pieces : sequence of Piece
        The ink of a page, in any order.

    Returns
    -------
    list of Line
        From top to bottom. Small pieces far from every line are in none.
    """
    if not pieces:
        return []
    size = digit_height([(piece.height, piece.width, _stroke(piece)) for piece in pieces])
    pieces = [piece for piece in pieces if not _is_blot(piece, size)]
    tall = [piece for piece in pieces if piece.height >= max(MIN_TALL * size, MIN_SIZE)]
    if not tall:
        return []
    least = MIN_DOT * float(np.median([_stroke(piece) for piece in tall])) ** 2
    small = [piece for piece in pieces if piece.height < max(MIN_TALL * size, MIN_SIZE) and piece.mass >= least]
    slope = _slope(tall, size)
    chains = _merged(_chained(tall, slope), tall, slope)
    chains.sort(key=lambda chain: float(np.mean([_level(tall[i], slope) for i in chain])))
    return _with_small([[tall[i] for i in chain] for chain in chains], small, slope)


def _is_blot(piece: Piece, size: float) -> bool:
    """Whether ink is larger than any digit, or large and thicker than any stroke, as the shadow of a hand."""
    if piece.height > MAX_TALL * size:
        return True
    if max(piece.height, piece.width) < BLOT_SIDE * size:
        return False
    return _stroke(piece) > BLOT_WIDTH * size


def _stroke(piece: Piece) -> float:
    """The width of its thickest stroke, in pixels."""
    return 2 * float(ndimage.distance_transform_cdt(piece.amount > CORE).max()) - 1


def _level(piece: Piece, slope: float) -> float:
    x, y = piece.middle
    return y - slope * x


def _slope(tall: Sequence[Piece], size: float) -> float:
    """The slope at which the pieces' levels gather most: the sum of squared counts is largest."""
    x, y = np.array([piece.middle for piece in tall]).T
    best, most = 0.0, -1.0
    for slope in np.arange(-MAX_SLOPE, MAX_SLOPE + SLOPE_STEP / 2, SLOPE_STEP):
        levels = np.sort((y - slope * x) / (LEVEL * size))
        near = np.searchsorted(levels, levels + 0.5) - np.searchsorted(levels, levels - 0.5)
        votes = float(near.sum()) * (1 - SLOPE_PRICE * abs(slope))
        if votes > most + 1e-6 or (votes > most - 1e-6 and abs(slope) < abs(best)):
            best, most = float(slope), votes
    return best


def _chained(tall: Sequence[Piece], slope: float) -> Chains:
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


def _with_small(rows: list[list[Piece]], small: Sequence[Piece], slope: float) -> list[Line]:
    """The lines with the small pieces that lie in them or close beside."""
    heights = [float(np.median([piece.height for piece in row])) for row in rows]
    for piece in small:
        aways = [_away(piece, row, height, slope) for row, height in zip(rows, heights, strict=True)]
        if aways and min(aways) < REACH:
            rows[int(np.argmin(aways))].append(piece)
    return [
        Line(tuple(sorted(row, key=lambda piece: piece.middle[0])), height, slope)
        for row, height in zip(rows, heights, strict=True)
    ]


def _away(small: Piece, row: list[Piece], height: float, slope: float) -> float:
    """How far small ink is from the nearest piece of a line, in the line's heights; 0 above and below each other."""
    nearest = math.inf
    for piece in row:
        aside = max(piece.left - small.right, small.left - piece.right, 0)
        lift = slope * (small.middle[0] - piece.middle[0])
        above = max(piece.top + lift - small.bottom, small.top - piece.bottom - lift, 0)
        nearest = min(nearest, math.hypot(aside, 2 * above) / height)
    return nearest
