"""Thin lines brought out of noise, and from under strokes: grey levels averaged along paths that are almost straight.

A line's pixels are darker than those on both sides. The difference is limited, so that no strong stroke makes a line by
itself, and summed along the best path to the left and to the right, by dynamic programming; each sum of so many steps
is one of half as many and another. Where a stroke hides the paper, nothing is known of a line.
"""

from functools import cached_property

import numpy as np
from scipy import ndimage

from handgrad.reading.heights import Pieces
from handgrad.reading.masks import Mask
from handgrad.reading.paper import Floats

LEVEL_REACH, UPRIGHT_REACH = 0.5, 0.35  # digit heights: how far to both sides faint lines are brought out
DEPTHS = (3, 6)  # pixels to both sides by which a line is compared to the paper: it is less thick
LIMIT, LIMIT_BY_NOISE = 8.0, 2.0  # what a pixel's difference counts for at most: grey levels, standard deviations
NORMAL = 1.48  # a normal distribution's standard deviation in median deviations
SPARSE = 7  # the noise is measured on one pixel of so many in each direction
STEP = 4  # pixels along a line that are averaged first
SLOPE = 0.125  # pixels that a path may go aside for each along
LINE, HIDDEN = 0.35, 0.28  # share of that limit that makes a line, on average, and that counts where a stroke hides it
THERE = 0.15  # the same, in every step: less is beyond a line's end, or a gap


class Ridges:
    """The thin lines of a picture, each direction found when it is asked for.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels above the paper, float32 (H, W).
    ink : Pieces
        What surely is ink.
    """

    def __init__(self, level: Floats, ink: Pieces) -> None:
        self.level, self._ink = level, ink

    @cached_property
    def across(self) -> Mask:
        """Where lines go to the right: bool (H, W)."""
        return find_ridges(self.level, self._ink.mask, LEVEL_REACH * self._ink.size)

    @cached_property
    def down(self) -> Mask:
        """Where lines go down: bool (H, W)."""
        level, ink = np.ascontiguousarray(self.level.T), np.ascontiguousarray(self._ink.mask.T)
        return find_ridges(level, ink, UPRIGHT_REACH * self._ink.size).T


def find_ridges(level: Floats, ink: Mask, reach: float) -> Mask:
    """Return where thin lines go to the right, as lines of one pixel's thickness.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels above the paper, float32 (H, W).
    ink : numpy.ndarray
        Bool (H, W), what surely is ink.
    reach : float
        How far to each side the levels are averaged, in pixels.

    Returns
    -------
    numpy.ndarray
        Bool (H, W); strokes that are as long give lines too.
    """
    height, width = level.shape
    steps = 2 ** max(round(np.log2(max(reach / STEP, 1))), 1)
    found = np.zeros((height, width // STEP), bool)
    if width < STEP:
        return np.zeros_like(ink)
    for depth in DEPTHS:
        ridge = _averaged(_difference(level, ink, depth))
        right, left = _sums(ridge, steps), _sums(ridge[:, ::-1], steps)[:, ::-1]
        mean = (right + left - ridge) / (2 * steps - 1)
        padded = np.pad(mean, ((1, 1), (0, 0)))
        near = ndimage.maximum_filter1d(ridge, 3, axis=0)
        found |= (mean > LINE) & (mean >= padded[:-2]) & (mean >= padded[2:]) & (near > THERE)
    whole = np.zeros_like(ink)
    whole[:, : found.shape[1] * STEP] = found.repeat(STEP, axis=1)
    return whole


def _difference(level: Floats, ink: Mask, depth: int) -> Floats:
    """By how much each pixel is above those on both sides of it, in shares of the limit, from -1 to 1."""
    padded = np.pad(level, ((depth, depth), (0, 0)), mode="edge")
    ridge = level - np.maximum(padded[: -2 * depth], padded[2 * depth :])
    noise = NORMAL * float(np.median(np.abs(ridge[::SPARSE, ::SPARSE])))
    limit = np.float32(max(LIMIT, LIMIT_BY_NOISE * noise))
    ridge = np.clip(ridge, -limit, limit, out=ridge) / limit
    np.maximum(ridge, np.float32(HIDDEN), out=ridge, where=ink)
    return ridge


def _averaged(ridge: Floats) -> Floats:
    height, width = ridge.shape
    steps = width // STEP
    mean: Floats = ridge[:, : steps * STEP].reshape(height, steps, STEP).mean(axis=2)
    return mean


def _sums(ridge: Floats, steps: int) -> Floats:
    """The largest sum along a path of so many steps to the right from each place; beyond the border, nothing is."""
    total, done = ridge, 1
    while done < steps:
        most = int(SLOPE * STEP * done)
        padded = np.pad(total, ((most, most), (0, done)))
        height, width = total.shape
        beyond = padded[:height, done : done + width].copy()
        for aside in range(1, 2 * most + 1):
            np.maximum(beyond, padded[aside : aside + height, done : done + width], out=beyond)
        total, done = total + beyond, 2 * done
    return total
