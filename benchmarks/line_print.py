"""What printed lines leave in a line of writing: rules to write on and the cells of forms, after they were taken out.

A reader takes a printed line out where ink is no thicker than the line. Strokes that cross it stay; strokes along it
lose what lies on it. Some of a line may stay too. Lengths are in pixels of the canvas of `line_pictures.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.masks import dilated, run_lengths

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Random = np.random.Generator

INKED = 0.4  # from which level on a pixel is ink
SLACK = 3  # by how much ink that is taken out may be thicker than the line
STAYS, PARTLY = 0.12, 0.2  # share of the lines that are not taken out, and of those of which a part stays
FAINTEST = 0.3  # level of such a line
FILL, ASPECT, SPACE = (
    (0.55, 1.15),
    (0.75, 1.1),
    (0.1, 0.35),
)  # from, to: a digit's height in its cell, a cell's width, its gap
OPEN = 0.3  # share of the cells that have no upper side
THINNEST, THICKEST = 1, 5  # pixels: the thickness of a printed line


@dataclass(frozen=True)
class Cells:
    """A row of cells: the height and width of one, the gap behind it, and whether it is open above."""

    tall: float
    wide: float
    gap: float
    is_open: bool

    @property
    def pitch(self) -> float:
        """From the left end of one to that of the next."""
        return self.wide + self.gap


@dataclass(frozen=True)
class Printed:
    """A printed line: the rows and columns that it takes, and whether it goes to the right."""

    rows: slice
    columns: slice
    is_level: bool


def some_cells(digit: float, random: Random) -> Cells:
    """Cells for digits that are so tall."""
    tall = digit / random.uniform(*FILL)
    gap = tall * random.uniform(*SPACE) if random.random() < 0.5 else 0.0
    return Cells(tall, tall * random.uniform(*ASPECT), gap, bool(random.random() < OPEN))


def sides(cells: Cells, count: int, left: float, middle: float, random: Random) -> Iterator[Printed]:
    """The lines around so many cells, the first of which begins at a column."""
    thick = int(random.integers(THINNEST, THICKEST + 1))
    top, bottom = middle - cells.tall / 2, middle + cells.tall / 2
    for number in range(count):
        start = left + number * cells.pitch
        for x in (start, start + cells.wide):
            upper = bottom - 0.4 * cells.tall if cells.is_open else top
            yield Printed(_span(upper, bottom), _span(x - thick / 2, x + thick / 2), False)
        for y in (bottom,) if cells.is_open else (top, bottom):
            yield Printed(_span(y - thick / 2, y + thick / 2), _span(start, start + cells.wide), True)


def rule(level: float, left: float, right: float, random: Random) -> Printed:
    """A line to write on."""
    thick = int(random.integers(THINNEST, THICKEST + 1))
    return Printed(_span(level - thick / 2, level + thick / 2), _span(left, right), True)


def without(ink: Floats, lines: Sequence[Printed], random: Random) -> Floats:
    """Writing on printed lines, after a reader took them out as well as it can."""
    if not lines:
        return ink
    printed = np.zeros(ink.shape, np.bool_)
    for line in lines:
        printed[line.rows, line.columns] = True
    whole = (ink > INKED) | printed
    aside, down = run_lengths(whole), run_lengths(np.ascontiguousarray(whole.T)).T
    gone = np.zeros_like(printed)
    left = np.zeros_like(ink)
    for line in lines:
        thick = (line.rows if line.is_level else line.columns).indices(max(ink.shape))
        own = np.zeros_like(printed)
        own[line.rows, line.columns] = True
        gone |= dilated(own) & ((down if line.is_level else aside) <= thick[1] - thick[0] + SLACK)
        _stay(left, line, random)
    return np.maximum(np.where(gone, np.float32(0), ink), left)


def _stay(left: Floats, line: Printed, random: Random) -> None:
    """Draws what stays of a line: all of it, a part, or nothing."""
    chance = random.random()
    if chance < STAYS + PARTLY:
        part = left[line.rows, line.columns].T if line.is_level else left[line.rows, line.columns]
        start, end = (0, len(part)) if chance < STAYS else sorted(random.integers(0, len(part) + 1, 2).tolist())
        part[start:end] = random.uniform(FAINTEST, 1)


def _span(start: float, end: float) -> slice:
    first = max(round(start), 0)
    return slice(first, max(round(end), first + 1))
