"""Strokes that some hands add to digits: a slash through 0, flag and base of 1, a closed 4, a bar of 7."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from handgrad.training.strokes import Mask, Points, draw_curves

Rows = npt.NDArray[np.int64]
Many = npt.NDArray[np.float64]

NEAR_END = 0.2  # share of a digit's height that counts as its top
NEAR_ENDS = 0.45  # share of its width within which the ends of a 4 are joined
FALL = (0.5, 1.5)  # of the flag of a 1, for its reach: a flatter one would make a 7
BOWED = 0.08  # how far a stroke's control point is from its middle, as a share of its length


def slash(lines: Mask, rows: Rows, random: np.random.Generator) -> None:
    """Add a slash through digits, in place.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines.
    rows : int array (M,)
        Which images are changed.
    random : numpy.random.Generator
        What the strokes are drawn from.
    """
    top, bottom, left, right = _box(lines[rows])
    inset = random.uniform(-0.15, 0.25, (2, len(rows)))
    wide, tall = right - left, bottom - top
    start = np.stack([left + inset[0] * wide, bottom - inset[0] * tall], axis=1)
    end = np.stack([right - inset[1] * wide, top + inset[1] * tall], axis=1)
    _draw(lines, rows, start, end, random)


def flag_or_base(lines: Mask, rows: Rows, random: np.random.Generator) -> None:
    """Add to each 1 a flag, and to some a base, in place.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines.
    rows : int array (M,)
        Which images are changed.
    random : numpy.random.Generator
        What the strokes are drawn from.
    """
    top, bottom, _, _ = _box(lines[rows])
    tall = bottom - top
    start = np.stack([_column_at(lines[rows], top), top], axis=1)
    reach = random.uniform(0.15, 0.55, len(rows))
    fall = reach * random.uniform(*FALL, len(rows))
    _draw(lines, rows, start, start + np.stack([-reach * tall, fall * tall], axis=1), random)
    based = random.random(len(rows)) < 0.3
    foot = np.stack([_column_at(lines[rows], bottom), bottom], axis=1)
    reach = random.uniform(0.12, 0.35, (2, len(rows))) * tall
    level = np.zeros(len(rows))
    left, right = (foot + np.stack([step, level], axis=1) for step in (-reach[0], reach[1]))
    _draw(lines, rows[based], left[based], right[based], random)


def closed(lines: Mask, rows: Rows, random: np.random.Generator) -> None:
    """Join the two upper ends of each 4 where they are near each other, in place: others would turn into 9.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines.
    rows : int array (M,)
        Which images are changed.
    random : numpy.random.Generator
        What the strokes are drawn from.
    """
    part = lines[rows]
    _, _, left, right = _box(part)
    middle = ((left + right) / 2).astype(int)
    columns = np.arange(lines.shape[2])
    ends = []
    for half in (columns <= middle[:, None], columns > middle[:, None]):
        here = part & half[:, None]
        top = here.any(axis=2).argmax(axis=1).astype(float)
        ends.append(np.stack([_column_at(here, top), top], axis=1))
    near = np.abs(ends[1] - ends[0])[:, 0] < NEAR_ENDS * (right - left)
    _draw(lines, rows[near], ends[0][near], ends[1][near], random)


def hat(lines: Mask, rows: Rows, random: np.random.Generator) -> None:
    """Lengthen the upper stroke of each 5, in place.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines.
    rows : int array (M,)
        Which images are changed.
    random : numpy.random.Generator
        What the strokes are drawn from.
    """
    start = _side_of_top(lines[rows], right=True)
    top, bottom, _, _ = _box(lines[rows])
    reach, rise = random.uniform(0.15, 0.5, len(rows)), random.uniform(-0.1, 0.06, len(rows))
    _draw(lines, rows, start, start + np.stack([reach, rise], axis=1) * (bottom - top)[:, None], random)


def bar_or_serif(lines: Mask, rows: Rows, random: np.random.Generator) -> None:
    """Cross each 7, or hang a serif from its upper stroke, in place.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines.
    rows : int array (M,)
        Which images are changed.
    random : numpy.random.Generator
        What the strokes are drawn from.
    """
    top, bottom, _, _ = _box(lines[rows])
    tall = bottom - top
    y = top + random.uniform(0.38, 0.62, len(rows)) * tall
    middle = np.stack([_column_at(lines[rows], y), y], axis=1)
    half = random.uniform(0.12, 0.35, (2, len(rows), 1)) * tall[:, None]
    away = np.stack([np.ones(len(rows)), random.uniform(-0.35, 0.2, len(rows))], axis=1)
    corner = _side_of_top(lines[rows], right=False)
    hanging = np.stack([random.uniform(-0.08, 0.03, len(rows)), random.uniform(0.08, 0.25, len(rows))], axis=1)
    crossed = random.random(len(rows)) < 0.75
    _draw(lines, rows[crossed], (middle - half[0] * away)[crossed], (middle + half[1] * away)[crossed], random)
    serif = ~crossed | (random.random(len(rows)) < 0.25)
    _draw(lines, rows[serif], corner[serif], (corner + hanging * tall[:, None])[serif], random)


# For each digit, the share that gets another stroke, and which one.
STROKES: dict[int, tuple[float, Callable[[Mask, Rows, np.random.Generator], None]]] = {
    0: (0.12, slash), 1: (0.45, flag_or_base), 4: (0.4, closed), 5: (0.3, hat), 7: (0.45, bar_or_serif),
}  # fmt: skip


def _draw(lines: Mask, rows: Rows, start: Points, end: Points, random: np.random.Generator) -> None:
    length = np.hypot(*(end - start).T)[:, None]
    bow = random.normal(0, BOWED, start.shape) * length
    draw_curves(lines, rows, start, (start + end) / 2 + bow, end)


def _box(part: Mask) -> tuple[Many, Many, Many, Many]:
    """The first and last rows, and the first and last columns, with ink."""
    rows, columns = np.asarray(part.any(axis=2)), np.asarray(part.any(axis=1))
    ends = (each.argmax(axis=1) for each in (rows, rows[:, ::-1], columns, columns[:, ::-1]))
    top, below, left, behind = (each.astype(float) for each in ends)
    return top, part.shape[1] - 1 - below, left, part.shape[2] - 1 - behind


def _column_at(part: Mask, y: Many) -> Many:
    """The last column with ink of one row of each image; its middle column where there is none."""
    inked = part[np.arange(len(part)), y.astype(int)]
    last = part.shape[2] - 1 - inked[:, ::-1].argmax(axis=1)
    found: Many = np.where(inked.any(axis=1), last, part.shape[2] // 2).astype(float)
    return found


def _side_of_top(part: Mask, right: bool) -> Points:
    """The leftmost, or rightmost, point (x, y) among the upper rows of each image."""
    top, bottom, _, _ = _box(part)
    rows = np.arange(part.shape[1])
    end = top + NEAR_END * (bottom - top)
    upper = part & (rows[:, None] <= end[:, None, None])
    _, _, left, last = _box(upper)
    x = last if right else left
    y = upper[np.arange(len(part)), :, x.astype(int)].argmax(axis=1).astype(float)
    return np.stack([x, y], axis=1)
