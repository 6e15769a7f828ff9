"""A page that was photographed aslant: turned upright, and boxes on it turned back."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handgrad.reading.picture import Box

Grey = NDArray[np.uint8]

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
        rows, columns = self.grey.shape
        sin, cos = abs(math.sin(self.angle)), math.cos(self.angle)
        width, height = columns * cos + rows * sin, columns * sin + rows * cos
        framed = _framed(self.grey, math.hypot(width, height))
        turned = framed.rotate(math.degrees(self.angle), Image.Resampling.BICUBIC)
        aside, above = int(turned.width - width) // 2, int(turned.height - height) // 2
        return np.asarray(turned.crop((aside, above, turned.width - aside, turned.height - above)))

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


def _framed(grey: Grey, side: float) -> Image.Image:
    """A picture in the middle of another of such a side, into which the levels at its border go on smoothly."""
    rows, columns = grey.shape
    aside, above = (max(math.ceil((side - inner) / 2), 0) for inner in (columns, rows))
    cells = Image.fromarray(grey).resize((max(columns // CELL, 1), max(rows // CELL, 1)), Image.Resampling.BOX)
    beyond = math.ceil(side / CELL)
    wide, high = aside * cells.width / columns, above * cells.height / rows  # in cells
    place = (beyond - wide, beyond - high, beyond + cells.width + wide, beyond + cells.height + high)
    around = Image.fromarray(np.pad(np.asarray(cells), beyond, mode="edge"))
    framed = around.resize((columns + 2 * aside, rows + 2 * above), Image.Resampling.BILINEAR, place)
    framed.paste(Image.fromarray(grey), (aside, above))
    return framed
