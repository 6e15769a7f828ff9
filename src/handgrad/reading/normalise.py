"""A picture -> the image that a network sees, made the way its training images were made.

MNIST's digits were cut out, their longer side scaled to 20 of 28 pixels, and their centre of mass put in the middle
(LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section III.A). `normalise` does the same
to any picture of a digit; `see` also serves models of other pictures, which are only resized.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.reading.answer import Refusal
from handgrad.reading.ink import Floats, Ink, find_ink
from handgrad.reading.picture import Box, Picture, Source, open_picture, open_resized
from handgrad.reading.segment import Piece, Slices, find_pieces

Pixels = NDArray[np.uint8]

INK_SIDE = 20 / 28  # share of the image that the ink's longer side takes
WIDEST_STROKE = 0.34  # on a picture of one digit, as a share of its longer side
MIN_INK_SIDE = 5  # pixels that the ink's longer side must have
BLURRED = 0.3  # share of full ink that bounds the ink of a large picture, where less is blur
DIGIT_HEIGHT = 0.6  # a piece of ink beside another is a second digit from this share of the tallest one's height on

# Full ink in the finished image, so that thin strokes get as bright as thick ones.
INKED, FULL_QUANTILE = 0.05, 0.95  # what counts as ink, and the quantile of it that is full ink
FULL_LEVEL = 0.97  # share of white that full ink becomes, at least


@dataclass(frozen=True, eq=False)
class Normalised:
    """What a model sees of a picture, and the steps that led there.

    Parameters
    ----------
    picture : Picture
        The picture's grey levels.
    ink : Ink or None
        The ink on it; None for a model that sees pictures as they are.
    pixels : numpy.ndarray
        What the network sees, uint8: (H, W) with bright ink on dark, all 0 for a blank, for a model of digits;
        (H, W) or (H, W, 3) for a model of pictures.
    doubt : Refusal or None
        Why that is not a single digit, or None.
    """

    picture: Picture
    ink: Ink | None
    pixels: Pixels
    doubt: Refusal | None

    @property
    def box(self) -> Box:
        """Left, top, width and height of what is seen, in pixels of the original; all 0 where there is no ink."""
        if self.ink is None:
            height, width = self.picture.grey.shape
            return self.picture.in_original((0, 0, width, height))
        if not self.ink.amount.any():
            return 0, 0, 0, 0
        rows, columns = _extent(self.ink.amount, 0.0)
        box = columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
        return self.picture.in_original(box)


@dataclass(frozen=True)
class Digits:
    """The digits in picture files, as a model sees them: call it with a path.

    Parameters
    ----------
    height, width : int
        Sides of the image, in pixels.
    """

    height: int = 28
    width: int = 28
    pictures: ClassVar[str] = "digits"  # what a model records that learns from them

    def __call__(self, path: Path) -> Pixels:
        """Return the digit on a picture.

        Parameters
        ----------
        path : pathlib.Path
            A picture of one digit.

        Returns
        -------
        numpy.ndarray
            Uint8 (height, width), bright ink on dark.

        Raises
        ------
        UserError
            For what is no picture, and for a blank one; the message begins with the path.
        """
        seen = normalise(path, self.height, self.width)
        if not seen.pixels.any():
            raise UserError(f"{path}: {seen.doubt}; give a picture of a digit")
        return seen.pixels


def see(source: Source, shape: tuple[int, ...], pictures: str = "digits", name: str = "picture") -> Normalised:
    """Return what a model sees of a picture.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The picture, as for `open_picture`.
    shape : tuple of int
        Shape of the images that the model's network takes, (H, W, C).
    pictures : str
        How the model sees pictures: "digits", whose ink is found and normalised, or "pictures", which are resized as
        they are, in grey or in colour.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Normalised
        The image for the network; "pictures" have neither ink nor doubt.

    Raises
    ------
    UserError
        For what is no picture, and for a model that sees no images of this kind.
    """
    if pictures == "digits":
        return normalise(source, *sides(shape), name)
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise UserError(f"this model sees images of shape {shape}: expected one for pictures, (H, W, 1) or (H, W, 3)")
    picture, pixels = open_resized(source, (shape[0], shape[1]), shape[2] == 3, name)
    return Normalised(picture, None, pixels, None)


def sides(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of the images that a model of digits takes.

    Parameters
    ----------
    shape : tuple of int
        Shape of its images, (H, W, 1).

    Returns
    -------
    tuple of int
        Height and width.

    Raises
    ------
    UserError
        For the shape of anything but grey images.
    """
    if len(shape) != 3 or shape[2] != 1:
        raise UserError(f"this model sees images of shape {shape}: expected one for grey images, (H, W, 1)")
    return shape[0], shape[1]


