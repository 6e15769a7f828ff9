"""A page that was photographed aslant: turned upright, and boxes on it turned back."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handgrad.reading.picture import Box

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SPARE = 6  # pixels: the turned picture is up to 2 larger than it has to be, and cubic interpolation reaches 2 further
CELL = 32  # pixels: what is smaller at the border does not go on beyond it


@dataclass(frozen=True, eq=False)
class Turn:
    """A picture turned about its middle.

    Parameters
    ----------
    grey : numpy.ndarray
        Grey levels, uint8 (H, W), as they were.
    slope : float
        Pixels that lines fall for each to the right; they are level afterwards.
    """

    grey: Grey
    slope: float

    @property
    def angle(self) -> float:
        """How far lines fall, in radians."""
        return math.atan(self.slope)

    def picture(self) -> Grey:
        """Return the turned picture.

        Returns
        -------
        numpy.ndarray
            Uint8, large enough for all of it; the corners have the levels of what is nearest to them, without strokes.
        """
        return np.asarray(self._turned(_framed(self.grey, self._reach), Image.Resampling.BICUBIC))

    def mask(self, mask: Mask | None) -> Mask:
        """Return the turned mask.

        Parameters
        ----------
        mask : numpy.ndarray or None
            Bool (H, W), a part of the picture; None for all of it.

        Returns
        -------
        numpy.ndarray
            Bool, of the turned picture's size; nothing in its corners.
        """
        whole = np.ones(self.grey.shape, bool) if mask is None else mask
        framed = np.pad(whole, [(side, side) for side in _beyond(self.grey.shape, self._reach)])
        return np.asarray(self._turned(Image.fromarray(framed.astype(np.uint8)), Image.Resampling.NEAREST)) > 0

    @property
    def _size(self) -> tuple[float, float]:
        """The width and height of the turned picture."""
        rows, columns = self.grey.shape
        sin, cos = abs(math.sin(self.angle)), math.cos(self.angle)
        return columns * cos + rows * sin, columns * sin + rows * cos

    @property
    def _reach(self) -> float:
        """The side of a square that has all of the turned picture and what is interpolated at its border."""
        return math.hypot(*self._size) + SPARE

    def _turned(self, framed: Image.Image, resampling: Image.Resampling) -> Image.Image:
        turned = framed.rotate(math.degrees(self.angle), resampling)
        aside, above = (int(whole - side) // 2 for whole, side in zip(turned.size, self._size, strict=True))
        return turned.crop((aside, above, turned.width - aside, turned.height - above))

    def back(self, box: Box, turned: tuple[int, int]) -> Box:
        """Return the box around a turned box, in the picture as it was.

        Parameters
        ----------
        box : tuple of int
            Left, top, width and height in the turned picture.
        turned : tuple of int
            Height and width of the turned picture.

        Returns
        -------
        tuple of int
            Left, top, width and height, inside of the picture.
        """
        left, top, width, height = box
        x = np.array([left, left + width, left, left + width]) - turned[1] / 2
        y = np.array([top, top, top + height, top + height]) - turned[0] / 2
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        rows, columns = self.grey.shape
        across = (cos * x - sin * y + columns / 2).clip(0, columns)
        down = (sin * x + cos * y + rows / 2).clip(0, rows)
        start = round(float(across.min())), round(float(down.min()))
        return *start, round(float(across.max())) - start[0], round(float(down.max())) - start[1]


def _beyond(shape: tuple[int, ...], side: float) -> tuple[int, int]:
    """How far a square of such a side goes beyond a picture in its middle: above it and aside."""
    above, aside = (max(math.ceil((side - inner) / 2), 0) for inner in shape)
    return above, aside


def _framed(grey: Grey, side: float) -> Image.Image:
    """A picture in the middle of another of such a side, into which the levels at its border go on smoothly."""
    rows, columns = grey.shape
    above, aside = _beyond(grey.shape, side)
    cells = Image.fromarray(grey).resize((max(columns // CELL, 1), max(rows // CELL, 1)), Image.Resampling.BOX)
    wide, high = aside * cells.width / columns, above * cells.height / rows  # in cells
    beyond = math.ceil(max(wide, high)) + 1
    place = (beyond - wide, beyond - high, beyond + cells.width + wide, beyond + cells.height + high)
    around = Image.fromarray(np.pad(np.asarray(cells), beyond, mode="edge"))
    framed = around.resize((columns + 2 * aside, rows + 2 * above), Image.Resampling.BILINEAR, place)
    framed.paste(Image.fromarray(grey), (aside, above))
    return framed
