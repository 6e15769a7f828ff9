"""A line of writing -> a strip: straightened, of one height, with the same space above and below the digits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from handgrad.reading.fit import brightened
from handgrad.reading.ink import Floats
from handgrad.reading.lines import Line
from handgrad.reading.pieces import Piece

ROWS, TALL, ABOVE = 32, 20, 6  # rows of a strip, of its digits, and above these
LOWEST = 0.5  # of a line's digits, what lies between its top and its base at least
BESIDE = 8  # columns without ink at its ends


@dataclass(frozen=True, eq=False)
class Strip:
    """A line of writing, straightened.

    Parameters
    ----------
    ink : numpy.ndarray
        Float32 (32, W), from 0 to 1.
    left : float
        The column of the picture where it begins.
    scale : float
        Pixels of the picture for one of the strip.
    """

    ink: Floats
    left: float
    scale: float


def strip_of(line: Line) -> Strip:
    """Return a line as a strip.

    Parameters
    ----------
    line : Line
        The line, of at least one piece.

    Returns
    -------
    Strip
        All its ink, but what reaches far above or below the digits.
    """
    band, pieces = line.band, line.pieces
    height = line.height if line.row else max(band.height, LOWEST * line.height)
    scale = height / TALL
    first = min(piece.corner[0] for piece in pieces) - BESIDE * scale
    behind = max(piece.corner[0] + piece.amount.shape[1] for piece in pieces)
    ink = np.zeros((ROWS, math.ceil((behind - first) / scale) + BESIDE), np.float32)
    top = (band.top + band.base - height) / 2 - ABOVE * scale  # of the strip, at column 0 of the picture
    for piece in pieces:
        _add(ink, piece, first, top, line.slope, scale)
    return Strip(brightened(ink).astype(np.float32) / np.float32(255), first, scale)


def _add(ink: Floats, piece: Piece, first: float, top: float, slope: float, scale: float) -> None:
    """Draw a piece into the strip that begins at such a column and row of the picture."""
    soft = max(1, round(scale))
    amount = ndimage.uniform_filter(piece.amount, soft) if soft > 1 else piece.amount
    x, y = piece.corner
    start = max(math.floor((x - first) / scale) - 1, 0)
    width = min(math.ceil(amount.shape[1] / scale) + 3, ink.shape[1] - start)
    left = first + start * scale
    place = (scale, 0, left - x, slope * scale, scale, top + slope * left - y)
    seen = Image.fromarray(amount).transform((width, ROWS), Image.Transform.AFFINE, place, Image.Resampling.BICUBIC)
    there = ink[:, start : start + width]
    np.maximum(there, np.asarray(seen), out=there)
