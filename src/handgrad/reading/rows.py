"""A row of a form's cells: where its lines and walls are, and in which cell a place is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.masks import Mask

Numbers = NDArray[np.float64]
Columns = NDArray[np.int_]

BETWEEN = -1  # instead of a cell's number: what stands there is printed, as the points of a date
MAX_GAP = 0.98  # cell widths between two cells: a wider place may be a cell, and has a number
OPEN_CELL = 1.0  # the height of a cell without an upper line, over its width: the middle of its digit is lower
MAX_BETWEEN, SAME_LEVEL = 3.0, 0.25  # cell widths between parts of one row; share of its height that they are apart


@dataclass(frozen=True)
class Side:
    """A level line.

    Parameters
    ----------
    slope : float
        Pixels that it falls for each to the right.
    level : float
        Its row in column 0.
    """

    slope: float
    level: float

    def at(self, x: float) -> float:
        """Return its row in a column.

        Parameters
        ----------
        x : float
            The column.

        Returns
        -------
        float
            The row.
        """
        return self.level + self.slope * x

    def along(self, x: Columns) -> Numbers:
        """Return its row in each of several columns.

        Parameters
        ----------
        x : numpy.ndarray
            Int, the columns.

        Returns
        -------
        numpy.ndarray
            Float64, as many rows.
        """
        return np.float64(self.level) + self.slope * x.astype(np.float64)


@dataclass(frozen=True, eq=False)
class Row:
    """Cells beside each other.

    Parameters
    ----------
    top, bottom : Side
        From where to where the walls go.
    lean : float
        Pixels that the walls go to the right for each down.
    walls : numpy.ndarray
        Float (N, 2), the columns of each cell's left and right wall, half way up, from left to right.
    width : float
        The width of the lines, in pixels.
    is_open : bool
        Whether the cells have no upper line, so that digits are higher than the walls.
    """

    top: Side
    bottom: Side
    lean: float
    walls: Numbers
    width: float
    is_open: bool

    @property
    def left(self) -> float:
        """The column of the first wall."""
        return float(self.walls[0, 0])

    @property
    def right(self) -> float:
        """The column of the last wall."""
        return float(self.walls[-1, 1])

    @property
    def cell(self) -> float:
        """The width of a cell, in pixels."""
        return float(np.median(self.walls[:, 1] - self.walls[:, 0]))

    @property
    def height(self) -> float:
        """The height of a cell, in pixels."""
        x = (self.left + self.right) / 2
        return self.bottom.at(x) - self._ceiling(x)

    def middle(self, x: float) -> float:
        """Return the row half way up a wall.

        Parameters
        ----------
        x : float
            The wall's column.

        Returns
        -------
        float
            The row.
        """
        return (self.top.at(x) + self.bottom.at(x)) / 2

    def _ceiling(self, x: float) -> float:
        return self.bottom.at(x) - OPEN_CELL * self.cell if self.is_open else self.top.at(x)

    def cell_of(self, place: tuple[float, float]) -> int | None:
        """Return in which cell a place is.

        Parameters
        ----------
        place : tuple of float
            Column and row of the picture.

        Returns
        -------
        int or None
            The cell's number; BETWEEN for a place between two cells that has no room for a digit; None outside the
            row.
        """
        x, y = place
        if not self._ceiling(x) <= y <= self.bottom.at(x):
            return None
        upright = x - self.lean * (y - self.middle(x))
        passed = int(np.searchsorted(self.walls.ravel(), upright, "right"))
        if not 0 < passed < self.walls.size:
            return None
        after = passed // 2
        if passed % 2 or self.walls[after, 0] - self.walls[after - 1, 1] > MAX_GAP * self.cell:
            return passed
        return BETWEEN

    def inside(self, shape: tuple[int, int], around: float = 0.0) -> Mask:
        """Return what lies in the row, between its lines and from the first wall to the last.

        Parameters
        ----------
        shape : tuple of int
            The picture's height and width, in pixels.
        around : float
            Cell heights on all sides that count too.

        Returns
        -------
        numpy.ndarray
            Bool (H, W).
        """
        more = around * self.height
        x = np.arange(max(round(self.left - more), 0), max(min(round(self.right + more), shape[1]), 0))
        y = np.arange(shape[0])[:, None]
        bottom = self.bottom.along(x)
        top = bottom - OPEN_CELL * self.cell if self.is_open else self.top.along(x)
        found = np.zeros(shape, bool)
        found[:, x] = (y > top - more) & (y < bottom + more)
        return found


def joined(rows: Sequence[Row]) -> list[Row]:
    """Return rows that go on at the same level as one.

    Parameters
    ----------
    rows : sequence of Row
        Rows that do not overlap.

    Returns
    -------
    list of Row
        The same cells.
    """
    found: list[Row] = []
    for row in sorted(rows, key=lambda row: row.left):
        before = next((other for other in found if _goes_on(other, row)), None)
        if before is None:
            found.append(row)
        else:
            found.remove(before)
            longer = max(before, row, key=lambda part: part.right - part.left)
            found.append(replace(longer, walls=np.concatenate([before.walls, row.walls])))
    return found


def _goes_on(before: Row, row: Row) -> bool:
    between = (before.right + row.left) / 2
    apart = max(abs(a.at(between) - b.at(between)) for a, b in ((before.top, row.top), (before.bottom, row.bottom)))
    return 0 <= row.left - before.right + row.width < MAX_BETWEEN * row.cell and apart < SAME_LEVEL * row.height
