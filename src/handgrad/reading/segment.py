"""A page of handwriting -> the pieces of ink that should each be one digit, in reading order."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.ink import Floats, Ink

MOST = 1500  # pieces of ink that are looked at, the largest: a page of noise must end too
SPECK = 0.3  # share of a digit's height below which a piece is no digit by itself
DOT = 0.08  # share of a digit's mass below which a piece is dirt
TALL = 2.2  # digit heights that a digit does not reach
LONG = 4.0  # digit heights that only a ruled line is wide
OVERLAP = 0.3  # share of the narrower of two pieces that must lie above the other for them to be one digit
REACH = 3.5  # digit heights from a digit to the next in its line, at most
STRAY = 0.45  # digit heights that a digit may lie off its line


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink that should be one digit: its box in the picture, and float32 (height, width) from 0 to 1."""

    left: int
    top: int
    width: int
    height: int
    amount: Floats

    @property
    def middle(self) -> tuple[float, float]:
        """(x, y)"""
        return self.left + self.width / 2, self.top + self.height / 2


def find_pieces(ink: Ink) -> list[Piece]:
    """Connected ink, parts of a digit joined, dirt and ruled lines left out; in no order."""
    labels, count = ndimage.label(ink.mask, np.ones((3, 3)))
    if not count:
        return []
    boxes = ndimage.find_objects(labels)
    mass = np.bincount(labels.ravel(), ink.amount.ravel(), count + 1)[1:]
    found = [(i + 1, box, float(mass[i])) for i, box in enumerate(boxes)]
    found = sorted(found, key=lambda piece: -piece[2])[:MOST]
    size = _digit_height([(box, m) for _, box, m in found])
    heavy = float(np.median([m for _, box, m in found if SPECK * size < _height(box) < TALL * size] or [0.0]))
    kept = [
        (label, box)
        for label, box, m in found
        if m > DOT * heavy and not _is_rule(box, size) and _height(box) < TALL * size
    ]
    groups = [group for group in _joined(kept, size) if _height(group[1]) > SPECK * size]
    return [_cut(ink.amount, labels, members, box) for members, box in groups]


def _height(box: tuple[slice, slice]) -> int:
    return int(box[0].stop - box[0].start)


def _width(box: tuple[slice, slice]) -> int:
    return int(box[1].stop - box[1].start)


def _digit_height(found: list[tuple[tuple[slice, slice], float]]) -> float:
    """The height of most of the ink that is not long and flat: the median, each piece counting by its mass."""
    upright = [(_height(box), m) for box, m in found if _width(box) < LONG * _height(box)] or [
        (_height(box), m) for box, m in found
    ]
    heights, weights = np.array(sorted(upright)).T
    return float(heights[np.searchsorted(np.cumsum(weights), weights.sum() / 2)])


def _is_rule(box: tuple[slice, slice], size: float) -> bool:
    """A line across the paper, or down it: long, and far thinner than it is long."""
    height, width = _height(box), _width(box)
    return max(height, width) > LONG * size or (width > 1.5 * size and height < 0.15 * width)


def _joined(kept: list[tuple[int, tuple[slice, slice]]], size: float) -> list[tuple[list[int], tuple[slice, slice]]]:
    """Pieces above each other, together no taller than a digit, are one: the bar of a 5, a broken 8."""
    groups = [([label], box) for label, box in sorted(kept, key=lambda piece: -_height(piece[1]))]
    at = 0
    while at < len(groups):
        members, box = groups[at]
        for other in range(at + 1, len(groups)):
            if _belongs(box, groups[other][1], size):
                more, small = groups.pop(other)
                groups[at] = members + more, _around(box, small)
                break
        else:
            at += 1
    return groups


def _belongs(box: tuple[slice, slice], small: tuple[slice, slice], size: float) -> bool:
    shared = min(box[1].stop, small[1].stop) - max(box[1].start, small[1].start)
    if shared < OVERLAP * min(_width(box), _width(small)):
        return False
    apart = max(box[0].start, small[0].start) - min(box[0].stop, small[0].stop)
    both = _around(box, small)
    part = _height(small) < 0.6 * size or apart < 0
    return part and apart < 0.35 * size and _height(both) < max(1.45 * size, 1.05 * _height(box))


def _around(a: tuple[slice, slice], b: tuple[slice, slice]) -> tuple[slice, slice]:
    rows = slice(min(a[0].start, b[0].start), max(a[0].stop, b[0].stop))
    return rows, slice(min(a[1].start, b[1].start), max(a[1].stop, b[1].stop))


