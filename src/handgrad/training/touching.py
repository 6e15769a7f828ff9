"""Touching digits: written side by side, and cut apart as reading cuts them.

The lattice of a reader asks about many runs of parts. The run that fits a digit best shows it with crumbs of its
neighbours, and without what it shares with them. The others show no digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from handgrad.reading.cuts import cut_apart, find_cuts
from handgrad.reading.pieces import Piece, trimmed, united
from handgrad.training.pens import CANVAS, pens_for
from handgrad.training.strokes import Floats, Mask

MOST_PARTS = 6  # of a run
FITS = 0.72  # a run is a digit if it shares so much with that digit, of what both cover
FITS_NOT = 0.55  # and none, if it shares no more with any digit
OF_TWO = 0.2  # share of a digit's ink that a run has at least, to be of that digit too


@dataclass(frozen=True, eq=False)
class Cut:
    """Writing cut apart.

    Parameters
    ----------
    digits : list of float32 array (H, W) or None
        For each digit from the left, the run of parts that shows it; None where no run fits it.
    wrong : list of float32 array (H, W)
        Runs that show parts of two digits or more.
    """

    digits: list[Floats | None]
    wrong: list[Floats]


def side_by_side(digits: Sequence[Mask], overlaps: Sequence[float]) -> Mask:
    """Return digits on one canvas, each beside the one before.

    Parameters
    ----------
    digits : sequence of bool array (CANVAS, CANVAS)
        The middle lines of N digits.
    overlaps : sequence of float
        For each but the first, by how much it overlaps the one before, in widths of the narrower one; negative leaves
        white between.

    Returns
    -------
    bool array (N, CANVAS, N * CANVAS)
        Each digit's lines at its place.
    """
    out = np.zeros((len(digits), CANVAS, len(digits) * CANVAS), np.bool_)
    out[0, :, :CANVAS] = digits[0]
    start, end = columns(digits[0])
    for number, overlap in enumerate(overlaps, 1):
        before = out[number - 1, :, start:end]
        left, right = columns(digits[number])
        own = digits[number][:, left:right]
        shift = end - _gap(before, own) - round(overlap * min(end - start, right - left))
        start = min(max(shift, start), out.shape[2] - (right - left))
        end = start + right - left
        out[number, :, start:end] = own
    return out


def columns(lines: Mask) -> tuple[int, int]:
    """Return where a drawing begins and ends.

    Parameters
    ----------
    lines : bool array (H, W)
        Where there is ink.

    Returns
    -------
    tuple of int
        The first column of it, and the first behind it.
    """
    inked = np.flatnonzero(lines.any(axis=0))
    return (int(inked[0]), int(inked[-1]) + 1) if inked.size else (0, 1)


def _gap(left: Mask, right: Mask) -> int:
    """How many columns of white would be between two digits that are set edge to edge, in the nearest row."""
    behind = np.where(left.any(axis=1), left[:, ::-1].argmax(axis=1), CANVAS)
    before = np.where(right.any(axis=1), right.argmax(axis=1), CANVAS)
    return int(min((behind + before).min(), CANVAS // 2))


def cut_writing(writing: Mask, random: np.random.Generator) -> Cut:
    """Return writing drawn with one pen and cut apart as a reader does it.

    Parameters
    ----------
    writing : bool array (N, H, W)
        Middle lines of N digits at their places, as from `side_by_side`.
    random : numpy.random.Generator
        What the pen is drawn from.

    Returns
    -------
    Cut
        The runs that are digits, and those that are none.
    """
    pens = pens_for(writing.any(axis=0)[None], random)
    own = [pens.draw(lines[None])[0] for lines in writing]
    piece = trimmed(np.maximum.reduce(own), (0, 0))
    if piece is None:
        return Cut([None] * len(own), [])
    left, top = piece.corner
    tall, wide = piece.amount.shape
    own = [ink[top : top + tall, left : left + wide] for ink in own]
    parts = cut_apart(piece, find_cuts(piece))
    ends = [(a, b) for a, b in combinations(range(len(parts) + 1), 2) if b - a <= MOST_PARTS]
    found = [_on(united(parts[a:b]), piece.amount.shape, piece.corner) for a, b in ends]
    shared = np.array([[np.minimum(run, ink).sum() for ink in own] for run in found])
    masses, whole = np.array([run.sum() for run in found]), np.array([ink.sum() for ink in own])
    fit = shared / (masses[:, None] + whole - shared).clip(1e-6)
    best = fit.argmax(axis=0)
    digits = [found[run] if fit[run, i] >= FITS else None for i, run in enumerate(best.tolist())]
    wrong = (fit.max(axis=1) <= FITS_NOT) & ((shared >= OF_TWO * whole).sum(axis=1) > 1)
    return Cut(digits, [found[i] for i in np.flatnonzero(wrong).tolist()])


def _on(run: Piece, shape: tuple[int, ...], corner: tuple[int, int]) -> Floats:
    """The ink of a run on a canvas with such a shape and corner."""
    out = np.zeros(shape, np.float32)
    x, y = run.corner[0] - corner[0], run.corner[1] - corner[1]
    out[y : y + run.amount.shape[0], x : x + run.amount.shape[1]] = run.amount
    return out
