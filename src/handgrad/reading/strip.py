"""A line of writing -> a strip: straightened, of one height, with as much above and below the digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from handgrad.reading.fit import brightened
from handgrad.reading.ink import Floats
from handgrad.reading.lines import Line
from handgrad.reading.pieces import united

ROWS, TALL, ABOVE = 32, 20, 6  # rows of a strip, of its digits, and above these
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
    piece, band = united(list(line.pieces)), line.band
    (left, top), middle = piece.corner, (band.top + band.base) / 2
    height = line.height if line.row else band.height
    scale = height / TALL
    soft = max(1, round(scale))
    ink = ndimage.uniform_filter(piece.amount, soft) if soft > 1 else piece.amount
    first = left - BESIDE * scale
    up = middle - height / 2 - ABOVE * scale + line.slope * first - top
    place = (scale, 0, first - left, line.slope * scale, scale, up)
    size = (int(ink.shape[1] / scale) + 2 * BESIDE + 1, ROWS)
    seen = Image.fromarray(ink).transform(size, Image.Transform.AFFINE, place, Image.Resampling.BICUBIC)
    return Strip(brightened(np.asarray(seen)).astype(np.float32) / np.float32(255), first, scale)
