"""The cells of forms, in which one digit each is written: level lines, and walls on them at even distances.

Walls are looked for between two lines or on one only, and by their even distances, so that strokes which touch, cross
or resemble a cell's sides do not hide them, and no 1 is taken for one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.levels import Level, is_ruling, pairs
from handgrad.reading.masks import Mask
from handgrad.reading.rows import Numbers, Row, Side, joined
from handgrad.reading.spacing import LIKELY, SURE_WALL, Cells, cells_of_width, even_cells, uneven_cells, walls_at

Columns = NDArray[np.int_]

# Walls.
LEANS = np.arange(-0.08, 0.081, 0.02)  # pixels to the right for each down, beyond a right angle to the lines
SPARE = 4  # pixels beyond a line's ends within which the first and the last wall stand
STRAY = 1  # pixels to both sides by which a wall's ink may be off its straight line
DOUBLE = 2.5  # widths of a line between two walls of cells that are drawn beside each other
SHARPNESS = 4  # exponent of that share, for the choice of a lean
TICK, MAX_TICK = 0.25, 1.5  # digit heights: a wall on a line without another above is as high, and no higher
OPEN_HEIGHT = 1.5  # digit heights that cells without an upper line are thought to have
USED = 2  # pixels between a wall and the side of a cell that it is
GAP = 3  # pixels without ink at which a tick ends: it may be faint
ALIKE, MIN_ALIKE = 1.25, 0.6  # ratio by which the heights of ticks differ, and the share of them that are so alike

# Cells.
NEAR = 1  # pixels off a line within which that ink is
MOST_BESIDE, MOST_BESIDE_OPEN = 0.55, 0.3  # of a line's columns, those with ink beside it: between two lines, on one
SHORT_ROW = 5  # cells: a row of fewer may be the strokes of digits
EVEN = 0.9  # of the columns that cells of any width take, the least that cells of one width take, if they have one
BEYOND = 3.0  # cell widths beyond a row's ends within which it may go on
MIN_CELLS, FULL_ROW, FULL_PAIR = 2, 0.4, 0.75  # of a row, and the share of its lines that they take; if it has two
FULL_OPEN, FULL_UNEVEN = 0.4, 0.85  # the same, if it has no upper line, or cells of several widths


def find_cells(ink: Mask, faint: Mask, lines: Sequence[Level], size: float) -> list[Row]:
    """Return the rows of cells.

    Parameters
    ----------
    ink : numpy.ndarray
        Bool (H, W), all ink.
    faint : numpy.ndarray
        Bool (H, W), where lines may be that are too faint for ink.
    lines : sequence of Level
        The level lines among it; many of them are strokes of digits.
    size : float
        The height of digits, in pixels.

    Returns
    -------
    list of Row
        Rows that do not overlap.
    """
    ink, mask = (ndimage.binary_dilation(each, np.ones((1, 2 * STRAY + 1), bool)) for each in (ink, ink | faint))
    closed = [row for above, below in pairs(lines, size) if (row := _closed(mask, above, below))]
    open_ = [row for line in lines if (row := _open(ink, line, size))]
    kept: list[Row] = []
    for rows in (closed, open_):
        for _, best in sorted(rows, key=lambda each: -each[0]):
            if not any(_overlap(best, other) for other in kept) and not is_ruling(best, lines):
                kept.append(best)
    return [_whole(mask, row) for row in joined(kept)]


def _closed(mask: Mask, above: Level, below: Level) -> tuple[float, Row] | None:
    """The cells between two lines, and how well the ink agrees with them; None where there are none."""
    top, bottom = above.side, below.side
    x = np.arange(max(above.left, below.left) - SPARE, min(above.right, below.right) + SPARE + 1)
    width = (above.width + below.width) / 2
    apart = float(np.mean(bottom.along(x) - top.along(x)))
    lean, inked = _upright(mask, x, top, bottom, 1 - 2 * width / apart)
    sides = np.cumsum(_along(mask, x, top) & _along(mask, x, bottom), dtype=int)
    found = even_cells(x, inked, sides, apart)
    inner = (x > x[0] + SPARE + width) & (x < x[-1] - SPARE - width)
    walls = walls_at(x, np.where(inner & (inked < SURE_WALL), 0, inked))
    uneven = uneven_cells(walls, sides, apart, int(x[0]))
    least = FULL_ROW if len(found[1]) > MIN_CELLS else FULL_PAIR
    if _has_unused(walls, found[1]) and sum(b - a for a, b in found[1]) < EVEN * uneven[0]:
        found, least = uneven, FULL_UNEVEN
    worth, cells = found
    if len(cells) < MIN_CELLS or worth < least * len(x):
        return None
    if len(cells) < SHORT_ROW and max(_beside(mask, x, line) for line in (above, below)) > MOST_BESIDE:
        return None
    return worth, Row(top, bottom, lean, np.array(cells), width, False)


def _beside(mask: Mask, x: Columns, line: Level) -> float:
    """The larger share of a line's columns with ink just above it or just below: high for a row of feet."""
    away = math.ceil(line.width / 2) + NEAR + 1
    places = (np.rint(line.side.along(x) + shift).astype(int) for shift in (-away, away))
    return max(float(_at(mask, rows, x).mean()) for rows in places)


def _has_unused(walls: Numbers, cells: Cells) -> bool:
    """Whether a wall is no side of any cell. If there is none, what lies between cells is a gap."""
    ends = np.array(cells).ravel()
    return not len(ends) or bool((np.abs(walls[:, :1] - ends).min(axis=1) > USED).any())


