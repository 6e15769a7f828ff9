"""Printed lines among the ink: ruled and squared paper, cells and boxes of forms, underlines. They are taken out.

A line's pixels are thin across it, and in a row; where a stroke crosses, the ink is thicker, and stays.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.boxes import Slices, find_boxes
from handgrad.reading.ink import NEIGHBOURS, Mask
from handgrad.reading.segments import Straight
from handgrad.reading.straight import extended, find_straight, ink_of
from handgrad.reading.walls import find_walls

Lengths = NDArray[np.int32]

# What may be digits that touch.
MAX_HEIGHT, SPARE = 6, 8  # widths, with some pixels to spare
MOST_IN_ONE = 10
TALLER, ABOUT = 1.6, 1.5  # exponent of the height that a piece counts by; factor within which heights are one
BLOT, BAR = 0.28, 0.27  # of its shorter side, the stroke of a blot, unless that is a bar as a 1 is: width over height

MIN_PARALLEL = 3  # lines of one direction that belong together

# Thickness, in the median stroke's widths.
THICKNESS, MIN_THICKNESS = 1.4, 3  # a line is no thicker; in pixels, it may always be so thick

# Lines, in digit heights.
MIN_CELLS, MIN_LENGTH, MIN_COLUMN = 3.3, 4.0, 6.0  # the shortest of several, of a level and of an upright line
SURE_LENGTH = 10.0  # a line of this length is none of a digit's strokes

ACROSS, MOST = 0.9, 0.45  # of the picture's side: a line from border to border, and one of several
STRIP = 0.4  # width of a strip, over its length
THINNEST = 0.05  # of the picture's shorter side that such a line is thick at most
DIGITS_ACROSS = 20  # what the picture's longer side is divided by, for a height of digits as long as none is known
MIN_COVERED, SURELY_COVERED = 0.5, 0.8  # share of a line's length that has ink; of one that is not sure

# Cells.
CELL, WIDE, SIDE = 0.6, 1.6, 0.85  # digit heights of a row of cells, its width over its height, the share a side takes

SLACK = 2  # pixels by which a line may be thicker somewhere than it usually is
MAX_CRUMB, CRUMB_SIDE = 0.6, 0.5  # of a piece's ink that lies beside lines, which it is left of; digit heights


def find_rules(mask: Mask) -> Mask:
    """Return the ink that belongs to printed lines and boxes.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W), all ink.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), a part of the mask.
    """
    across, down = _runs(mask, 0), _runs(mask, 1)
    thickest = (
        max(MIN_THICKNESS, round(THICKNESS * float(np.median(np.minimum(across, down)[mask])))) if mask.any() else 0
    )
    thin, slim = mask & (across <= thickest), mask & (down <= thickest)
    rules, columns = _crossing(thin, thickest), _crossing(slim.T, thickest).T
    labels, count = ndimage.label(mask & ~rules & ~columns, NEIGHBOURS)
    if not count:
        return rules | columns
    places = ndimage.find_objects(labels)
    size = digit_height(_sizes(labels, places))
    level, level_labels = find_straight(thin, size, thickest)
    upright, upright_labels = find_straight(slim.T, size, thickest)
    rules |= ink_of(_long(level, size, MIN_LENGTH, labels, places), level_labels) & thin
    columns |= (ink_of(_long(upright, size, MIN_COLUMN), upright_labels) & slim.T).T
    if rules.any():
        columns |= find_walls(slim & ~columns, rules, size, float(np.median(across[rules])))
    rules, columns = _no_thicker(rules, across), _no_thicker(columns, down)
    found: Mask = rules | columns | find_boxes(mask, labels, places, size)
    return found | _crumbs(mask & ~found, found, size)


def _no_thicker(lines: Mask, thickness: Lengths) -> Mask:
    """The ink of lines without that of thicker strokes along them."""
    if not lines.any():
        return lines
    usual: Mask = lines & (thickness <= float(np.median(thickness[lines])) + SLACK)
    return usual


def _crumbs(rest: Mask, rules: Mask, size: float) -> Mask:
    """The ink that is left of lines: small pieces that lie beside them for the most part."""
    labels, count = ndimage.label(rest, NEIGHBOURS)
    beside = ndimage.binary_dilation(rules, NEIGHBOURS, iterations=MIN_THICKNESS)
    sizes, near = (np.bincount(labels[each], minlength=count + 1) for each in (rest, rest & beside))
    crumbs = near > MAX_CRUMB * sizes
    crumbs[0] = False
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        crumbs[label] &= max(rows.stop - rows.start, columns.stop - columns.start) < CRUMB_SIDE * size
    found: Mask = crumbs[labels]
    return found


def _crossing(thin: Mask, thickest: float) -> Mask:
    """The thin ink of the lines that cross the picture, or most of it beside others: they are no strokes of digits."""
    width = thin.shape[1]
    if width < STRIP * thin.shape[0]:  # across a strip, strokes of digits reach from border to border too
        return np.zeros_like(thin)
    size = max(thin.shape) / DIGITS_ACROSS
    lines, labels = find_straight(thin, size, min(thickest, THINNEST * min(thin.shape)))
    lines = [line for line in lines if line.covered >= MIN_COVERED and line.thickness <= THINNEST * min(thin.shape)]
    across = [line for line in lines if line.length >= ACROSS * width]
    most = [line for line in lines if line.length >= MOST * width]
    cells = [line for line in lines if line.length >= MIN_CELLS * size and line.covered >= SURELY_COVERED]
    found = [*across, *(most if len(most) >= MIN_PARALLEL else []), *(cells if len(cells) > MIN_PARALLEL else [])]
    return ink_of(found, labels) & thin


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
    return float(np.median(np.repeat(heights[within], counts[within].astype(int))))


def _sizes(labels: NDArray[np.int32], places: Sequence[Slices]) -> list[tuple[int, int, float]]:
    """Height, width and mean stroke width of each piece: twice its ink over its outline."""
    outline = labels * ~ndimage.binary_erosion(labels > 0, NEIGHBOURS, border_value=1)
    ink, edge = (np.bincount(each.ravel(), minlength=len(places) + 1)[1:] for each in (labels, outline))
    return [
        (rows.stop - rows.start, columns.stop - columns.start, 2 * n / max(m, 1))
        for (rows, columns), n, m in zip(places, ink.tolist(), edge.tolist(), strict=True)
    ]


def _runs(mask: Mask, axis: int) -> Lengths:
    """How many pixels of ink lie in a row, down (axis 0) or to the right (axis 1), at each pixel."""
    line = np.zeros((3, 3), bool)
    line[:, 1] = axis == 0
    line[1, :] |= axis == 1
    line[1, 1] = True
    labels, count = ndimage.label(mask, line)
    lengths: Lengths = np.bincount(labels.ravel(), minlength=count + 1).astype(np.int32)
    lengths[0] = 0
    runs: Lengths = lengths[labels]
    return runs


def _long(
    lines: Sequence[Straight], size: float, least: float, pieces: NDArray[np.int32] | None = None,
    places: Sequence[Slices] = (),
) -> list[Straight]:  # fmt: skip
    """The lines that have so many digit heights, and where they go on.

    Shorter ones are lines too where they are as wide as the wide piece of ink that they belong to.
    """
    covered = [
        line for line in lines
        if line.covered >= (MIN_COVERED if line.length > SURE_LENGTH * size else SURELY_COVERED)
    ]  # fmt: skip
    rules = [line for line in covered if line.length >= least * size]
    if pieces is not None:
        rules += _sides(covered, pieces, places, size)
    return [*rules, *extended(rules, [line for line in lines if line not in rules], size)]


def _sides(
    lines: Sequence[Straight], pieces: NDArray[np.int32], places: Sequence[Slices], size: float
) -> list[Straight]:
    """The lines from side to side of wide ink: the upper and lower sides of cells, and underlines."""
    found = []
    for line in lines:
        label = _piece_of(line, pieces)
        if label:
            rows, columns = places[label - 1]
            height, width = rows.stop - rows.start, columns.stop - columns.start
            if height > CELL * size and width > WIDE * height and line.length > SIDE * width:
                found.append(line)
    return found


def _piece_of(line: Straight, pieces: NDArray[np.int32]) -> int:
    """The label of the ink that a line belongs to, in its middle; 0 for none."""
    x, y = (line.left + line.right) // 2, round((line.start + line.end) / 2)
    inside = np.bincount(pieces[max(y - MIN_THICKNESS, 0) : y + MIN_THICKNESS + 1, x], minlength=2)
    return int(inside[1:].argmax()) + 1 if inside[1:].any() else 0
