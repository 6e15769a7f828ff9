"""Punctuation in a line of digits: named by its shape and place, . , : - + =, and never answered as a digit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from handgrad.reading.band import Band
from handgrad.reading.pieces import Piece

# In digit heights of the line.
FLAT_HEIGHT, FLAT_WIDTH = 0.3, 1.8  # a dash is no higher, and so many times as wide as high
DOT = 0.4  # a dot is no higher nor wider
ABOVE_BASE = 0.3  # above the line's base within which a dot or a comma begins
TAIL = 0.22  # higher than this, and so many times as high as wide, a dot is a comma
TAIL_SHAPE = 1.3
HANGS = 0.15  # below the base from which a dot is a comma
COMMA_HEIGHT, COMMA_DROP = (0.2, 0.5), 0.7  # of a comma alone, and how far below the line's top it begins
MAX_STACK = 0.8  # between the two dots of a colon, and the dashes of an equals sign
PLUS_SIDE, PLUS_SHAPE = (0.25, 0.85), 1.8  # sides of a plus, and the most of one over the other
PLUS_FREE = 0.05, 0.0  # between a plus and the line's top and base: it stands in the middle
PLUS_MIDDLE = 0.25  # share of a plus's sides, from each end, in which its bars do not cross
PLUS_ARMS = 0.92  # share of a plus's ink that lies near the middle of its bars:
ARM, ARM_PEN = 0.15, 0.8  # within so much of its longer side, or of the pen's width


def small_sign(pieces: Sequence[Piece], band: Band) -> str:
    """Return which sign small ink is.

    Parameters
    ----------
    pieces : sequence of Piece
        One piece, or two above each other.
    band : Band
        Where the line's digits stand.

    Returns
    -------
    str
        One of `. , : - =`, or nothing.
    """
    flat = [_is_flat(piece, band.height) for piece in pieces]
    dots = [max(piece.height, piece.width) <= DOT * band.height for piece in pieces]
    if len(pieces) == 2:
        return "=" if all(flat) else ":" if all(dots) else ""
    piece, (_, below) = pieces[0], band.beyond(pieces[0])
    if flat[0] and below < 0:
        return "-"
    if is_comma(piece, band):
        return ","
    if dots[0] and below > -ABOVE_BASE:
        tail = piece.height > TAIL * band.height and piece.height > TAIL_SHAPE * piece.width
        return "," if tail or below > HANGS else "."
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


def is_comma(piece: Piece, band: Band) -> bool:
    """Return whether ink is a comma, also one as tall as half a digit: it hangs below the line, and is narrow.

    Parameters
    ----------
    piece : Piece
        The ink.
    band : Band
        Where the line's digits stand.

    Returns
    -------
    bool
        Whether it can be nothing else.
    """
    above, below = band.beyond(piece)
    tall = piece.height / band.height
    return COMMA_HEIGHT[0] < tall < COMMA_HEIGHT[1] and -above > COMMA_DROP and below > 0 and piece.width < piece.height


def is_plus(piece: Piece, band: Band) -> bool:
    """Return whether ink is a plus: two bars that cross in the middle, half way up the line.

    Parameters
    ----------
    piece : Piece
        The ink.
    band : Band
        Where the line's digits stand.

    Returns
    -------
    bool
        Whether most of it lies in its middle row and column, and none at the line's top and base.
    """
    small, large = sorted((piece.height, piece.width))
    if not (PLUS_SIDE[0] * band.height < small and large < PLUS_SIDE[1] * band.height and large < PLUS_SHAPE * small):
        return False
    above, below = band.beyond(piece)
    amount = piece.amount
    rows, columns = amount.sum(axis=1), amount.sum(axis=0)
    y, x = int(rows.argmax()), int(columns.argmax())
    central = all(abs(at / long - 0.5) < 0.5 - PLUS_MIDDLE for at, long in ((y, len(rows)), (x, len(columns))))
    pen = float(amount.sum()) / (piece.height + piece.width)
    arm = max(1, round(max(ARM * large, ARM_PEN * pen)))
    cross = np.zeros(amount.shape, bool)
    cross[max(y - arm, 0) : y + arm + 1] = True
    cross[:, max(x - arm, 0) : x + arm + 1] = True
    crossed = float(amount[cross].sum()) > PLUS_ARMS * float(amount.sum())
    return central and crossed and -above > PLUS_FREE[0] and -below > PLUS_FREE[1]


def _is_flat(piece: Piece, height: float) -> bool:
    return piece.height < FLAT_HEIGHT * height and piece.width > FLAT_WIDTH * piece.height
