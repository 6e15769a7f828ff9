"""Straight lines to the right among ink: pieces of them found, linked across gaps, extended."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.masks import NEIGHBOURS, Mask, long_runs
from handgrad.reading.segments import Segment, Straight

Labels = NDArray[np.int32]

# Segments.
MIN_BRIDGE, BRIDGE = 5, 0.12  # pixels, and digit heights: shorter gaps in a faint line are bridged first
MIN_SEGMENT, RUN = 6, 0.15  # pixels, and digit heights, that a line has in one row of pixels, where it slopes
MAX_SLOPE = 0.45  # pixels down for each to the right
SPARE_HEIGHT = 6  # pixels that a segment may be higher than its slope explains
STRAY = 2.0  # pixels by which a segment's columns may lie off its straight line
MIN_STRAIGHT = 0.75  # share of its columns that do not

# Lines of several segments.
MAX_LINK = 1.5  # digit heights: the widest gap that a line bridges, unless told
MAX_OVERLAP = 10  # pixels by which the next segment may begin before the last one's end
MIN_BAND = 16.0  # pixels: of the bands in which the next segment of a line is looked for
LINK_STRAY, LINK_STRAY_BY_GAP = 2.0, 0.03  # pixels by which the next segment may lie off, and for each pixel of the gap
OWN_SLOPE = 4.0  # digit heights from which a line's own slope is known
MAX_EXTENSION = 15.0  # digit heights that a line goes on beyond its ends
EXTENSION_STRAY, EXTENSION_STRAY_BY_GAP = 2.0, 0.012  # pixels by which it may lie off, and for each of the gap
WITHIN_STRAY = 1.0  # between the ends
MAX_WIDENING = 1.6  # an extension is at most so many times as thick as the line


class Thin:
    """Ink that is thin from top to bottom. Its segments are found once, though lines of several sizes are looked for.

    Parameters
    ----------
    ink : numpy.ndarray
        Bool (H, W).
    """

    def __init__(self, ink: Mask) -> None:
        self.ink = ink
        self._found: dict[tuple[int, int], tuple[list[Segment], Labels]] = {}

    def segments(self, size: float) -> tuple[list[Segment], Labels]:
        """Return the pieces of straight lines.

        Parameters
        ----------
        size : float
            The height of digits, in pixels.

        Returns
        -------
        list of Segment
            From the left.
        numpy.ndarray
            Int32 (H, W), their labels.
        """
        bridge, run = max(MIN_BRIDGE, round(BRIDGE * size)), max(MIN_SEGMENT, round(RUN * size))
        if (bridge, run) not in self._found:
            self._found[bridge, run] = self._segments(bridge, run)
        return self._found[bridge, run]

    def _segments(self, bridge: int, run: int) -> tuple[list[Segment], Labels]:
        labels, _ = ndimage.label(long_runs(~long_runs(~self.ink, bridge, True), run, False), NEIGHBOURS)
        found = []
        for label, place in enumerate(ndimage.find_objects(labels), 1):
            rows, columns = place
            if rows.stop - rows.start <= MAX_SLOPE * (columns.stop - columns.start) + SPARE_HEIGHT:
                own = labels[place] == label
                segment = _segment(own, own & self.ink[place], columns.start, rows.start, label)
                if segment:
                    found.append(segment)
        return sorted(found, key=lambda segment: segment.left), labels


def find_straight(thin: Thin, size: float, thickest: float, link: float = MAX_LINK) -> tuple[list[Straight], Labels]:
    """Return the straight lines that run to the right.

    Parameters
    ----------
    thin : Thin
        The ink.
    size : float
        The height of digits, in pixels.
    thickest : float
        Pixels that a line is thick at most.
    link : float
        Digit heights of the widest gap that a line bridges.

    Returns
    -------
    list of Straight
        The lines, from the left; many of them are strokes of digits.
    numpy.ndarray
        Int32 (H, W), the labels that the lines' segments have.
    """
    segments, labels = thin.segments(size)
    return _linked([each for each in segments if each.thickness <= thickest + 1], size, link * size), labels


def _segment(own: Mask, ink: Mask, left: int, top: int, label: int) -> Segment | None:
    """A straight line through most columns of connected ink, by least squares, twice; None where it is not straight."""
    number = own.sum(axis=0)  # 1 or more in each column, as the ink is connected
    middle = np.arange(len(own)) @ own / number
    x = np.arange(len(number))
    kept = x
    for _ in range(2):
        slope, level = _fitted(kept, middle[kept])
        away = np.abs(middle - level - slope * x)
        kept = np.flatnonzero(away <= STRAY)
        if len(kept) < MIN_STRAIGHT * len(x) and len(kept) < len(x):
            kept = np.flatnonzero(away <= np.quantile(away, MIN_STRAIGHT))
    if len(kept) < 2 or abs(slope) > MAX_SLOPE or np.count_nonzero(away <= STRAY) < MIN_STRAIGHT * len(x):
        return None
    inked = int(ink.any(axis=0).sum())
    return Segment(left, left + len(x), top + level, slope, float(median(number[kept].tolist())), inked, label)


def _fitted(x: NDArray[np.intp], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope, and level at column 0."""
    middle, height = float(x.sum()) / len(x), float(y.sum()) / len(y)
    away = x - middle
    slope = float(away @ y) / max(float(away @ away), 1.0)
    return slope, height - slope * middle


