"""Ink -> the image that a network sees, made the way its training images were made.

MNIST's digits were cut out, their longer side scaled to 20 of 28 pixels, and their centre of mass put in the middle
(LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section III.A).
"""

import math

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.boxes import Slices
from handgrad.reading.ink import Floats

Pixels = NDArray[np.uint8]

INK_SIDE = 20 / 28  # share of the image that the ink's longer side takes
BLURRED = 0.3  # share of full ink that bounds the ink of a large picture, where less is blur

ROUNDING = 1e-3  # pixels of the image: a digit that is symmetric lies on a boundary, and is not to hang on its last bit

# Full ink in the finished image, so that thin strokes get as bright as thick ones.
INKED, FULL_QUANTILE = 0.05, 0.95  # what counts as ink, and the quantile of it that is full ink
FULL_LEVEL = 0.97  # share of white that full ink becomes, at least


def fit(amount: Floats, height: int = 28, width: int = 28) -> Pixels:
    """Return ink cut out, scaled to MNIST's size and centred by its mass.

    Parameters
    ----------
    amount : numpy.ndarray
        Ink, float32 (H, W), from 0 to 1.
    height, width : int
        Sides of the image to make, in pixels.

    Returns
    -------
    numpy.ndarray
        Uint8 (height, width), bright ink on dark; all 0 where there is no ink.
    """
    if not amount.any():
        return np.zeros((height, width), np.uint8)
    cut = amount[extent(amount, 0.0)]
    scale = _scale(cut, height, width)
    top, left = _corner(cut, scale, height, width)
    return brightened(_resampled(cut, scale, top, left, (height, width)))


def extent(amount: Floats, least: float) -> Slices:
    """Return the rows and columns in which there is ink.

    Parameters
    ----------
    amount : numpy.ndarray
        Ink, float32 (H, W).
    least : float
        What is not more than this does not count.

    Returns
    -------
    tuple of slice
        Rows and columns.
    """
    rows, columns = np.flatnonzero(amount.max(axis=1) > least), np.flatnonzero(amount.max(axis=0) > least)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _scale(cut: Floats, height: int, width: int) -> float:
    """Pixels of the cut for a pixel of the image, so that the ink's longer side gets MNIST's length."""
    # In an image as small as MNIST's, a faint pixel is an edge partly covered; in a large picture it is blur.
    blurred = BLURRED * min(max(max(cut.shape) / max(height, width) - 1, 0), 1)
    rows, columns = extent(cut, blurred * float(cut.max()))
    ratio: float = max((rows.stop - rows.start) / height, (columns.stop - columns.start) / width)
    return ratio / INK_SIDE


def _corner(cut: Floats, scale: float, height: int, width: int) -> tuple[float, float]:
    """The image's top and left in the cut, perhaps outside of it: the centre of mass is where MNIST has it."""
    mass = float(cut.sum())
    y = float(cut.sum(axis=1) @ (np.arange(cut.shape[0]) + 0.5)) / mass / scale
    x = float(cut.sum(axis=0) @ (np.arange(cut.shape[1]) + 0.5)) / mass / scale
    down, right = math.ceil(height / 2 - y - ROUNDING), math.ceil(width / 2 - x - ROUNDING)  # whole pixels of the image
    return -down * scale, -right * scale


def _resampled(cut: Floats, scale: float, top: float, left: float, size: tuple[int, int]) -> Floats:
    """The cut as an image of such a height and width whose corner lies there; outside of the cut there is no ink."""
    from PIL import Image

    height, width = size
    above, before = max(math.ceil(-top), 0), max(math.ceil(-left), 0)
    below = max(math.ceil(top + height * scale) - cut.shape[0], 0)
    behind = max(math.ceil(left + width * scale) - cut.shape[1], 0)
    framed = np.zeros((above + cut.shape[0] + below, before + cut.shape[1] + behind), np.float32)
    framed[above : above + cut.shape[0], before : before + cut.shape[1]] = cut
    top, left = top + above, left + before
    part = (left, top, min(left + width * scale, framed.shape[1]), min(top + height * scale, framed.shape[0]))
    return np.asarray(Image.fromarray(framed).resize((width, height), Image.Resampling.BICUBIC, box=part))


def brightened(small: Floats) -> Pixels:
    """Return ink as grey levels, full ink nearly white.

    Parameters
    ----------
    small : numpy.ndarray
        Ink, float32 (H, W), from 0 to 1 and a little beyond.

    Returns
    -------
    numpy.ndarray
        Uint8 (H, W).
    """
    inked = small[small > INKED]
    full = max(float(np.quantile(inked, FULL_QUANTILE)), INKED) if inked.size else 1.0
    pixels: Pixels = np.rint((small / min(full / FULL_LEVEL, 1.0)).clip(0, 1) * 255).astype(np.uint8)
    return pixels
