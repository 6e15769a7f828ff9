"""A page that was photographed aslant: turned upright, and boxes on it turned back."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.picture import Box

Grey = NDArray[np.uint8]


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
            Uint8, large enough for all of it; the corners have the median level.
        """
        from PIL import Image

        filling = int(np.median(self.grey))
        turned = Image.fromarray(self.grey).rotate(
            math.degrees(self.angle), Image.Resampling.BICUBIC, expand=True, fillcolor=filling
        )
        return np.asarray(turned)

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
