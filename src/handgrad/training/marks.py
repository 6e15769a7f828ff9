"""What stands beside digits on paper: punctuation, crosses, ticks, frames, ruled lines, and edges of paper."""

import numpy as np
import numpy.typing as npt

from handgrad.training.pens import CANVAS
from handgrad.training.strokes import Floats, Mask, draw_curves

# Strokes through points xy, x and y from 0 to 6: plus, cross, tick, minus, equals, colon, full stop, comma, brackets,
# percent, star, number sign, corners, arrow.
MARKS = (
    "03 63|30 36", "00 66|06 60", "04 26 60", "03 63", "02 62|04 64", "31 31|35 35", "33 33", "33 34 25",
    "40 21 13 25 46", "20 41 53 45 26", "40 10 16 46", "10 40 46 16", "06 60|10 00 01 11 10|55 65 66 56 55",
    "03 63|10 56|50 16", "10 16|40 46|02 62|04 64", "00 06 66", "06 00 60", "03 63|42 63 44",
    "00 03 63 66", "02 13 22 33 42", "05 24 45 65",
)  # fmt: skip
DIGIT_TOO = 0.35  # share of the marks that are lines about a digit, or through it
LONGER = 24  # pixels that a ruled line goes on at each side: a shorter one might be the base of a 1
NARROW = 0.55  # width of a filled shape for its height, above which it is no 1
LINES = ("frame", "ruled", "column", "corner")


def mark_lines(digits: Mask, random: np.random.Generator) -> Mask:
    """Return the middle lines of marks.

    Parameters
    ----------
    digits : bool array (N, H, W)
        Middle lines of digits: some marks are frames and ruled lines with a digit.
    random : numpy.random.Generator
        What the marks are drawn from.

    Returns
    -------
    bool array (N, CANVAS, CANVAS)
        One pixel wide.
    """
    lines = np.zeros_like(digits)
    for i, digit in enumerate(digits):
        if random.random() < DIGIT_TOO:
            lines[i] = digit
            _rule(lines, i, random)
        else:
            _mark(lines, i, MARKS[random.integers(len(MARKS))], random)
    return lines


def _mark(lines: Mask, row: int, strokes: str, random: np.random.Generator) -> None:
    size = random.uniform(6, 13, 2)
    for stroke in strokes.split("|"):
        points = (np.array([(int(p[0]), int(p[1])) for p in stroke.split()]) - 3) * size + CANVAS / 2
        _polyline(lines, row, points + random.normal(0, 1.5, points.shape), random)


def _rule(lines: Mask, row: int, random: np.random.Generator) -> None:
    """Lines as forms have them, longer than the digit that they touch or enclose."""
    inked = [np.flatnonzero(lines[row].any(axis=axis)) for axis in (0, 1)]
    if not all(each.size for each in inked):
        return
    (left, right), (top, bottom) = ((int(each[0]), int(each[-1])) for each in inked)
    kind = LINES[random.integers(len(LINES))]
    out = random.uniform(-1, 9, 4)
    x0, x1, y0, y1 = left - out[0], right + out[1], top - out[2], bottom + out[3]
    if kind == "frame":
        points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    elif kind == "ruled":
        y = random.choice((top - 2, bottom + 2))
        points = [(x0 - LONGER, y), (x1 + LONGER, y)]
    elif kind == "column":
        x = random.choice((left - 3, right + 3))
        points = [(x, y0 - 8), (x, y1 + 8)]
    else:
        points = [(x0 - 6, y1), (x1, y1), (x1, y0 - 6)]
    _polyline(lines, row, np.array(points) + random.normal(0, 0.7, (len(points), 2)), random)


def _polyline(lines: Mask, row: int, points: npt.NDArray[np.float64], random: np.random.Generator) -> None:
    start, end = points[:-1], points[1:]
    control = (start + end) / 2 + random.normal(0, 0.6, start.shape)
    draw_curves(lines, np.full(len(start), row), start, control, end)


def solids(count: int, random: np.random.Generator) -> list[Floats]:
    """Return filled shapes: what edges of paper, shadows and blots leave.

    Parameters
    ----------
    count : int
        How many to make; those that might be a fat 1 are left out again.
    random : numpy.random.Generator
        What they are drawn from.

    Returns
    -------
    list of float32 array (CANVAS, CANVAS)
        Ink from 0 to 1.
    """
    y, x = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float32) - CANVAS / 2
    shapes = []
    for _ in range(count):
        # A convex shape: within so many half-planes.
        turns = random.uniform(0, 2 * np.pi, int(random.integers(3, 7)))
        reach = random.uniform(5, 40, len(turns))
        inside = np.min([far - x * np.cos(turn) - y * np.sin(turn) for turn, far in zip(turns, reach, strict=True)], 0)
        if random.random() < 0.5:
            inside = np.minimum(inside, 40 - np.hypot(x * random.uniform(1, 2), y))
        rows, columns = (np.count_nonzero((inside > 0).any(axis=axis)) for axis in (1, 0))
        if columns > NARROW * rows:
            shapes.append((inside / random.uniform(0.6, 8) + 0.5).clip(0, 1).astype(np.float32))
    return shapes