def _cut(amount: Floats, labels: NDArray[np.int32], members: list[int], box: tuple[slice, slice]) -> Piece:
    """The ink of some labels, with the soft edge around it."""
    rows = slice(max(box[0].start - 2, 0), box[0].stop + 2)
    columns = slice(max(box[1].start - 2, 0), box[1].stop + 2)
    there = labels[rows, columns]
    own = np.isin(there, members)
    near = ndimage.binary_dilation(own, np.ones((3, 3)), iterations=2) & ((there == 0) | own)
    cut = np.where(near, amount[rows, columns], np.float32(0))
    return Piece(columns.start, rows.start, cut.shape[1], cut.shape[0], cut)


def split(piece: Piece, parts: int) -> list[Piece]:
    """A piece cut into so many, side by side, each cut where the ink is thinnest near its even place."""
    column_ink = ndimage.uniform_filter1d(piece.amount.sum(axis=0), max(1, piece.width // 20), mode="constant")
    cuts = [0]
    for i in range(1, parts):
        middle, room = i * piece.width / parts, 0.3 * piece.width / parts
        low = max(cuts[-1] + 1, int(middle - room))
        high = min(piece.width, max(int(middle + room) + 1, low + 1))
        away = np.abs(np.arange(low, high) - middle) / piece.width
        cuts.append(low + int(np.argmin(column_ink[low:high] * (1 + away))))
    cuts.append(piece.width)
    made = []
    for a, b in pairwise(cuts):
        cut = piece.amount[:, a:b]
        made.append(Piece(piece.left + a, piece.top, b - a, piece.height, np.ascontiguousarray(cut)))
    return made


def in_lines(pieces: list[Piece]) -> list[list[int]]:
    """The pieces' numbers, line by line from the top, each from left to right; lines may slope."""
    if not pieces:
        return []
    size = float(np.median([piece.height for piece in pieces]))
    middles = np.array([piece.middle for piece in pieces])
    slope = _slope(middles, size)
    lines = _chains(middles, slope, size)
    lines = _merged(lines, middles, slope, size)
    return sorted(lines, key=lambda line: float(np.mean(middles[line, 1] - slope * middles[line, 0])))


def _slope(middles: NDArray[np.float64], size: float) -> float:
    """How far lines fall by the pixel: the median direction from each digit to its neighbour on the right."""
    slopes = []
    for x, y in middles:
        right, down = middles[:, 0] - x, middles[:, 1] - y
        near = (right > 0.2 * size) & (right < REACH * size) & (np.abs(down) < 0.3 * right + 0.2 * size)
        if near.any():
            best = np.flatnonzero(near)[np.argmin(np.hypot(right, 3 * down)[near])]
            slopes.append(down[best] / right[best])
    return float(np.median(slopes)) if len(slopes) > 2 else 0.0


def _chains(middles: NDArray[np.float64], slope: float, size: float) -> list[list[int]]:
    """Each digit joined to the next on its right that lies on the same line."""
    following: dict[int, int] = {}
    for i in range(len(middles)):
        right = middles[:, 0] - middles[i, 0]
        off = np.abs(middles[:, 1] - middles[i, 1] - slope * right)
        near = (right > 0) & (right < REACH * size) & (off < STRAY * size + 0.05 * right)
        near[i] = False
        if near.any():
            following[i] = int(np.flatnonzero(near)[np.argmin((right + 2 * off)[near])])
    before: dict[int, int] = {}
    for i, j in sorted(following.items(), key=lambda pair: -middles[pair[0], 0]):
        before.setdefault(j, i)
    following = {i: j for j, i in before.items()}
    starts = [i for i in range(len(middles)) if i not in before]
    lines = []
    for i in starts:
        line = [i]
        while line[-1] in following:
            line.append(following[line[-1]])
        lines.append(line)
    return lines


def _merged(lines: list[list[int]], middles: NDArray[np.float64], slope: float, size: float) -> list[list[int]]:
    """Parts of a line with a wide gap between them are one line, if one goes on at the height where the other ended."""
    lines = sorted(lines, key=lambda line: float(middles[line[0], 0]))
    made: list[list[int]] = []
    for line in lines:
        x, y = middles[line[0]]
        gaps = []
        for ready in made:
            end_x, end_y = middles[ready[-1]]
            off = abs(y - end_y - slope * (x - end_x))
            gaps.append(off + 0.05 * (x - end_x) if x > end_x and off < STRAY * size + 0.03 * (x - end_x) else math.inf)
        if gaps and min(gaps) < math.inf:
            made[int(np.argmin(gaps))].extend(line)
        else:
            made.append(list(line))
    return made
