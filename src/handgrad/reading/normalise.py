"""A picture of one digit -> the image that a network was trained on, made the way MNIST was made.

The ink is cut out, its longer side scaled to 20 of 28 pixels, and its centre of mass put in the middle (LeCun et al.
1998, "Gradient-Based Learning Applied to Document Recognition", section III.A).
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.ink import Floats, Ink, find_ink
from handgrad.reading.picture import Picture, open_picture
from handgrad.reading.segment import Piece, find_pieces

BOX = 20 / 28  # share of the image that the ink's longer side takes
WIDEST = 0.34  # a stroke's width on a picture of one digit, as a share of its longer side
BLANK = "blank"
LEAST = 5  # pixels that the ink's longer side must have
FAINT = 0.3  # share of full ink that bounds the ink of a large picture
PAIR = 0.6  # two pieces of ink are two digits if the smaller has this share of the larger one's height, beside it


@dataclass(frozen=True, eq=False)
class Normalised:
    """digit: uint8 (height, width), bright ink on dark; doubt: why that is no single digit, or nothing.

    picture and ink: the steps that led there. All of digit is 0 for a blank.
    """

    picture: Picture
    ink: Ink
    digit: NDArray[np.uint8]
    doubt: str


def normalise(source: Any, height: int = 28, width: int = 28, name: str = "picture") -> Normalised:
    """The digit on a picture, whatever its size, place, polarity and light; see `open_picture` for what it may be."""
    picture = open_picture(source, name)
    ink = find_ink(picture.grey, WIDEST)
    pieces = find_pieces(ink)
    amount = pieces[0].amount if len(pieces) == 1 else ink.amount
    return Normalised(picture, ink, fit(amount, height, width), _doubt(ink, pieces))


def _doubt(ink: Ink, pieces: list[Piece]) -> str:
    if not ink.contrast:
        return BLANK
    if not pieces or max(ink.mask.any(axis=1).sum(), ink.mask.any(axis=0).sum()) < LEAST:
        return "too little ink"
    tallest = max(piece.height for piece in pieces)
    tall = sorted((piece for piece in pieces if piece.height > PAIR * tallest), key=lambda piece: piece.left)
    apart = [b.left - a.left - a.width for a, b in pairwise(tall)]
    return "two digits" if apart and max(apart) > 0 else ""


def fit(amount: Floats, height: int = 28, width: int = 28) -> NDArray[np.uint8]:
    """Ink (H, W) from 0 to 1 -> uint8 (height, width), cut out, scaled, centred by mass; all 0 where there is none."""
    from PIL import Image

    if not amount.any():
        return np.zeros((height, width), np.uint8)
    cut = amount[_extent(amount, 0.0)]
    # In an image as small as MNIST's, a faint pixel is an edge partly covered; in a large picture it is blur.
    faint = FAINT * min(max(max(cut.shape) / max(height, width) - 1, 0), 1)
    box = _extent(cut, faint * float(cut.max()))
    sides = (box[0].stop - box[0].start) / height, (box[1].stop - box[1].start) / width
    scale = max(sides) / BOX  # source pixels for a pixel of the result
    mass = float(cut.sum())
    y = float(cut.sum(axis=1) @ (np.arange(cut.shape[0]) + 0.5)) / mass / scale
    x = float(cut.sum(axis=0) @ (np.arange(cut.shape[1]) + 0.5)) / mass / scale
    down, right = math.ceil(height / 2 - y), math.ceil(width / 2 - x)  # by whole pixels, to where MNIST has it
    y0, x0 = -down * scale, -right * scale  # the result's corner in the cut; it may lie outside, on every side
    above, left = max(math.ceil(-y0), 0), max(math.ceil(-x0), 0)
    below = max(math.ceil(y0 + height * scale) - cut.shape[0], 0)
    beside = max(math.ceil(x0 + width * scale) - cut.shape[1], 0)
    framed = np.pad(cut, ((above, below), (left, beside)))
    y0, x0 = y0 + above, x0 + left
    part = (x0, y0, min(x0 + width * scale, framed.shape[1]), min(y0 + height * scale, framed.shape[0]))
    small = np.asarray(Image.fromarray(framed).resize((width, height), Image.Resampling.BICUBIC, box=part))
    clear = small[small > 0.05]
    full = max(float(np.quantile(clear, 0.95)), 0.05) if clear.size else 1.0  # thin strokes get as bright as thick ones
    digit: NDArray[np.uint8] = np.rint((small / min(full / 0.97, 1.0)).clip(0, 1) * 255).astype(np.uint8)
    return digit


def _extent(amount: Floats, least: float) -> tuple[slice, slice]:
    """The rows and columns in which some ink is more than the least."""
    rows, columns = np.flatnonzero(amount.max(axis=1) > least), np.flatnonzero(amount.max(axis=0) > least)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
