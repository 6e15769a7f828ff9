"""The ink of a row's lines and walls, without the strokes that cross them or lie on them.

A stroke that crosses a line makes it thicker there; one that lies along it makes it stronger, as ink over print is.
"""

import math

import numpy as np

from handgrad.reading.masks import Lengths, Mask, dilated
from handgrad.reading.paper import Floats
from handgrad.reading.rows import Columns, Numbers, Row

Slices = tuple[slice, slice]

STRAY, MOST_INK = 4, 0.9  # pixels by which a line may lie off its place, and the share of the most ink at any
MARGIN = 8  # pixels around a row that are looked at
SLACK = 2  # pixels by which a line may be thicker somewhere than it usually is
USUAL_WIDTH, USUAL_LEVEL = 0.35, 0.6  # quantiles of a line's thickness and of its level: most of it has no stroke
THICKEST = 0.2  # of a cell's height
STRONGER = 1.3  # of the usual level, from which ink is more than a line's


def side_ink(row: Row, mask: Mask, down: Lengths, aside: Lengths, level: Floats) -> Mask:
    """Return the ink of the lines and walls of a row of cells.

    Parameters
    ----------
    row : Row
        The cells.
    mask : numpy.ndarray
        Bool (H, W), all ink, and what is thought to be a faint line.
    down, aside : numpy.ndarray
        Int32 (H, W), how many pixels of ink lie in a row there, from top to bottom and from left to right.
    level : numpy.ndarray
        Float32 (H, W), grey levels above the paper, without noise.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), a part of the mask.
    """
    found = np.zeros_like(mask)
    at = _place(row, mask.shape)
    lines, walls = _drawn(row, at, mask[at])
    thin = _thin(lines, mask[at], down[at], row) | _thin(walls, mask[at], aside[at], row)
    core = (lines | walls) & thin
    if core.any():
        usual = float(np.quantile(level[at][core], USUAL_LEVEL))
        found[at] = thin & (level[at] <= STRONGER * usual)
    return found


def _place(row: Row, shape: tuple[int, ...]) -> Slices:
    """The rows and columns of the picture that a row of cells takes."""
    ends = (row.left, row.right)
    top, bottom = min(row.top.at(x) for x in ends), max(row.bottom.at(x) for x in ends)
    aside = MARGIN + abs(row.lean) * (bottom - top)
    return (
        slice(max(math.floor(top) - MARGIN, 0), min(math.ceil(bottom) + MARGIN, shape[0])),
        slice(max(math.floor(row.left - aside), 0), min(math.ceil(row.right + aside), shape[1])),
    )


def _drawn(row: Row, at: Slices, ink: Mask) -> tuple[Mask, Mask]:
    """The lines and the walls, one pixel thick, in a part of the picture."""
    shape = (at[0].stop - at[0].start, at[1].stop - at[1].start)
    lines, walls = np.zeros(shape, bool), np.zeros(shape, bool)
    middle = (row.left + row.right) / 2
    for side in [row.bottom] if row.is_open else [row.top, row.bottom]:
        shift = row.lean * (side.at(middle) - row.middle(middle))
        x = np.arange(round(row.left + shift), round(row.right + shift) + 1)
        _set(lines, ink, side.along(x) - at[0].start, x - at[1].start)
    for wall in row.walls.ravel().tolist():
        y = np.arange(round(row.top.at(wall)), round(row.bottom.at(wall)) + 1)
        _set(walls.T, ink.T, wall + row.lean * (y - row.middle(wall)) - at[1].start, y - at[0].start)
    return lines, walls


def _set(canvas: Mask, ink: Mask, y: Numbers, x: Columns) -> None:
    """Sets the pixels of a line to the right, in the middle of the ink that lies along it."""
    y = np.rint(y).astype(int) + np.arange(-STRAY, STRAY + 1)[:, None]
    inside = (y >= 0) & (y < canvas.shape[0]) & (x >= 0) & (x < canvas.shape[1])
    rows, columns = y.clip(0, canvas.shape[0] - 1), np.broadcast_to(x.clip(0, canvas.shape[1] - 1), y.shape)
    inked = (ink[rows, columns] & inside).sum(axis=1)
    middle = round(float(np.flatnonzero(inked >= MOST_INK * inked.max()).mean()))
    canvas[rows[middle][inside[middle]], columns[middle][inside[middle]]] = True


def _thin(line: Mask, mask: Mask, thickness: Lengths, row: Row) -> Mask:
    """The ink on a line and beside it that is no thicker than the line usually is."""
    inked = dilated(line) & (thickness > 0)
    width = float(np.quantile(thickness[inked], USUAL_WIDTH)) if inked.any() else row.width
    width = min(width, THICKEST * row.height)
    found: Mask = dilated(line, math.ceil(width / 2) + 1) & mask & (thickness <= width + SLACK)
    return found
