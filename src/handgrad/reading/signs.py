"""Punctuation in a line of digits: named by its shape and place, . , : / - + =, and never answered as a digit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from handgrad.reading.pieces import Piece

# In digit heights of the line.
FLAT_HEIGHT, FLAT_WIDTH = 0.3, 1.8  # a dash is no higher, and so many times as wide as high
DOT = 0.4  # a dot, and a comma, is no higher nor wider
ABOVE_BASE = 0.3  # above the line's base within which a dot or a comma begins
TAIL = 0.22  # higher than this, and so many times as high as wide, a dot is a comma
TAIL_SHAPE = 1.3
MAX_STACK = 0.8  # between the two dots of a colon, and the dashes of an equals sign
PLUS_SIDE, PLUS_SHAPE = (0.25, 1.0), 1.8  # sides of a plus, and the most of one over the other
PLUS_ARMS = 0.8  # share of a plus's ink that lies in its middle row and column

# A slash is straight, leans more than the digits do, and is as tall as they are.
MIN_SLASH, TALL_SLASH = 0.85, 1.12  # in digit heights: in a date, and elsewhere
MIN_LEAN, LEAN_BEYOND = math.radians(8), math.radians(9)  # from upright; and beyond the lean of the digits
MAX_LEAN = math.radians(65)
MAX_BEND = 1.6  # standard deviation across a straight stroke, over that of a bar as wide
DATES = ((2, 2, 4), (2, 2, 2), (4, 2, 2))  # most digits between the slashes


def small_sign(pieces: Sequence[Piece], height: float, base: float) -> str:
    """Return which sign small ink is.

    Parameters
    ----------
    pieces : sequence of Piece
        One piece, or two above each other.
    height : float
        The height of the line's digits, in pixels.
    base : float
        The row on which the digits stand.

    Returns
    -------
    str
        One of `. , : - =`, or nothing.
    """
    flat = [_is_flat(piece, height) for piece in pieces]
    dots = [max(piece.height, piece.width) <= DOT * height for piece in pieces]
    if len(pieces) == 2:
        return "=" if all(flat) else ":" if all(dots) else ""
    piece = pieces[0]
    if flat[0] and piece.bottom < base:
        return "-"
    if dots[0] and piece.bottom > base - ABOVE_BASE * height:
        tail = piece.height > TAIL * height and piece.height > TAIL_SHAPE * piece.width
        return "," if tail or piece.bottom > base + ABOVE_BASE * height / 2 else "."
    return "-" if flat[0] else ""


def are_stacked(a: Piece, b: Piece, height: float) -> bool:
    """Return whether two small pieces stand above each other, as those of a colon.

    Parameters
    ----------
    a, b : Piece
        Small ink.
    height : float
        The height of the line's digits, in pixels.

    Returns
    -------
    bool
        Whether they share columns and are near.
    """
    shared = min(a.right, b.right) - max(a.left, b.left)
    apart = max(a.top, b.top) - min(a.bottom, b.bottom)
    return shared > 0.3 * min(a.width, b.width) and 0 < apart < MAX_STACK * height


def is_plus(piece: Piece, height: float) -> bool:
    """Return whether ink is a plus: two bars that cross in the middle.

    Parameters
    ----------
    piece : Piece
        The ink.
    height : float
        The height of the line's digits, in pixels.

    Returns
    -------
    bool
        Whether most of it lies in its middle row and column.
    """
    small, large = sorted((piece.height, piece.width))
    if not (PLUS_SIDE[0] * height < small and large < PLUS_SIDE[1] * height and large < PLUS_SHAPE * small):
        return False
    amount = piece.amount
    rows, columns = amount.sum(axis=1), amount.sum(axis=0)
    y, x = int(rows.argmax()), int(columns.argmax())
    central = 0.25 < y / len(rows) < 0.75 and 0.25 < x / len(columns) < 0.75
    arm = max(1, round(0.12 * large))
    cross = np.zeros(amount.shape, bool)
    cross[max(y - arm, 0) : y + arm + 1] = True
    cross[:, max(x - arm, 0) : x + arm + 1] = True
    return central and float(amount[cross].sum()) > PLUS_ARMS * float(amount.sum())


def find_slashes(pieces: Sequence[Piece], digits: Sequence[str], height: float) -> list[int]:
    """Return which strokes that look like a 1 are slashes.

    Parameters
    ----------
    pieces : sequence of Piece
        The ink of each digit of a line, from left to right.
    digits : sequence of str
        What each was read as.
    height : float
        The height of the digits, in pixels.

    Returns
    -------
    list of int
        Their places in `pieces`.
    """
    leans = [_lean(piece) for piece in pieces]
    upright = [lean for lean, straight in leans if not straight]
    usual = float(np.median(upright)) if len(upright) > 1 else 0.0
    likely = [
        i for i, (lean, straight) in enumerate(leans)
        if straight and MIN_LEAN < lean < MAX_LEAN and pieces[i].height > MIN_SLASH * height
    ]  # fmt: skip
    ones = [leans[i][0] for i, digit in enumerate(digits) if digit == "1" and i not in likely]
    if len(likely) == 2 and _is_date(likely, len(pieces)) and min(leans[i][0] for i in likely) > max([usual, *ones]):
        return likely
    return [
        i for i in likely
        if pieces[i].height > TALL_SLASH * height and leans[i][0] > usual + LEAN_BEYOND and 0 < i < len(pieces) - 1
    ]  # fmt: skip


def _is_date(slashes: Sequence[int], count: int) -> bool:
    groups = (slashes[0], slashes[1] - slashes[0] - 1, count - slashes[1] - 1)
    return any(all(1 <= group <= most for group, most in zip(groups, date, strict=True)) for date in DATES)


def _is_flat(piece: Piece, height: float) -> bool:
    return piece.height < FLAT_HEIGHT * height and piece.width > FLAT_WIDTH * piece.height


def _lean(piece: Piece) -> tuple[float, bool]:
    """How far ink leans to the right, in radians from upright, and whether it is one straight stroke."""
    amount = piece.amount
    mass = float(amount.sum())
    y = np.arange(amount.shape[0]) - float(amount.sum(axis=1) @ np.arange(amount.shape[0])) / mass
    x = np.arange(amount.shape[1]) - float(amount.sum(axis=0) @ np.arange(amount.shape[1])) / mass
    yy, xx = float(amount.sum(axis=1) @ y**2) / mass, float(amount.sum(axis=0) @ x**2) / mass
    xy = float(y @ amount @ x) / mass
    spread, tilt = math.hypot(yy - xx, 2 * xy) / 2, (yy + xx) / 2
    along, across = tilt + spread, max(tilt - spread, 0.0)
    length = math.sqrt(12 * along)
    bar = mass / max(length, 1.0) / math.sqrt(12)
    lean = math.atan(-xy / yy) if yy else 0.0
    straight = math.sqrt(across) < MAX_BEND * bar and length > 3 * bar * math.sqrt(12)
    angle = 0.5 * math.atan2(-2 * xy, yy - xx)  # of the main axis, from upright
    return (angle if straight else lean), straight