def normalise(source: Source, height: int = 28, width: int = 28, name: str = "picture") -> Normalised:
    """Return the digit on a picture, whatever its size, place, polarity and light.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The picture, as for `open_picture`.
    height, width : int
        Sides of the image to make, in pixels.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Normalised
        The image, and the steps that led there.

    Raises
    ------
    UserError
        For everything that is not a single sound picture; the message begins with the path or the name.
    """
    picture = open_picture(source, name)
    ink = find_ink(picture.grey, WIDEST_STROKE)
    pieces = find_pieces(ink)
    amount = pieces[0].amount if len(pieces) == 1 else ink.amount
    return Normalised(picture, ink, fit(amount, height, width), _doubt(ink, pieces))


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
    cut = amount[_extent(amount, 0.0)]
    scale = _scale(cut, height, width)
    top, left = _corner(cut, scale, height, width)
    return _brightened(_resampled(cut, scale, top, left, (height, width)))


def _doubt(ink: Ink, pieces: list[Piece]) -> Refusal | None:
    if not ink.contrast:
        return Refusal.BLANK
    if not pieces or max(ink.mask.any(axis=1).sum(), ink.mask.any(axis=0).sum()) < MIN_INK_SIDE:
        return Refusal.TOO_LITTLE_INK
    tallest = max(piece.height for piece in pieces)
    tall = sorted((piece for piece in pieces if piece.height > DIGIT_HEIGHT * tallest), key=lambda piece: piece.left)
    gaps = [b.left - a.left - a.width for a, b in pairwise(tall)]
    return Refusal.TWO_DIGITS if gaps and max(gaps) > 0 else None


def _extent(amount: Floats, least: float) -> Slices:
    """The rows and columns in which some ink is more than the least."""
    rows, columns = np.flatnonzero(amount.max(axis=1) > least), np.flatnonzero(amount.max(axis=0) > least)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _scale(cut: Floats, height: int, width: int) -> float:
    """Pixels of the cut for a pixel of the image, so that the ink's longer side gets MNIST's length."""
    # In an image as small as MNIST's, a faint pixel is an edge partly covered; in a large picture it is blur.
    blurred = BLURRED * min(max(max(cut.shape) / max(height, width) - 1, 0), 1)
    rows, columns = _extent(cut, blurred * float(cut.max()))
    ratio: float = max((rows.stop - rows.start) / height, (columns.stop - columns.start) / width)
    return ratio / INK_SIDE


def _corner(cut: Floats, scale: float, height: int, width: int) -> tuple[float, float]:
    """The image's top and left in the cut, perhaps outside of it: the centre of mass is where MNIST has it."""
    mass = float(cut.sum())
    y = float(cut.sum(axis=1) @ (np.arange(cut.shape[0]) + 0.5)) / mass / scale
    x = float(cut.sum(axis=0) @ (np.arange(cut.shape[1]) + 0.5)) / mass / scale
    down, right = math.ceil(height / 2 - y), math.ceil(width / 2 - x)  # by whole pixels of the image
    return -down * scale, -right * scale


def _resampled(cut: Floats, scale: float, top: float, left: float, size: tuple[int, int]) -> Floats:
    """The cut as an image of such a height and width whose corner lies there; outside of the cut there is no ink."""
    from PIL import Image

    height, width = size
    above, before = max(math.ceil(-top), 0), max(math.ceil(-left), 0)
    below = max(math.ceil(top + height * scale) - cut.shape[0], 0)
    behind = max(math.ceil(left + width * scale) - cut.shape[1], 0)
    framed = np.pad(cut, ((above, below), (before, behind)))
    top, left = top + above, left + before
    part = (left, top, min(left + width * scale, framed.shape[1]), min(top + height * scale, framed.shape[0]))
    return np.asarray(Image.fromarray(framed).resize((width, height), Image.Resampling.BICUBIC, box=part))


def _brightened(small: Floats) -> Pixels:
    """Ink from 0 to 1 as grey levels, full ink nearly white."""
    inked = small[small > INKED]
    full = max(float(np.quantile(inked, FULL_QUANTILE)), INKED) if inked.size else 1.0
    pixels: Pixels = np.rint((small / min(full / FULL_LEVEL, 1.0)).clip(0, 1) * 255).astype(np.uint8)
    return pixels
