"""Pieces of straight lines, and lines made of them."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Segment:
    """A straight piece of a line.

    Parameters
    ----------
    left, right : int
        Its columns, `right` not included.
    start, slope : float
        Its level at the left end, and the pixels that it falls for each to the right.
    thickness : float
        Pixels.
    inked : int
        How many of its columns have ink.
    label : int
        Its number among the connected ink.
    """

    left: int
    right: int
    start: float
    slope: float
    thickness: float
    inked: int
    label: int

    def at(self, x: float) -> float:
        """Return its level in a column.

        Parameters
        ----------
        x : float
            The column.

        Returns
        -------
        float
            The row.
        """
        return self.start + self.slope * (x - self.left)


@dataclass(frozen=True, eq=False)
class Straight:
    """A straight line.

    Parameters
    ----------
    segments : list of Segment
        From left to right.
    """

    segments: list[Segment]

    @property
    def left(self) -> int:
        """The first column."""
        return self.segments[0].left

    @property
    def right(self) -> int:
        """The column behind the last."""
        return self.segments[-1].right

    @property
    def length(self) -> int:
        """Columns from end to end."""
        return self.right - self.left

    @property
    def covered(self) -> float:
        """Share of the length that has ink."""
        return sum(segment.inked for segment in self.segments) / self.length

    @property
    def start(self) -> float:
        """The level at the left end."""
        return self.segments[0].start

    @property
    def end(self) -> float:
        """The level at the right end."""
        return self.segments[-1].at(self.right)

    @property
    def slope(self) -> float:
        """Pixels that it falls for each to the right."""
        return (self.end - self.start) / self.length if len(self.segments) > 1 else self.segments[0].slope

    @property
    def thickness(self) -> float:
        """Pixels."""
        return median(segment.thickness for segment in self.segments)