def _linked(segments: list[Segment], size: float, widest: float) -> list[Straight]:
    """Segments that continue each other, as lines."""
    if not segments:
        return []
    common, height = _common_slope(segments), max(widest, MIN_BAND)
    lines: list[list[Segment]] = []
    going: dict[int, list[list[Segment]]] = {}  # the lines that may go on, by the band of the picture where they end
    for segment in segments:
        band = int(segment.start // height)
        best, nearest = None, widest
        for near in (band - 1, band, band + 1):
            going[near] = [line for line in going.get(near, ()) if segment.left - line[-1].right < widest]
            for line in going[near]:
                gap = segment.left - line[-1].right
                stray = abs(_forecast(line, segment.left, common, size) - segment.start)
                away = max(gap, 0) + stray
                if gap >= -MAX_OVERLAP and away < nearest and stray < LINK_STRAY + LINK_STRAY_BY_GAP * max(gap, 0):
                    best, nearest = line, away
        if best is None:
            best = []
            lines.append(best)
        else:
            going[int(best[-1].at(best[-1].right) // height)].remove(best)
        best.append(segment)
        going.setdefault(int(segment.at(segment.right) // height), []).append(best)
    return [Straight(line) for line in lines]


def _common_slope(segments: list[Segment]) -> float:
    """The slope of most segments: the median, each counting by its length."""
    slopes, weights = np.array(sorted((segment.slope, segment.right - segment.left) for segment in segments)).T
    return float(slopes[np.searchsorted(np.cumsum(weights), weights.sum() / 2)])


def _forecast(line: list[Segment], x: float, common: float, size: float) -> float:
    """The level at which a line goes on; a short one has the slope that most lines have."""
    whole = Straight(line)
    weight = min(1.0, whole.length / (OWN_SLOPE * size))
    return whole.end + (weight * whole.slope + (1 - weight) * common) * (x - whole.right)


def ink_of(lines: Sequence[Straight], labels: Labels) -> Mask:
    """Return where the ink of lines is.

    Parameters
    ----------
    lines : sequence of Straight
        Some of the lines of `find_straight`.
    labels : numpy.ndarray
        Int32 (H, W), its labels.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), with the gaps that are bridged.
    """
    if not lines:
        return np.zeros(labels.shape, bool)
    chosen = np.zeros(int(labels.max()) + 1, bool)
    chosen[[segment.label for line in lines for segment in line.segments]] = True
    found: Mask = chosen[labels]
    return found


def extended(rules: Sequence[Straight], others: Sequence[Straight], size: float) -> list[Straight]:
    """Return the lines that lie where others go on beyond their ends.

    Parameters
    ----------
    rules : sequence of Straight
        Lines that are known.
    others : sequence of Straight
        Lines that may be parts of them.
    size : float
        The height of digits, in pixels.

    Returns
    -------
    list of Straight
        Those of the others that are.
    """
    if not rules or not others:
        return []
    left, right, start, end, slope, thick = np.array(
        [(rule.left, rule.right, rule.start, rule.end, rule.slope, rule.thickness) for rule in rules]
    ).T
    found = []
    for other in others:
        x, y = (other.left + other.right) / 2, (other.start + other.end) / 2
        gap = np.maximum(np.maximum(left - x, x - right), 0)
        level = np.where(x < left, start + slope * (x - left), end + slope * (x - right))
        level = np.where(gap == 0, start + (end - start) * (x - left) / np.maximum(right - left, 1), level)
        near = np.abs(level - y) < np.where(gap > 0, EXTENSION_STRAY + EXTENSION_STRAY_BY_GAP * gap, WITHIN_STRAY)
        if (near & (gap < MAX_EXTENSION * size) & (other.thickness < MAX_WIDENING * thick)).any():
            found.append(other)
    return found
