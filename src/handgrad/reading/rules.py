"""Printed lines among the ink: ruled and squared paper, cells and boxes of forms, underlines. They are taken out.

A line's pixels are thin across it, and in a row; where a stroke crosses, the ink is thicker, and stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.boxes import Slices, find_boxes
from handgrad.reading.cells import find_cells
from handgrad.reading.masks import NEIGHBOURS, Lengths, Mask, dilated, eroded, run_lengths
from handgrad.reading.rows import Row
from handgrad.reading.segments import Straight
from handgrad.reading.straight import Thin, extended, find_straight, ink_of
from handgrad.reading.walls import find_walls

# What may be digits that touch.
MAX_HEIGHT, SPARE = 6, 8  # widths, with some pixels to spare
MOST_IN_ONE = 10
TALLER, ABOUT = 1.6, 1.5  # exponent of the height that a piece counts by; factor within which heights are one
BLOT, BAR = 0.28, 0.27  # of its shorter side, the stroke of a blot, unless that is a bar as a 1 is: width over height

CELL_THICKNESS = 0.12  # digit heights: the lines of cells are no thicker, if they are thicker than strokes

MIN_PARALLEL = 3  # lines of one direction that belong together

# Thickness, in the median stroke's widths.
THICKNESS, MIN_THICKNESS = 1.4, 3  # a line is no thicker; in pixels, it may always be so thick

# Lines, in digit heights.
MIN_CELLS, MIN_LENGTH, MIN_COLUMN = 3.3, 4.0, 6.0  # the shortest of several, of a level and of an upright line
SURE_LENGTH = 10.0  # a line of this length is none of a digit's strokes
STROKE, BETWEEN = 1.5, 0.4  # of the longest stroke of a digit, and between strokes of digits that stand in a row

ACROSS, MOST = 0.9, 0.45  # of the picture's side: a line from border to border, and one of several
STRIP = 0.4  # width of a strip, over its length
THINNEST = 0.05  # of the picture's shorter side that such a line is thick at most
DIGITS_ACROSS = 20  # what the picture's longer side is divided by, for a height of digits as long as none is known
MIN_COVERED, SURELY_COVERED = 0.5, 0.8  # share of a line's length that has ink; of one that is not sure

# Cells.
CELL, WIDE, SIDE = 0.6, 1.6, 0.85  # digit heights of a row of cells, its width over its height, the share a side takes

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


def find_rules(ink: Mask) -> Rules:
    """Return the ink that belongs to printed lines and boxes.

    Parameters
    ----------
    ink : numpy.ndarray
        Bool (H, W), all ink.

    Returns
    -------
    Rules
        A part of the ink, and where cells are.
    """
    across, down = run_lengths(ink.T).T, run_lengths(ink)
    thickest = (
        max(MIN_THICKNESS, round(THICKNESS * float(np.median(np.minimum(across, down)[ink])))) if ink.any() else 0
    )
    whole = _Pieces(ink)
    thin = Thin(ink & (across <= thickest))
    rows = _cells(whole, thin, across, thickest)
    if not rows:
        return Rules(_lines(whole, thin, across, down, thickest), rows)
    cells, inside = np.zeros_like(ink), np.zeros_like(ink)
    for row in rows:
        cells |= row.ink(ink, across, down)
        inside |= row.inside(ink.shape)
    cells |= _crumbs(ink & ~cells, cells, float(np.median([row.height for row in rows])))
    rest = ink & ~cells
    return Rules(cells | (_lines(_Pieces(rest), Thin(rest & thin.ink), across, down, thickest) & ~inside), rows)


class _Pieces:
    """Connected ink, labelled and measured once."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.labels, self.count = ndimage.label(mask, NEIGHBOURS)
        self.places: list[Slices] = ndimage.find_objects(self.labels)

    @cached_property
    def size(self) -> float:
        """The height of digits among it, in pixels."""
        outline = self.labels * ~eroded(self.mask)
        ink, edge = (np.bincount(each.ravel(), minlength=self.count + 1)[1:] for each in (self.labels, outline))
        return digit_height([
            (rows.stop - rows.start, columns.stop - columns.start, 2 * n / max(m, 1))  # the mean width of its strokes
            for (rows, columns), n, m in zip(self.places, ink.tolist(), edge.tolist(), strict=True)
        ])  # fmt: skip