def _open(mask: Mask, below: Level, size: float) -> tuple[float, Row] | None:
    """The cells between ticks on one line, and how well the ink agrees with them; None where there are none."""
    bottom, width = below.side, below.width
    top = Side(bottom.slope, bottom.level - TICK * size - width)
    x = np.arange(below.left - SPARE, below.right + SPARE + 1)
    lean, inked = _upright(mask, x, top, bottom, 1 - 2 * width / (TICK * size + width))
    worth, cells = even_cells(x, inked, np.cumsum(_along(mask, x, bottom), dtype=int), OPEN_HEIGHT * size)
    if worth < FULL_OPEN * len(x) or len(cells) <= MIN_CELLS:
        return None
    if len(cells) < SHORT_ROW and _beside(mask, x, below) > MOST_BESIDE_OPEN:
        return None
    row = Row(top, bottom, lean, np.array(cells), width, True)
    heights = np.array([_tick(mask, row, wall, size) for wall in np.unique(row.walls)])
    usual = float(np.median(heights))
    alike = (heights * ALIKE > usual) & (heights < ALIKE * usual)  # strokes make some higher, faint ones are lower
    if not usual < MAX_TICK * size or alike.mean() < MIN_ALIKE:
        return None
    return worth, replace(row, top=Side(bottom.slope, bottom.level - usual))


def _whole(mask: Mask, row: Row) -> Row:
    """A row with the cells that lie between its parts and beyond its ends."""
    more = round(BEYOND * row.cell)
    x = np.arange(round(row.left) - more, round(row.right) + more + 1)
    tall = float(np.mean(row.bottom.along(x) - row.top.along(x)))
    _, inked = _upright(mask, x, row.top, row.bottom, 1 - 2 * row.width / tall, [row.lean])
    below = _along(mask, x, row.bottom)
    sides = np.cumsum(below if row.is_open else below & _along(mask, x, row.top), dtype=int)
    walls = walls_at(x, inked, LIKELY)
    cells = np.array(cells_of_width(walls, sides, row.cell, int(x[0]))).reshape(-1, 2)
    return replace(row, walls=_doubled(cells, walls, row.width)) if len(cells) >= len(row.walls) else row


def _doubled(cells: Numbers, walls: Numbers, width: float) -> Numbers:
    """The walls of cells; of two clear ones close together, one cell ends at the first, the next begins at the last."""
    clear = walls[walls[:, 1] >= SURE_WALL, 0]
    near = [clear[np.abs(clear - wall) <= DOUBLE * width] for wall in cells.ravel()]
    ends = [(float(np.max(a)) if len(a) else left, float(np.min(b)) if len(b) else right)
            for a, b, (left, right) in zip(near[::2], near[1::2], cells.tolist(), strict=True)]  # fmt: skip
    return np.array(ends)


def _tick(mask: Mask, row: Row, wall: float, size: float) -> float:
    """How high a tick is above its line, in pixels."""
    away = -np.arange(row.width, 2 * MAX_TICK * size)
    y = row.bottom.at(wall) + away
    x = wall + row.lean * (y - row.middle(wall))
    columns = np.rint(x).astype(int) + np.array([[-1], [0], [1]])
    inked = _at(mask, np.broadcast_to(np.rint(y).astype(int), columns.shape), columns).any(axis=0)
    white = np.convolve(np.append(~inked, np.ones(GAP, bool)), np.ones(GAP, int), "valid") == GAP
    return float(row.width + white.argmax())


def _overlap(a: Row, b: Row) -> bool:
    x = (max(a.left, b.left) + min(a.right, b.right)) / 2
    top, bottom = max(a.top.at(x), b.top.at(x)), min(a.bottom.at(x), b.bottom.at(x))
    return min(a.right, b.right) > max(a.left, b.left) and bottom - top > a.width + b.width


def _upright(
    mask: Mask, x: Columns, top: Side, bottom: Side, share: float, leans: Sequence[float] | None = None
) -> tuple[float, Numbers]:
    """The lean of the walls, and how much of the height between two lines has ink at each column, but for its ends."""
    apart = float(np.mean(bottom.along(x) - top.along(x)))
    away = np.linspace(-0.5, 0.5, max(round(apart * share), 2))[:, None] * apart * share
    rows = np.rint((top.along(x) + bottom.along(x)) / 2 + away).astype(int)
    best: tuple[float, float, Numbers] | None = None
    for lean in LEANS - (top.slope + bottom.slope) / 2 if leans is None else leans:
        inked = _at(mask, rows, np.rint(x + lean * away).astype(int)).mean(axis=0)
        clear = float((inked**SHARPNESS).sum())
        if best is None or clear > best[0]:
            best = clear, float(lean), inked
    assert best is not None
    return best[1:]


def _at(mask: Mask, rows: Columns, columns: Columns) -> Mask:
    """The mask at some places; nothing outside the picture."""
    height, width = mask.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    there: Mask = mask[rows.clip(0, height - 1), columns.clip(0, width - 1)] & inside
    return there


def _along(mask: Mask, x: Columns, side: Side) -> Mask:
    """Whether a line has ink, column by column."""
    rows = np.rint(side.along(x)).astype(int) + np.arange(-NEAR, NEAR + 1)[:, None]
    inked: Mask = np.asarray(_at(mask, rows, np.broadcast_to(x, rows.shape)).any(axis=0))
    return inked
