"""A picture to read: grey levels, and where they lie in the original."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError

Grey = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, width, height

MIN_SIDE = 4  # pixels


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture in grey, upright, of a size to work with.

    Parameters
    ----------
    name : str
        What messages call it: its path, where it has one.
    grey : numpy.ndarray
        Grey levels, uint8 (H, W); sides from 4 to 2048 pixels.
    scale : float
        Pixels of the original for one of these, 1 or more.
    corner : tuple of int
        Where these begin in the original: left and top.
    """

    name: str
    grey: Grey
    scale: float
    corner: tuple[int, int] = (0, 0)

    def in_original(self, box: Box) -> Box:
        """Return a box in pixels of the original.

        Parameters
        ----------
        box : tuple of int
            Left, top, width and height, in pixels of `grey`.

        Returns
        -------
        tuple of int
            The same box in pixels of the picture as it was given.
        """
        left, top, width, height = (round(side * self.scale) for side in box)
        return left + self.corner[0], top + self.corner[1], width, height

    def part(self, region: Box) -> "Picture":
        """Return a part of the picture.

        Parameters
        ----------
        region : tuple of int
            Left, top, width and height, in pixels of the original.

        Returns
        -------
        Picture
            What of the region lies in the picture.

        Raises
        ------
        UserError
            Where that is less than 4 pixels wide or high.
        """
        left, top = (max(round((region[i] - self.corner[i]) / self.scale), 0) for i in (0, 1))
        right, bottom = (round((region[i] + region[i + 2] - self.corner[i]) / self.scale) for i in (0, 1))
        grey = self.grey[top : max(bottom, 0), left : max(right, 0)]
        if min(grey.shape) < MIN_SIDE:
            height, width = (round(side * self.scale) for side in self.grey.shape)
            shown = ",".join(map(str, region))
            raise UserError(f"{self.name}: region {shown} of {width}x{height} pixels, expected a part of them; move it")
        corner = self.corner[0] + round(left * self.scale), self.corner[1] + round(top * self.scale)
        return Picture(self.name, np.ascontiguousarray(grey), self.scale, corner)

    def cells(self, columns: int, rows: int) -> "list[list[Picture]]":
        """Return the cells of a grid.

        Parameters
        ----------
        columns, rows : int
            How many cells there are, 1 or more each.

        Returns
        -------
        list of list of Picture
            The rows from the top, each from the left.

        Raises
        ------
        UserError
            Where a cell is less than 4 pixels wide or high.
        """
        height, width = (side * self.scale for side in self.grey.shape)
        wide, high = width / columns, height / rows
        return [
            [
                self.part(
                    (self.corner[0] + round(j * wide), self.corner[1] + round(i * high), round(wide), round(high))
                )
                for j in range(columns)
            ]
            for i in range(rows)
        ]