def _cells(whole: _Pieces, thin: Thin, across: Lengths, thickest: int) -> list[Row]:
    """The cells of a form, whose lines may be thicker than strokes."""
    if not whole.count:
        return []
    thicker = max(thickest, round(CELL_THICKNESS * whole.size))
    thin = thin if thicker == thickest else Thin(whole.mask & (across <= thicker))
    return find_cells(whole.mask, find_straight(thin, whole.size, thicker)[0], whole.size)


def _lines(whole: _Pieces, thin: Thin, across: Lengths, down: Lengths, thickest: int) -> Mask:
    """The ink of other lines."""
    slim = Thin((whole.mask & (down <= thickest)).T)
    rules, columns = _crossing(thin, thickest), _crossing(slim, thickest).T
    rest = _Pieces(whole.mask & ~rules & ~columns) if rules.any() or columns.any() else whole
    if not rest.count:
        return rules | columns
    size = rest.size
    level, level_labels = find_straight(thin, size, thickest)
    upright, upright_labels = find_straight(slim, size, thickest)
    rules |= ink_of(_long(level, size, MIN_LENGTH, rest), level_labels) & thin.ink
    columns |= (ink_of(_long(upright, size, MIN_COLUMN), upright_labels) & slim.ink).T
    if rules.any():
        columns |= find_walls(slim.ink.T & ~columns, rules, size, float(np.median(across[rules])))
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
    across = [line for line in lines if line.length >= ACROSS * width]
    most = [line for line in lines if line.length >= MOST * width]
    cells = [line for line in lines if line.length >= MIN_CELLS * size and line.covered >= SURELY_COVERED]
    found = [*across, *(most if len(most) >= MIN_PARALLEL else []), *(cells if len(cells) > MIN_PARALLEL else [])]
    return ink_of(found, labels) & thin.ink


def digit_height(sizes: list[tuple[int, int, float]]) -> float:
    """Return the height of most ink that may be digits: the one near which most pieces are, the taller counting more.

    Parameters
    ----------
    sizes : list of tuple
        Height, width and stroke width of each piece, in pixels.

    Returns
    -------
    float
        Pixels; dust, of which there may be much, has little weight, and so have lines. A wide piece counts as several,
        a blot as nothing.
    """
    written = [(h, w) for h, w, stroke in sizes if stroke < BLOT * min(h, w) or w < BAR * h]
    upright = [(h, min(max(w / h, 1), MOST_IN_ONE)) for h, w in written if h < MAX_HEIGHT * w + SPARE]
    heights, counts = np.array(sorted(upright or [(h, 1) for h, _, _ in sizes]), float).T
    votes = np.cumsum(np.append(0, heights**TALLER * counts))
    low = np.searchsorted(heights, heights / ABOUT, "left")
    high = np.searchsorted(heights, heights * ABOUT, "right")
    best = int((votes[high] - votes[low]).argmax())
    within = slice(int(low[best]), int(high[best]))
    return float(median(np.repeat(heights[within], counts[within].astype(int)).tolist()))


def _long(lines: Sequence[Straight], size: float, least: float, pieces: _Pieces | None = None) -> list[Straight]:
    """The lines that have so many digit heights, and where they go on.

    Shorter ones are lines too where they are as wide as the wide piece of ink that they belong to.
    """
    covered = [line for line in lines if line.covered >= SURELY_COVERED or _is_faint(line, size)]
    rules = [line for line in covered if line.length >= least * size]
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


def _sides(lines: Sequence[Straight], pieces: _Pieces, size: float) -> list[Straight]:
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
