"""Printed lines among the ink: ruled and squared paper, cells and boxes of forms, underlines. They are taken out.

A line's pixels are thin across it, and in a row; where a stroke crosses, the ink is thicker, and stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.boxes import find_boxes
from handgrad.reading.cells import find_cells
from handgrad.reading.heights import Pieces
from handgrad.reading.levels import levels
from handgrad.reading.masks import NEIGHBOURS, Lengths, Mask, dilated, run_lengths
from handgrad.reading.paper import Floats
from handgrad.reading.ridges import Ridges
from handgrad.reading.rows import Row
from handgrad.reading.segments import Straight
from handgrad.reading.sides import side_ink
from handgrad.reading.straight import Thin, extended, find_straight, ink_of
from handgrad.reading.walls import find_walls, remnants

CELL_THICKNESS = 0.12  # digit heights: the lines of cells are no thicker, if they are thicker than strokes

# Thickness, in the median stroke's widths.
THICKNESS, MIN_THICKNESS = 1.4, 3  # a line is no thicker; in pixels, it may always be so thick

# Lines, in digit heights.
MIN_CELLS, MIN_LENGTH, MIN_COLUMN = 3.3, 4.0, 6.0  # the shortest of several, of a level and of an upright line
SURE_LENGTH = 10.0  # a line of this length is none of a digit's strokes
UNDERLINE, CROSSING = 3.6, 0.5  # the shortest line under writing, and the gap that a stroke makes as it crosses it
STROKE, BETWEEN = 1.5, 0.4  # of the longest stroke of a digit, and between strokes of digits that stand in a row

MIN_PARALLEL = 3  # lines of one direction that belong together
ACROSS, MOST = 0.9, 0.45  # of the picture's side: a line from border to border, and one of several
STRIP = 0.4  # width of a strip, over its length
THINNEST = 0.05  # of the picture's shorter side that such a line is thick at most
DIGITS_ACROSS = 20  # what the picture's longer side is divided by, for a height of digits as long as none is known
# Share of a line's length that has ink; of one that strokes cross; of one that is not sure.
MIN_COVERED, MOSTLY_COVERED, SURELY_COVERED = 0.5, 0.7, 0.8

# Cells.
CELL, ROW = 0.6, 1.5  # digit heights of a row of cells, and of its width
WIDE, SIDE = 1.6, 0.85  # the width of a box over its height, and the share that a side takes
SMOOTHED = 3  # pixels, over which levels are averaged where strokes are told from lines
DARKER = 1.5  # times the usual level of a faint line, above which ink on it is a stroke
SLACK = 2  # pixels by which a line may be thicker somewhere than it usually is
MAX_CRUMB, CRUMB_SIDE = 0.6, 0.5  # of a piece's ink that lies beside lines, which it is left of; digit heights


@dataclass(frozen=True, eq=False)
class Rules:
    """What is printed on the paper.

    Parameters
    ----------
    ink : numpy.ndarray
        Bool (H, W), the ink of lines and boxes.
    rows : list of Row
        The cells of a form.
    """

    ink: Mask
    rows: list[Row]


def find_rules(ink: Mask, level: Floats) -> Rules:
    """Return the ink that belongs to printed lines and boxes.

    Parameters
    ----------
    ink : numpy.ndarray
        Bool (H, W), all ink.
    level : numpy.ndarray
        Grey levels above the paper, float32 (H, W).

    Returns
    -------
    Rules
        A part of the ink, and where cells are.
    """
    if not ink.any():
        return Rules(np.zeros_like(ink), [])
    across, down = run_lengths(ink.T).T, run_lengths(ink)
    thickest = max(MIN_THICKNESS, round(THICKNESS * float(np.median(np.minimum(across, down)[ink]))))
    whole = Pieces(ink)
    thin = Thin(ink & (across <= thickest))
    ridges = Ridges(level, whole)
    rows, faint = _cells(whole, thin, across, thickest, ridges)
    if not rows:
        return Rules(_lines(whole, thin, ridges, across, down, thickest, np.zeros_like(ink)), rows)
    cells, inside = np.zeros_like(ink), np.zeros_like(ink)
    smooth = ndimage.uniform_filter(level, SMOOTHED)
    for row in rows:
        cells |= side_ink(row, ink | faint, across, down, smooth)
        inside |= row.inside(ink.shape)
    tall, width, slim = median(row.height for row in rows), median(row.width for row in rows), down <= thickest
    cells |= remnants(ink & ~cells & slim, cells & slim, tall, width)
    cells |= _crumbs(ink & ~cells, cells, tall)
    rest = ink & ~cells
    lines = _lines(Pieces(rest), Thin(rest & thin.ink), ridges, across, down, thickest, cells) & ~inside
    return Rules(cells | lines, rows)


def _cells(whole: Pieces, thin: Thin, across: Lengths, thickest: int, ridges: Ridges) -> tuple[list[Row], Mask]:
    """The cells of a form, whose lines may be thicker than strokes, or too faint for ink; and those that are faint."""
    if whole.mask.shape[1] < ROW * whole.size:
        return [], whole.mask
    thicker = max(thickest, round(CELL_THICKNESS * whole.size))
    thin = thin if thicker == thickest else Thin(whole.mask & (across <= thicker))
    along = Thin(ridges.across)
    straight = [*find_straight(thin, whole.size, thicker)[0], *find_straight(along, whole.size, thicker)[0]]
    lines = levels(straight, whole.size)
    if not lines:
        return [], whole.mask
    faint = ridges.across | ridges.down
    return find_cells(whole.mask, faint, lines, whole.size), faint


def _lines(
    whole: Pieces, thin: Thin, ridges: Ridges, across: Lengths, down: Lengths, thickest: int, cells: Mask
) -> Mask:
    """The ink of other lines than those of cells."""
    if not whole.count:
        return whole.mask
    slim = Thin((whole.mask & (down <= thickest)).T)
    rules, columns = _crossing(thin, thickest), _crossing(slim, thickest).T
    least = MIN_LENGTH / MOST * whole.size  # across less, strokes of a digit that fills the picture are as long
    if whole.mask.shape[1] >= least:
        rules |= _faint(thin, ridges.across, ridges.level, whole.size, thickest)
    if whole.mask.shape[0] >= least:
        columns |= _faint(slim, ridges.down.T, ridges.level.T, whole.size, thickest).T
    rest = Pieces(whole.mask & ~rules & ~columns) if rules.any() or columns.any() else whole
    if not rest.count:
        return rules | columns
    size = rest.size
    level, level_labels = find_straight(thin, size, thickest)
    upright, upright_labels = find_straight(slim, size, thickest)
    rules |= ink_of(_long(level, size, MIN_LENGTH, rest), level_labels) & thin.ink
    columns |= (ink_of(_long(upright, size, MIN_COLUMN), upright_labels) & slim.ink).T
    if rules.any():
        columns |= find_walls(slim.ink.T & ~columns, rules | cells, size, float(np.median(across[rules])))
    rules, columns = _no_thicker(rules, across), _no_thicker(columns, down)
    found: Mask = rules | columns | find_boxes(whole.mask, rest.labels, rest.places, size)
    return found | _crumbs(whole.mask & ~found, found, size)


def _no_thicker(lines: Mask, thickness: Lengths) -> Mask:
    """The ink of lines without that of thicker strokes along them."""
    if not lines.any():
        return lines
    usual: Mask = lines & (thickness <= float(np.median(thickness[lines])) + SLACK)
    return usual


def _crumbs(rest: Mask, rules: Mask, size: float) -> Mask:
    """The ink that is left of lines: small pieces that lie beside them for the most part."""
    if not rules.any():
        return rules
    labels, count = ndimage.label(rest, NEIGHBOURS)
    beside = dilated(rules, MIN_THICKNESS)
    sizes, near = (np.bincount(labels[each], minlength=count + 1) for each in (rest, rest & beside))
    crumbs = near > MAX_CRUMB * sizes
    crumbs[0] = False
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        crumbs[label] &= max(rows.stop - rows.start, columns.stop - columns.start) < CRUMB_SIDE * size
    found: Mask = crumbs[labels]
    return found


def _crossing(thin: Thin, thickest: float) -> Mask:
    """The thin ink of the lines that cross the picture, or most of it beside others: they are no strokes of digits."""
    height, width = thin.ink.shape
    if width < STRIP * height:  # across a strip, strokes of digits reach from border to border too
        return np.zeros_like(thin.ink)
    size, thinnest = max(height, width) / DIGITS_ACROSS, THINNEST * min(height, width)
    lines, labels = find_straight(thin, size, min(thickest, thinnest))
    lines = [line for line in lines if line.covered >= MIN_COVERED and line.thickness <= thinnest]
    cells = [line for line in lines if line.length >= MIN_CELLS * size and line.covered >= SURELY_COVERED]
    found = [*_wide(lines, width), *(cells if len(cells) > MIN_PARALLEL else [])]
    rest = [line for line in lines if line not in found]  # strokes that lie along a line break it
    return ink_of([*found, *extended(found, rest, size)], labels) & thin.ink


def _faint(thin: Thin, ridges: Mask, level: Floats, size: float, thickest: float) -> Mask:
    """The ink of such lines where not all of them is ink, but a ridge goes on; strokes on them are darker."""
    lines, labels = find_straight(Thin(thin.ink | ridges), size, thickest)
    along = ink_of(_wide([line for line in lines if line.covered >= SURELY_COVERED], thin.ink.shape[1]), labels)
    return along & thin.ink & (level <= DARKER * np.median(level[along])) if along.any() else along


def _wide(lines: Sequence[Straight], width: int) -> list[Straight]:
    """The lines across the picture, and those across most of it, if there are several."""
    most = [line for line in lines if line.length >= MOST * width]
    return most if len(most) >= MIN_PARALLEL else [line for line in most if line.length >= ACROSS * width]


def _long(lines: Sequence[Straight], size: float, least: float, pieces: Pieces | None = None) -> list[Straight]:
    """The lines that have so many digit heights, and where they go on.

    Shorter ones are lines too where they are as wide as the wide piece of ink that they belong to.
    """
    crossed = [line for line in lines if _is_crossed(line, size)]
    covered = [line for line in lines if line.covered >= SURELY_COVERED or _is_faint(line, size)]
    rules = [*crossed, *(line for line in covered if line.length >= least * size and line not in crossed)]
    if pieces:
        rules += _sides(covered, pieces, size)
    return [*rules, *extended(rules, [line for line in lines if line not in rules], size)]


def _is_faint(line: Straight, size: float) -> bool:
    """Whether a line is too long for a stroke, though it has gaps; and no row of strokes of separate digits."""
    if line.length <= SURE_LENGTH * size or line.covered < MIN_COVERED:
        return False
    gaps = [after.left - before.right for before, after in pairwise(line.segments)]
    longest = max(segment.right - segment.left for segment in line.segments)
    return longest > STROKE * size or median(gaps) < BETWEEN * size


def _is_crossed(line: Straight, size: float) -> bool:
    """Whether a short line has no more gaps than the strokes leave that cross it, and a part too long for a stroke."""
    if line.length < UNDERLINE * size or line.covered < MOSTLY_COVERED or len(line.segments) < 2:
        return False
    longest = max(segment.right - segment.left for segment in line.segments)
    return longest > STROKE * size and all(b.left - a.right < CROSSING * size for a, b in pairwise(line.segments))


def _sides(lines: Sequence[Straight], pieces: Pieces, size: float) -> list[Straight]:
    """The lines from side to side of wide ink: the upper and lower sides of cells, and underlines."""
    found = []
    for line in lines:
        label = _piece_of(line, pieces.labels)
        if label:
            rows, columns = pieces.places[label - 1]
            height, width = rows.stop - rows.start, columns.stop - columns.start
            if height > CELL * size and width > WIDE * height and line.length > SIDE * width:
                found.append(line)
    return found


def _piece_of(line: Straight, pieces: NDArray[np.int32]) -> int:
    """The label of the ink that a line belongs to, in its middle; 0 for none."""
    x, y = (line.left + line.right) // 2, round((line.start + line.end) / 2)
    inside = np.bincount(pieces[max(y - MIN_THICKNESS, 0) : y + MIN_THICKNESS + 1, x], minlength=2)
    return int(inside[1:].argmax()) + 1 if inside[1:].any() else 0
