"""Which upright strokes between two level lines are the walls of cells: those at even distances."""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from handgrad.reading.rows import Columns, Numbers

Cells = list[tuple[float, float]]  # the columns of the left and the right wall of each

MIN_WALL, SURE_WALL = 0.8, 0.95  # share of a wall's height that has ink; at no even distance, nor at an end
LIKELY = 0.5  # the same, and that of a cell's sides, where the other cells of the row are known

NARROW, NARROWEST, BROAD = 0.45, 0.2, 1.9  # width over height; of one of several widths
SAME_WIDTH, MIN_SAME = 0.07, 2.0  # share, and pixels, by which the widths of a row's cells differ
MIN_SIDE = 0.75  # share of a cell's upper and lower side that has ink
UNUSED, UNUSED_KNOWN = 0.9, 0.25  # cell widths that a clear wall inside a cell costs, and where their width is known


def walls_at(x: Columns, inked: Numbers, least: float = MIN_WALL) -> Numbers:
    """Return the columns where ink goes from line to line.

    Parameters
    ----------
    x : numpy.ndarray
        Int (W,), columns of the picture that follow each other.
    inked : numpy.ndarray
        Float64 (W,), the share of the height between the lines that has ink there.
    least : float
        Such a share, which makes a wall.

    Returns
    -------
    numpy.ndarray
        Float64 (N, 2), for each wall from the left its column, and the largest share in it.
    """
    labels, count = ndimage.label(inked >= least)
    places = [labels == i for i in range(1, count + 1)]
    return np.array([(np.average(x[at], weights=inked[at]), inked[at].max()) for at in places]).reshape(-1, 2)


def even_cells(x: Columns, inked: Numbers, sides: Columns, apart: float) -> tuple[float, Cells]:
    """Return the cells of one width that leave the fewest gaps, and few walls inside them.

    Parameters
    ----------
    x, inked : numpy.ndarray
        As for `walls_at`.
    sides : numpy.ndarray
        Int (W,), how many columns from the first to each have ink on the lines.
    apart : float
        The distance between the lines, in pixels.

    Returns
    -------
    float
        How many columns they take; each counts by how clear the walls beside it are.
    list of tuple of float
        The columns of the left and the right wall of each.
    """
    best: tuple[float, Cells] = (0.0, [])
    for least in (MIN_WALL, SURE_WALL):
        walls = walls_at(x, inked, least)
        widths = np.unique(np.rint(walls[None, :, 0] - walls[:, None, 0]))
        for width in widths[(widths >= NARROW * apart) & (widths <= BROAD * apart)].tolist():
            best = max(best, _of_width(walls, sides, width, int(x[0]), UNUSED, MIN_SIDE), key=lambda each: each[0])
    return best


def cells_of_width(walls: Numbers, sides: Columns, width: float, left: int) -> Cells:
    """Return the cells of a width that is known.

    Parameters
    ----------
    walls : numpy.ndarray
        As from `walls_at`, with LIKELY.
    sides : numpy.ndarray
        As for `even_cells`.
    width : float
        The width, in pixels.
    left : int
        The column at which `sides` begins.

    Returns
    -------
    list of tuple of float
        The columns of the left and the right wall of each.
    """
    return _of_width(walls, sides, width, left, UNUSED_KNOWN, LIKELY)[1]


def uneven_cells(walls: Numbers, sides: Columns, apart: float, left: int) -> tuple[float, Cells]:
    """Return the cells between each two walls.

    Parameters
    ----------
    walls : numpy.ndarray
        As from `walls_at`.
    sides : numpy.ndarray
        As for `even_cells`.
    apart : float
        The distance between the lines, in pixels.
    left : int
        The column at which `sides` begins.

    Returns
    -------
    float
        How many columns they take.
    list of tuple of float
        The columns of the left and the right wall of each.
    """
    cells = [
        (a, b) for a, b in pairwise(walls[:, 0].tolist())
        if NARROWEST * apart < b - a <= BROAD * apart and _has_sides(a, b, sides, left, MIN_SIDE)
    ]  # fmt: skip
    return sum(b - a for a, b in cells), cells


def _of_width(
    walls: Numbers, sides: Columns, width: float, left: int, unused: float, least: float
) -> tuple[float, Cells]:
    """The cells of about such a width, by dynamic programming from wall to wall, and what columns they take."""
    chosen: list[tuple[float, Cells]] = [(0.0, [])]  # up to each wall
    for j, (b, clear) in enumerate(walls.tolist()):
        most = chosen[-1]
        for i in np.flatnonzero(np.abs(b - walls[:j, 0] - width) <= max(MIN_SAME, SAME_WIDTH * width)).tolist():
            a, other = walls[i].tolist()
            worth = chosen[i + 1][0] + (b - a) * clear * other - unused * width * float(walls[i + 1 : j, 1].sum())
            if worth > most[0] and _has_sides(a, b, sides, left, least):
                most = worth, [*chosen[i + 1][1], (a, b)]
        chosen.append(most)
    return chosen[-1]


def _has_sides(a: float, b: float, sides: Columns, left: int, least: float) -> bool:
    """Whether the lines from one wall to another have so much ink."""
    return bool(sides[int(b) - left] - sides[int(a) - left] >= least * (b - a))
