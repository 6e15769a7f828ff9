"""Where touching digits may be cut apart: paths from top to bottom that cross little ink, slanted ones too.

Heuristic over-segmentation (LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section V):
more cuts than are needed are proposed, and the model decides which of them part digits. A cut goes straight from a
notch of the outline above to one below, lengthwise through a stroke that two digits share; or it is the cheapest path
down through one place, found by dynamic programming, which bends around strokes.
"""

from bisect import bisect_left
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handgrad.reading.ink import Floats
from handgrad.reading.pieces import Piece, trimmed

ROWS = 40  # of the small copy on which paths are searched
PAPER_COST, SLANT_COST = 0.02, 0.06  # of a step over paper, and of a step aside, in steps over full ink
MAX_SLANT = 1.0  # columns for each row, of a straight cut
LEANS = (0.0, 0.25, 0.5)  # columns for each row: the outline's notches are looked for along these
LEVELS = (0.3, 0.5, 0.7)  # shares of the height: a path is sought through each place at these
MIN_BETWEEN = 0.018  # squared heights of ink between two cuts, and between a cut and the piece's ends
INKED = 0.5  # what counts as ink for the outline
MAX_COST = 0.75  # heights of full ink that a cut may cross
PER_HEIGHT = 12.0  # the most cuts for each height of width
WAYS = np.array([-1, 0, 1])  # from a row to the next, in columns


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
    tall = len(small)
    most = int(PER_HEIGHT * piece.width / max(piece.height, 1))
    sums = np.cumsum(np.pad(small, ((0, 0), (1, 0))), axis=1)  # ink left of each column
    rows = np.arange(tall)
    chosen = [np.zeros(tall, np.intp), np.full(tall, small.shape[1])]  # the piece's ends, and cuts in order
    for path in _candidates(small):
        after = bisect_left(chosen, float(path.mean()), key=lambda other: float(other.mean()), lo=1, hi=len(chosen) - 1)
        path = path.clip(chosen[after - 1], chosen[after])  # a cut does not cross a likelier one
        beside = [np.abs(sums[rows, path] - sums[rows, other]).sum() for other in chosen[after - 1 : after + 1]]
        if len(chosen) < most + 2 and min(beside) > MIN_BETWEEN * tall**2:
            chosen.insert(after, path)
    rows = (np.arange(len(piece.amount)) / factor).astype(np.intp).clip(0, len(small) - 1)
    return [np.rint((path[rows] + 0.5) * factor).astype(np.intp) for path in chosen[1:-1]]


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


def _candidates(small: Floats) -> NDArray[np.intp]:
    """Paths (N, rows), the likeliest first: straight through a notch above and one below, then around the ink."""
    straight = [_straight(small, lean) for lean in LEANS]
    down, up = _cheapest(small), _cheapest(small[::-1])[::-1]
    bent = []
    for level in LEVELS:
        row = int(level * (len(small) - 1))
        through = down[row] + up[row] - small[row] - PAPER_COST
        columns = _minima(through)
        columns = columns[through[columns] <= MAX_COST * len(small)]
        bent.append((_paths(small, down, up, row, columns), through[columns]))
    return np.concatenate([_by_cost(straight), _by_cost(bent)])


def _by_cost(found: list[tuple[NDArray[np.intp], Floats]]) -> NDArray[np.intp]:
    """All paths, the cheapest first."""
    paths, costs = (np.concatenate(each) for each in zip(*found, strict=True))
    ordered: NDArray[np.intp] = paths[np.argsort(costs, kind="stable")]
    return ordered


def _straight(small: Floats, lean: float) -> tuple[NDArray[np.intp], Floats]:
    """Paths through two notches of the outline as seen along a lean, and the ink that each crosses."""
    tall, wide = small.shape
    rows = np.arange(tall)
    shift = np.rint(lean * (tall - 1 - rows)).astype(np.intp)  # columns that each row leans to the right
    padded = np.pad(small, ((0, 0), (int(shift.max()), int(shift.max()))))
    width = wide + int(shift.max())
    upright = padded[rows[:, None], np.arange(width) + shift[:, None]]  # begins shift.max() before the piece
    (left, top), (right, bottom) = _notches(upright), _notches(upright[::-1])
    bottom = tall - 1 - bottom
    first, second = (each.ravel() for each in np.meshgrid(np.arange(len(left)), np.arange(len(right)), indexing="ij"))
    fits = np.abs(right[second] - left[first]) <= MAX_SLANT * (bottom[second] - top[first])
    first, second = first[fits], second[fits]
    share = (rows - top[first, None]) / np.maximum(bottom[second] - top[first], 1)[:, None]
    paths = np.rint(left[first, None] + share.clip(0, 1) * (right[second] - left[first])[:, None]).astype(np.intp)
    paths = (paths + shift - int(shift.max())).clip(0, wide - 1)
    costs = small[rows, paths].sum(axis=1)
    cheap = costs <= MAX_COST * tall
    return paths[cheap], costs[cheap]


def _notches(small: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Columns and rows of the places where the outline, seen from the top, lies deeper than beside."""
    inked = small > INKED
    depth = np.where(inked.any(axis=0), inked.argmax(axis=0), len(small) - 1)
    columns = _minima(-depth)
    return columns, depth[columns]


def _cheapest(small: Floats) -> Floats:
    """The cost of the cheapest path from the top to each place."""
    cost = np.empty_like(small)
    cost[0] = small[0] + PAPER_COST
    for row in range(1, len(small)):
        above = np.pad(cost[row - 1], 1, constant_values=np.inf)
        aside = np.minimum(above[:-2], above[2:]) + SLANT_COST
        cost[row] = np.minimum(above[1:-1], aside) + small[row] + PAPER_COST
    return cost


def _minima(through: NDArray[Any]) -> NDArray[np.intp]:
    """The columns that cost less than those beside them; the middle of a level stretch."""
    changes = np.flatnonzero(np.diff(through)) + 1
    starts, ends = np.concatenate([[0], changes]), np.concatenate([changes, [len(through)]])
    values = through[starts]
    padded = np.pad(values.astype(float), 1, constant_values=np.inf)
    lowest = (values < padded[:-2]) & (values < padded[2:]) & (values < np.inf)
    middles: NDArray[np.intp] = (starts + ends - 1)[lowest] // 2
    return middles


def _paths(small: Floats, down: Floats, up: Floats, row: int, columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """The cheapest paths through some columns of a row: (N, rows)."""
    paths = np.empty((len(columns), len(small)), np.intp)
    paths[:, row] = columns
    for costs, rows in ((down, range(row - 1, -1, -1)), (up, range(row + 1, len(small)))):
        at = columns
        for r in rows:
            beside = np.pad(costs[r], 1, constant_values=np.inf)
            ways = np.stack([beside[at] + SLANT_COST, beside[at + 1], beside[at + 2] + SLANT_COST])
            at = at + WAYS[ways.argmin(axis=0)]
            paths[:, r] = at
    return paths
