"""A page of handwriting -> the pieces of ink that should each be one digit."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.ink import NEIGHBOURS, Floats, Ink
from handgrad.reading.picture import Box

Slices = tuple[slice, slice]  # the rows and columns of a rectangle

MAX_PIECES = 1500  # the largest pieces of ink are looked at: a page of noise must end too
MARGIN = 2  # pixels of soft edge that belong to a piece

# In digit heights.
MIN_HEIGHT = 0.3  # a piece that is lower is no digit by itself
MAX_HEIGHT = 2.2  # no digit is as tall
RULE_LENGTH = 4.0  # longer is a ruled line
FLAT_LENGTH, FLATNESS = 1.5, 0.15  # a rule too: wider than this, and its height less than such a share of its width
PART_HEIGHT = 0.6  # a lower piece may be a part of the digit above or below it
MAX_GAP = 0.35  # between a digit's parts
MAX_JOINED, MAX_GROWTH = 1.45, 1.05  # parts together are lower than this, or than so many times the larger part

MIN_MASS = 0.08  # share of a digit's mass below which a piece is dirt
MIN_OVERLAP = 0.3  # share of the narrower of two pieces that must lie above the other for them to be one digit

# Cutting digits that touch, in shares of a piece's width and of an even part's.
CUT_SMOOTHING = 20  # the width divided by this: columns of ink that are averaged
CUT_REACH = 0.3  # share of a part's width by which a cut may differ from its even place


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink that should be one digit.

    Parameters
    ----------
    left, top, width, height : int
        Its box in the picture, in pixels.
    amount : numpy.ndarray
        Its ink, float32 (height, width), from 0 to 1.
    """

    left: int
    top: int
    width: int
    height: int
    amount: Floats

    @property
    def box(self) -> Box:
        """Left, top, width and height."""
        return self.left, self.top, self.width, self.height

    @property
    def middle(self) -> tuple[float, float]:
        """The box's middle, (x, y)."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True)
class _Blob:
    """Connected ink: its label, its rectangle, the sum of its ink."""

    label: int
    place: Slices
    mass: float

    @property
    def height(self) -> int:
        return _height(self.place)

    @property
    def width(self) -> int:
        return _width(self.place)


def find_pieces(ink: Ink) -> list[Piece]:
    """Return the connected ink, with parts of a digit joined, and without dirt and ruled lines.

    Parameters
    ----------
    ink : Ink
        The ink of a picture.

    Returns
    -------
    list of Piece
        The pieces, in no order.
    """
    labels, count = ndimage.label(ink.mask, NEIGHBOURS)
    if not count:
        return []
    mass = np.bincount(labels.ravel(), ink.amount.ravel(), count + 1)[1:]
    blobs = [_Blob(i + 1, place, float(mass[i])) for i, place in enumerate(ndimage.find_objects(labels))]
    blobs = sorted(blobs, key=lambda blob: -blob.mass)[:MAX_PIECES]
    size = _digit_height(blobs)
    digit_like = [blob.mass for blob in blobs if MIN_HEIGHT * size < blob.height < MAX_HEIGHT * size]
    least = MIN_MASS * float(np.median(digit_like or [0.0]))
    kept = [
        blob for blob in blobs
        if blob.mass > least and not _is_rule(blob, size) and blob.height < MAX_HEIGHT * size
    ]  # fmt: skip
    groups = [group for group in _joined(kept, size) if _height(group[1]) > MIN_HEIGHT * size]
    return [_cut_out(ink.amount, labels, members, place) for members, place in groups]


def split(piece: Piece, parts: int) -> list[Piece]:
    """Return a piece cut into parts side by side, each cut where the ink is thinnest near its even place.

    Parameters
    ----------
    piece : Piece
        Ink that may be several digits that touch.
    parts : int
        How many, 1 or more.

    Returns
    -------
    list of Piece
        The parts, from left to right.
    """
    smoothing = max(1, piece.width // CUT_SMOOTHING)
    column_ink = ndimage.uniform_filter1d(piece.amount.sum(axis=0), smoothing, mode="constant")
    cuts = [0]
    for i in range(1, parts):
        middle, reach = i * piece.width / parts, CUT_REACH * piece.width / parts
        low = max(cuts[-1] + 1, int(middle - reach))
        high = min(piece.width, max(int(middle + reach) + 1, low + 1))
        away = np.abs(np.arange(low, high) - middle) / piece.width
        cuts.append(low + int(np.argmin(column_ink[low:high] * (1 + away))))
    cuts.append(piece.width)
    return [
        Piece(piece.left + a, piece.top, b - a, piece.height, np.ascontiguousarray(piece.amount[:, a:b]))
        for a, b in pairwise(cuts)
    ]


def _height(place: Slices) -> int:
    return int(place[0].stop - place[0].start)


def _width(place: Slices) -> int:
    return int(place[1].stop - place[1].start)


def _digit_height(blobs: Sequence[_Blob]) -> float:
    """The height of most of the ink that is not long and flat: the median, each blob counting by its mass."""
    upright = [blob for blob in blobs if blob.width < RULE_LENGTH * blob.height] or blobs
    heights, weights = np.array(sorted((blob.height, blob.mass) for blob in upright)).T
    return float(heights[np.searchsorted(np.cumsum(weights), weights.sum() / 2)])


def _is_rule(blob: _Blob, size: float) -> bool:
    """A line across the paper, or down it: long, and far thinner than it is long."""
    flat = blob.width > FLAT_LENGTH * size and blob.height < FLATNESS * blob.width
    return max(blob.height, blob.width) > RULE_LENGTH * size or flat


def _joined(kept: Sequence[_Blob], size: float) -> list[tuple[list[int], Slices]]:
    """Labels and rectangle of each digit: blobs above each other are one, as the bar of a 5 or the halves of an 8."""
    groups = [([blob.label], blob.place) for blob in sorted(kept, key=lambda blob: -blob.height)]
    at = 0
    while at < len(groups):
        members, place = groups[at]
        for other in range(at + 1, len(groups)):
            if _belongs(place, groups[other][1], size):
                more, small = groups.pop(other)
                groups[at] = members + more, _around(place, small)
                break
        else:
            at += 1
    return groups


def _belongs(place: Slices, small: Slices, size: float) -> bool:
    """Whether the smaller rectangle holds a part of the digit in the other: above or below it, near, and low."""
    shared = min(place[1].stop, small[1].stop) - max(place[1].start, small[1].start)
    if shared < MIN_OVERLAP * min(_width(place), _width(small)):
        return False
    gap = max(place[0].start, small[0].start) - min(place[0].stop, small[0].stop)
    is_part = _height(small) < PART_HEIGHT * size or gap < 0
    both = _height(_around(place, small))
    return is_part and gap < MAX_GAP * size and both < max(MAX_JOINED * size, MAX_GROWTH * _height(place))


def _around(a: Slices, b: Slices) -> Slices:
    rows = slice(min(a[0].start, b[0].start), max(a[0].stop, b[0].stop))
    return rows, slice(min(a[1].start, b[1].start), max(a[1].stop, b[1].stop))


def _cut_out(amount: Floats, labels: NDArray[np.int32], members: list[int], place: Slices) -> Piece:
    """The ink of some labels, with the soft edge around it."""
    rows = slice(max(place[0].start - MARGIN, 0), place[0].stop + MARGIN)
    columns = slice(max(place[1].start - MARGIN, 0), place[1].stop + MARGIN)
    there = labels[rows, columns]
    own = np.isin(there, members)
    near = ndimage.binary_dilation(own, NEIGHBOURS, iterations=MARGIN) & ((there == 0) | own)
    cut = np.where(near, amount[rows, columns], np.float32(0))
    return Piece(columns.start, rows.start, cut.shape[1], cut.shape[0], cut)
