"""Pieces of ink on a page -> lines of writing, in reading order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.band import Band, band_of
from handgrad.reading.chains import chained
from handgrad.reading.heights import digit_height
from handgrad.reading.pieces import Piece, cropped
from handgrad.reading.rows import Row

Numbers = NDArray[np.float64]

# In digit heights of the page.
MAX_TALL = 4.5  # a taller piece is no writing
MIN_TALL = 0.4  # a lower piece makes no line of its own; it belongs to one near it, or is dirt
MIN_SIZE = 5  # pixels of height that a digit has at least

# The direction of lines: the slope at which most pieces lie at few levels.
MAX_SLOPE, SLOPE_STEP = 1.0, 0.02  # pixels down for each to the right: 45 degrees
LEVEL = 0.35  # digit heights: pieces within so much lie at one level
SLOPE_PRICE = 0.25  # share of its votes that the steepest slope loses against none

BLOT_SIDE, BLOT_WIDTH = 0.8, 0.5  # of ink that is larger and thicker: it is no writing
MIN_DOT = 0.35  # squared stroke widths of ink that a dot has at least

# Of a piece so tall in a line of so many, only what lies within the line is read, and so much above and below it.
LONG, MIN_NEIGHBOURS, KEPT = 1.9, 4, 0.5

MIN_IN_CELL = 0.3  # of a cell's height, from which ink in it is more than dirt or punctuation

LETTER, MIN_PRINT = 0.2, 3  # of the digits' height, and how many letters beside each other are print

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
    row : Row or None
        The cells that it is written in, if it is.
    """

    pieces: tuple[Piece, ...]
    height: float
    slope: float
    row: Row | None = None

    @cached_property
    def _tall(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.height > MIN_TALL * self.height]

    def level(self, slope: float) -> float:
        """Return how far down the page it is.

        Parameters
        ----------
        slope : float
            Pixels that the page's lines fall for each pixel to the right.

        Returns
        -------
        float
            The row at which it would cross column 0.
        """
        return float(np.mean([_level(piece, slope) for piece in self._tall]))

    @cached_property
    def band(self) -> Band:
        """Where most tall pieces stand."""
        return band_of(self._tall, self.slope)

    def cell_of(self, piece: Piece) -> int | None:
        """Return the cell in which ink is.

        Parameters
        ----------
        piece : Piece
            Ink of this line.

        Returns
        -------
        int or None
            As from `Row.cell_of`; None where the line is in no cells.
        """
        return self.row.cell_of(piece.middle) if self.row else None

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
            int(end + lift + sign * KEPT * self.height) for end, sign in ((self.band.top, -1), (self.band.base, 1))
        )
        rows = slice(max(top - piece.corner[1], 0), max(bottom - piece.corner[1], 0))
        return cropped(piece, rows) or piece


def in_lines(pieces: Sequence[Piece], rows: Sequence[Row] = ()) -> list[Line]:
    """Return the lines of a page; they may slope by up to 45 degrees.

    Parameters
    ----------
    pieces : sequence of Piece
        The ink of a page, in any order.
    rows : sequence of Row
        The cells of a form: what is written in a row of them is a line.

    Returns
    -------
    list of Line
        From top to bottom. Small pieces far from every line are in none.
    """
    written, rest = [], list(pieces)
    for row in rows:  # a piece belongs to one of them
        line = _in_cells(row, rest)
        if line:
            written.append(line)
            rest = [piece for piece in rest if piece not in line.pieces]
    free = _free_lines(rest)
    slope = free[0].slope if free else 0.0
    return sorted([*written, *free], key=lambda line: line.level(slope))


def _in_cells(row: Row, pieces: Sequence[Piece]) -> Line | None:
    """What is written in cells, and between them."""
    inside = [piece for piece in pieces if row.cell_of(piece.middle) is not None]
    tall = [piece.height for piece in inside if piece.height >= MIN_IN_CELL * row.height]
    if not tall:
        return None
    return Line(tuple(sorted(inside, key=lambda piece: piece.middle[0])), median(tall), row.top.slope, row)


def _free_lines(pieces: Sequence[Piece]) -> list[Line]:
    """The lines of what is not written in cells."""
    if not pieces:
        return []
    size = digit_height([(piece.height, piece.width, piece.stroke) for piece in pieces])
    pieces = [piece for piece in pieces if not _is_blot(piece, size)]
    tall = [piece for piece in pieces if piece.height >= max(MIN_TALL * size, MIN_SIZE)]
    if not tall:
        return []
    least = MIN_DOT * median(piece.stroke for piece in tall) ** 2
    small = [piece for piece in pieces if piece.height < max(MIN_TALL * size, MIN_SIZE) and piece.mass >= least]
    slope = _slope(tall, size)
    rows = [[tall[i] for i in chain] for chain in chained(tall, slope)]
    print_ = _small_print(rows, small, slope)
    rest = set(small).difference(*print_)
    return _with_small(rows + print_, [piece for piece in small if piece in rest], slope)


def _small_print(rows: Sequence[Sequence[Piece]], small: Sequence[Piece], slope: float) -> list[list[Piece]]:
    """Small pieces that stand in rows of their own, above or below the digits, as the letters of a form's label."""
    bands = [band_of(row, slope) for row in rows]
    least = max(MIN_SIZE, LETTER * median(band.height for band in bands))
    letters = [
        piece for piece in small if piece.height >= least and all(min(band.beyond(piece)) < -1 for band in bands)
    ]
    chains = [chain for chain in chained(letters, slope) if len(chain) >= MIN_PRINT] if letters else []
    return [[letters[i] for i in chain] for chain in chains]


def _is_blot(piece: Piece, size: float) -> bool:
    """Whether ink is larger than any digit, or large and thicker than any stroke, as the shadow of a hand."""
    if piece.height > MAX_TALL * size:
        return True
    if max(piece.height, piece.width) < BLOT_SIDE * size:
        return False
    return piece.stroke > BLOT_WIDTH * size


def _level(piece: Piece, slope: float) -> float:
    x, y = piece.middle
    return y - slope * x


def _slope(tall: Sequence[Piece], size: float) -> float:
    """The slope at which the pieces' levels gather most: the sum of squared counts is largest."""
    x, y = np.array([piece.middle for piece in tall]).T
    slopes = np.arange(-MAX_SLOPE, MAX_SLOPE + SLOPE_STEP / 2, SLOPE_STEP)
    levels = np.sort((y - slopes[:, None] * x) / (LEVEL * size), axis=1)
    apart = np.ptp(levels) + 1  # the slopes lie one behind the other, so that one search serves all of them
    levels += apart * np.arange(len(slopes))[:, None]
    near = np.searchsorted(levels.ravel(), levels + 0.5) - np.searchsorted(levels.ravel(), levels - 0.5)
    votes = near.sum(axis=1) * (1 - SLOPE_PRICE * np.abs(slopes))
    most = slopes[votes > votes.max() - 1e-6]
    return float(most[np.abs(most).argmin()])


def _with_small(rows: list[list[Piece]], small: Sequence[Piece], slope: float) -> list[Line]:
    """The lines with the small pieces that lie in them or close beside."""
    heights = [median(piece.height for piece in row) for row in rows]
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
