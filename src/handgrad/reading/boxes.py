"""Printed boxes around digits: ink with four straight sides, each by itself or joined to the digit inside."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.masks import Mask

Slices = tuple[slice, slice]  # the rows and columns of a rectangle

MIN_SIDE = 0.6  # digit heights
SIDE_BAND, MIN_BAND = 0.15, 2  # share of a side, and pixels, within which the ink of that side lies
MIN_SIDE_COVERED = 0.85
CORNER = 0.12  # share of a side that its corners take
MAX_WAVE, MIN_WAVE = 0.015, 0.7  # share of a side, and pixels: the deviation of a printed side from a straight line
SLACK = 2  # pixels by which a side's ink may lie off its line
INSIDE = 0.2  # share of a side that the frame takes: what is farther in is inside
ALIKE, MIN_ALIKE = 0.15, 3  # share by which the sides of a form's boxes differ; so many are a form's, empty ones too


def find_boxes(mask: Mask, labels: NDArray[np.int32], places: Sequence[Slices], size: float) -> Mask:
    """Return the sides of all boxes that have ink inside, or that are several of one size.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W), all ink.
    labels : numpy.ndarray
        Int32 (H, W), the pieces of connected ink.
    places : sequence of tuple of slice
        The rows and columns of each piece.
    size : float
        The height of digits, in pixels.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), a part of the mask.
    """
    found = np.zeros_like(mask)
    frames: list[tuple[Slices, Mask]] = []
    for label, place in enumerate(places, 1):
        if min(_sides(place)) >= MIN_SIDE * size:
            frame = _frame(labels[place] == label)
            if frame is not None:
                frames.append((place, frame))
    shapes = np.array([_sides(place) for place, _ in frames])
    for place, frame in frames:
        height, width = _sides(place)
        alike = (np.abs(shapes - (height, width)) <= ALIKE * np.array([height, width])).all(axis=1).sum()
        depth = round(INSIDE * min(height, width))
        inside = (mask[place] & ~frame)[depth:-depth, depth:-depth]
        if float(inside.sum()) > depth or alike >= MIN_ALIKE:
            found[place] |= frame
    return found


def _sides(place: Slices) -> tuple[int, int]:
    return place[0].stop - place[0].start, place[1].stop - place[1].start


def _frame(own: Mask) -> Mask | None:
    """The four sides of a box among its ink; None where they are not straight, or are missing."""
    depth = max(MIN_BAND, round(SIDE_BAND * min(own.shape)))
    frame = np.zeros_like(own)
    views = ((own, frame), (own[::-1], frame[::-1]), (own.T, frame.T), (own.T[::-1], frame.T[::-1]))
    for image, out in views:
        x = np.flatnonzero(image[:depth].any(axis=0))
        inner = x[(x > CORNER * image.shape[1]) & (x < (1 - CORNER) * image.shape[1])]
        if len(x) < MIN_SIDE_COVERED * image.shape[1] or len(inner) < 2:
            return None
        y = image[:, inner].argmax(axis=0)
        slope, level = np.polyfit(inner, y, 1)
        if float(np.std(y - level - slope * inner)) > max(MIN_WAVE, MAX_WAVE * image.shape[1]):
            return None
        top = level + slope * np.arange(image.shape[1])
        thickness = float(np.median((~image[y[0] :, inner]).argmax(axis=0)))
        rows = np.arange(image.shape[0])[:, None]
        out |= image & (rows >= top - SLACK) & (rows <= top + thickness + SLACK)
    return frame
