"""Where touching digits may be cut apart: paths from top to bottom that cross little ink, slanted ones too.

Heuristic over-segmentation (LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section V):
more cuts than are needed are proposed, and the model decides which of them part digits. A cut is the cheapest path down
through one place, found by dynamic programming; it bends around strokes, into notches and along crossings.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handgrad.reading.ink import Floats
from handgrad.reading.pieces import Piece, trimmed

ROWS = 40  # of the small copy on which paths are searched
PAPER_COST, SLANT_COST = 0.02, 0.06  # of a step over paper, and of a step aside, in steps over full ink
LEVELS = (0.3, 0.5, 0.7)  # shares of the height: a path is sought through each place at these
MIN_APART = 0.1  # heights between two cuts, and between a cut and the piece's ends
MAX_COST = 0.75  # heights of full ink that a cut may cross
PER_HEIGHT = 5.0  # the most cuts for each height of width


def find_cuts(piece: Piece) -> list[NDArray[np.intp]]:
    """Return where a piece of ink may be cut.

    Parameters
    ----------
    piece : Piece
        Ink that may be several digits.

    Returns
    -------
    list of numpy.ndarray
        For each cut, from left to right, the first column behind it for each row of `piece.amount`.
    """
    small, factor = _small(piece.amount)
    down, up = _cheapest(small), _cheapest(small[::-1])[::-1]
    found: list[tuple[float, NDArray[np.intp]]] = []
    least = MIN_APART * len(small)
    for level in LEVELS:
        row = int(level * (len(small) - 1))
        through = down[row] + up[row] - small[row] - PAPER_COST
        for column in _minima(through):
            cost = float(through[column])
            if cost <= MAX_COST * len(small) and least < column < small.shape[1] - least:
                found.append((cost, _path(small, down, up, row, int(column))))
    most = int(PER_HEIGHT * piece.width / max(piece.height, 1))
    chosen: list[NDArray[np.intp]] = []
    for _, path in sorted(found, key=lambda each: each[0]):
        if len(chosen) < most and all(np.abs(path - other).mean() >= least for other in chosen):
            chosen.append(path)
    ordered = _uncrossed(sorted(chosen, key=lambda path: float(path.mean())))
    rows = (np.arange(len(piece.amount)) / factor).astype(np.intp).clip(0, len(small) - 1)
    return [np.rint((path[rows] + 0.5) * factor).astype(np.intp) for path in ordered]


def cut_apart(piece: Piece, cuts: list[NDArray[np.intp]]) -> list[Piece]:
    """Return a piece cut into parts.

    Parameters
    ----------
    piece : Piece
        What to cut.
    cuts : list of numpy.ndarray
        As from `find_cuts`.

    Returns
    -------
    list of Piece
        The parts that have ink, from left to right.
    """
    width = piece.amount.shape[1]
    columns = np.arange(width)[None, :]
    edges = [np.zeros(len(piece.amount), np.intp), *cuts, np.full(len(piece.amount), width)]
    parts = []
    for left, right in pairwise(edges):
        amount = np.where((columns >= left[:, None]) & (columns < right[:, None]), piece.amount, np.float32(0))
        part = trimmed(amount, piece.corner)
        if part:
            parts.append(part)
    return parts


def _small(amount: Floats) -> tuple[Floats, float]:
    """A copy of few rows, and how much smaller it is."""
    factor = max(1.0, amount.shape[0] / ROWS)
    if factor == 1.0:
        return amount, factor
    size = (max(1, round(amount.shape[1] / factor)), max(1, round(amount.shape[0] / factor)))
    return np.asarray(Image.fromarray(amount).resize(size, Image.Resampling.BOX)), factor


def _cheapest(small: Floats) -> Floats:
    """The cost of the cheapest path from the top to each place."""
    cost = np.empty_like(small)
    cost[0] = small[0] + PAPER_COST
    for row in range(1, len(small)):
        above = np.pad(cost[row - 1], 1, constant_values=np.inf)
        aside = np.minimum(above[:-2], above[2:]) + SLANT_COST
        cost[row] = np.minimum(above[1:-1], aside) + small[row] + PAPER_COST
    return cost


def _minima(through: Floats) -> NDArray[np.intp]:
    """The columns that cost less than those beside them; the middle of a level stretch."""
    padded = np.pad(through, 1, constant_values=np.inf)
    left = np.flatnonzero((through < padded[:-2]) & (through <= padded[2:]))
    right = np.flatnonzero((through <= padded[:-2]) & (through < padded[2:]))
    count = min(len(left), len(right))
    middles: NDArray[np.intp] = (left[:count] + right[:count]) // 2
    return middles


def _path(small: Floats, down: Floats, up: Floats, row: int, column: int) -> NDArray[np.intp]:
    """The columns of the cheapest path through a place."""
    path = np.empty(len(small), np.intp)
    path[row] = column
    for costs, rows in ((down, range(row - 1, -1, -1)), (up, range(row + 1, len(small)))):
        at = column
        for r in rows:
            low, high = max(at - 1, 0), min(at + 2, small.shape[1])
            aside = SLANT_COST * np.abs(np.arange(low, high) - at)
            at = low + int(np.argmin(costs[r, low:high] + aside))
            path[r] = at
    return path


def _uncrossed(paths: list[NDArray[np.intp]]) -> list[NDArray[np.intp]]:
    """Paths from left to right, each pushed behind the one before where they would cross."""
    for before, path in pairwise(paths):
        np.maximum(path, before, out=path)
    return paths
