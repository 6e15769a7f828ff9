"""Which of a page's level lines may be the upper and lower sides of a row of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handgrad.reading.rows import Row, Side
from handgrad.reading.segments import Straight

MIN_LENGTH, MIN_COVERED = 1.2, 0.5  # digit heights, and share of its length that has ink
SAME, WITHIN = 2.0, 8  # pixels by which two lines that are one differ in level, and by which the shorter goes beyond
MIN_APART, MAX_APART = 0.4, 3.5  # digit heights between the two
MIN_SHARED = 0.8  # share of the shorter one's columns that both have
MAX_TURNED = 0.06  # pixels for each to the right by which their slopes differ

RULED = 0.8  # share of the length of a line of squared paper that has ink
SPANNED = 0.75  # share of the columns of a row or of two lines that such a line has at least
STACKED, MIN_STACKED = 0.1, 2  # share of their distance by which others' may differ on squared paper, and how many do


@dataclass(frozen=True, eq=False)
class Level:
    """A level line.

    Parameters
    ----------
    side : Side
        The straight line through it.
    left, right : int
        Its columns, `right` not included.
    width : float
        How thick it is, in pixels.
    covered : float
        Share of its length that has ink.
    """

    side: Side
    left: int
    right: int
    width: float
    covered: float


def levels(lines: Sequence[Straight], size: float) -> list[Level]:
    """Return the lines that are long enough for cells, each once.

    Parameters
    ----------
    lines : sequence of Straight
        Lines to the right; some may be found twice.
    size : float
        The height of digits, in pixels.

    Returns
    -------
    list of Level
        The longest first.
    """
    found: list[Level] = []
    for line in sorted(lines, key=lambda line: -line.length):
        if line.length >= MIN_LENGTH * size and line.covered >= MIN_COVERED:
            level = Level(_fitted(line), line.left, line.right, line.thickness, line.covered)
            if not any(_are_one(other, level) for other in found):
                found.append(level)
    return found


def _are_one(longer: Level, level: Level) -> bool:
    apart = max(abs(longer.side.at(x) - level.side.at(x)) for x in (level.left, level.right))
    return longer.left - WITHIN <= level.left and level.right <= longer.right + WITHIN and apart < SAME


def pairs(lines: Sequence[Level], size: float) -> list[tuple[Level, Level]]:
    """Return the lines that may be a row's upper and lower side.

    Parameters
    ----------
    lines : sequence of Level
        All lines.
    size : float
        The height of digits, in pixels.

    Returns
    -------
    list of tuple of Level
        The upper and the lower of each.
    """
    left, right = (np.array([getattr(line, name) for line in lines], float) for name in ("left", "right"))
    slope, zero = np.array([(line.side.slope, line.side.level) for line in lines], float).reshape(-1, 2).T
    found = []
    for i, line in enumerate(lines):
        first, last = np.maximum(left, left[i]), np.minimum(right, right[i])
        x = (first + last) / 2
        apart = zero - zero[i] + (slope - slope[i]) * x
        near = last - first >= MIN_SHARED * np.minimum(right - left, right[i] - left[i])
        near &= np.abs(slope - slope[i]) <= MAX_TURNED
        near &= (apart > MIN_APART * size) & (apart < MAX_APART * size)
        found += [(line, lines[j]) for j in np.flatnonzero(near).tolist()]
    ends = [(max(a.left, b.left), min(a.right, b.right)) for a, b in found]
    return [(a, b) for (a, b), x in zip(found, ends, strict=True) if not _others(a.side, b.side, *x, lines)[0]]


def is_ruling(row: Row, lines: Sequence[Level]) -> bool:
    """Return whether more lines lie between a row's two or follow at their distance, as on squared paper.

    Parameters
    ----------
    row : Row
        Cells; squares are none.
    lines : sequence of Level
        All lines.

    Returns
    -------
    bool
        Whether they do.
    """
    between, follow = _others(row.top, row.bottom, row.left, row.right, lines)
    return between or follow >= MIN_STACKED


def _others(top: Side, bottom: Side, left: float, right: float, lines: Sequence[Level]) -> tuple[bool, int]:
    """Whether long lines lie between two, and how many of the next two above and below are lines too."""
    x = (left + right) / 2
    level, apart = top.at(x), bottom.at(x) - top.at(x)
    long = [
        line for line in lines
        if min(line.right, right) - max(line.left, left) > SPANNED * (right - left) and line.covered > RULED
    ]  # fmt: skip
    places = np.array([(line.side.at(x) - level) / apart for line in long])  # 0 and 1 are its own
    between = (places > STACKED) & (places < 1 - STACKED)
    follow = [bool((np.abs(places - place) < STACKED).any()) for place in (-2, -1, 2, 3)]
    return bool(between.any()), sum(follow)


def _fitted(line: Straight) -> Side:
    """The straight line through its segments, by least squares, each counting by its length."""
    x = np.array([end for segment in line.segments for end in (segment.left, segment.right)], float)
    y = np.array([segment.at(end) for segment in line.segments for end in (segment.left, segment.right)])
    if len(line.segments) == 1:
        return Side(line.slope, float((y - line.slope * x).mean()))
    lengths = np.repeat([segment.right - segment.left for segment in line.segments], 2)
    slope, level = np.polyfit(x, y, 1, w=np.sqrt(lengths))
    return Side(float(slope), float(level))
