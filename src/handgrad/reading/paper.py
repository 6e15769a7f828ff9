"""Taking the paper away: grey levels under any light -> a picture whose paper is at 0 and whose ink stands above it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.coarse import coarse, enlarged
from handgrad.reading.masks import Mask, eroded
from handgrad.reading.sheet import closed, otsu
from handgrad.reading.windows import highest, lowest

Floats = NDArray[np.float32]

WHITE, DIM = np.float32(255), np.float32(50)  # full light, and the least light that is made up for
CELLS, STRIP_CELLS = 512, 128  # most of the longer, least of the shorter side, of the copy on which paper is estimated
MIN_WINDOW = 3  # cells of that copy
MAX_WINDOW = 0.25  # of its shorter side

# Whether ink is dark: around a stroke, so many of its widths; what contrast is strong, as a share of the strongest.
AROUND, STRONG = 2.0, 0.6

# Paper under even light has nearly the same level everywhere.
PARTS = 3  # of a picture, down and across
PAPER_QUANTILE, INK_QUANTILE = 0.02, 0.99  # levels of a part that count as its paper, and of a picture as its ink
MAX_DIFFERENCE_SIDES, MAX_DIFFERENCE = 0.1, 0.6  # between parts, as shares of full ink: left and right, and anywhere
# Share of the variance that is within the two levels of a picture of so few pixels a side that has no others.
MAX_WITHIN, FEW_PIXELS = 0.15, 40
BARE = 0.5  # share of the largest difference from the paper up to which a pixel may be paper

EDGE_SHARE, MIN_EDGE = 150, 2  # how far the edge of a sheet reaches: the shorter side divided by this; pixels

# Noise.
ROUNDING = 0.75  # grey levels of noise that rounding may hide
DEVIATION_BY_MEDIAN = 1.4826  # standard deviation of normal noise over its median absolute deviation
LOWER_HALF_MEAN = 0.3247  # mean of the smaller half of |x| for x normal with standard deviation 1


@dataclass(frozen=True, eq=False)
class Levelled:
    """A picture without its paper.

    Parameters
    ----------
    flat : numpy.ndarray
        Float32 (H, W), grey levels above the paper, brightened in shadows; 0 outside of the sheet.
    gain : numpy.ndarray
        Float32 (H, W), what the levels were multiplied by.
    dark : bool
        Whether ink is darker than the paper.
    noise : float
        Standard deviation of the paper, in grey levels.
    edge : numpy.ndarray or None
        Bool (H, W), what lies outside of the sheet or at its edge; None for a tight picture, which has no edge.
    """

    flat: Floats
    gain: Floats
    dark: bool
    noise: float
    edge: Mask | None


def level_paper(
    level: Floats, sheet: Mask | None, dark: bool, widest_stroke: float, tight: bool = False
) -> Levelled | None:
    """Return a picture without its paper, seen as dark ink or as light ink.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels, float32 (H, W), 0 to 255.
    sheet : numpy.ndarray or None
        Where the paper is, as from `find_sheet` for such ink; a tight picture is all paper.
    dark : bool
        Whether ink is darker than the paper.
    widest_stroke : float
        The greatest width of a stroke, as a share of the picture's longer side.
    tight : bool
        Whether the picture is cut to the ink, which then reaches the border, on paper under even light.

    Returns
    -------
    Levelled or None
        None where a tight picture is not under even light.
    """
    sign = np.float32(-1 if dark else 1)
    even = _tight_paper(sign * coarse(level, CELLS)) if tight else None
    if tight and even is None:
        return None
    if tight:
        sheet = None
    paper = _paper(sign * level, widest_stroke) if even is None else np.full_like(level, even)
    gain: Floats = np.divide(WHITE, np.maximum(-paper, DIM) if dark else np.full_like(paper, WHITE))
    flat = (sign * level - paper) * gain
    inside = flat if sheet is None else flat[sheet]
    bare = inside if even is None else inside[inside <= max(BARE * float(inside.max()), 0)]
    zero = np.float32(np.median(bare))
    noise = max(_noise(flat, inside, zero, tight), ROUNDING * float(np.median(gain)))
    flat -= zero
    if sheet is not None:
        flat[~sheet] = 0
    return Levelled(flat, gain, dark, noise, None if tight else _edge(sheet, flat.shape))


def _edge(sheet: Mask | None, shape: tuple[int, ...]) -> Mask:
    """Where a sheet ends."""
    inner = np.zeros(shape, bool)
    reach = max(MIN_EDGE, round(min(shape) / EDGE_SHARE))
    inner[reach:-reach, reach:-reach] = True
    return ~inner if sheet is None else ~(inner & eroded(sheet, reach))


def ink_is_dark(level: Floats, sheet: Mask | None, widest_stroke: float) -> bool:
    """Return whether ink is probably darker than the paper.

    Where contrast is strong there is a stroke, and most of what lies around a stroke is paper.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels, float32 (H, W).
    sheet : numpy.ndarray or None
        Where the paper is, as from `find_sheet` for dark ink.
    widest_stroke : float
        The greatest width of a stroke, as a share of the picture's longer side.

    Returns
    -------
    bool
        Under uneven light, on a table and beside shadows too.
    """
    if sheet is not None:
        level = np.where(sheet, level, np.float32(np.median(level[sheet])))
    small = coarse(level, CELLS, STRIP_CELLS)
    window = max(MIN_WINDOW, round(AROUND * widest_stroke * max(small.shape)) | 1)
    low, high = lowest(small, window), highest(small, window)
    contrast = high - low
    strong = contrast > STRONG * float(contrast.max())
    share = (ndimage.uniform_filter(small, window) - low)[strong] / np.maximum(contrast[strong], 1e-6)
    return bool(np.mean(share) > 0.5) if share.size else True


def _tight_paper(signed: Floats) -> float | None:
    """The level of paper under even light, or of the lower of two levels that all the picture has; else None."""
    even = _even_paper(signed)
    limit = otsu(signed)
    if even is not None or limit is None or max(signed.shape) > FEW_PIXELS:
        return even
    lower, upper = signed[signed <= limit], signed[signed > limit]
    within = (lower.size * lower.var() + upper.size * upper.var()) / signed.size
    return float(np.median(lower)) if within < MAX_WITHIN * signed.var() else None


def _even_paper(signed: Floats) -> float | None:
    """The level of paper under even light, which ink is brighter than; None where light, or paper, is uneven.

    Under even light the paper's level appears in all parts of the left and the right, however much of the picture is
    ink, and nearly in those of the middle, where a digit may reach from top to bottom.
    """
    if min(signed.shape) < 2 * PARTS:
        return None
    parts = [np.array_split(band, PARTS, axis=1) for band in np.array_split(signed, PARTS)]
    lows = np.array([[np.quantile(part, PAPER_QUANTILE) for part in band] for band in parts])
    full = float(np.quantile(signed, INK_QUANTILE) - lows.min())
    if np.ptp(lows[:, [0, -1]]) > MAX_DIFFERENCE_SIDES * full or np.ptp(lows) > MAX_DIFFERENCE * full:
        return None
    near = signed[signed <= lows.min() + MAX_DIFFERENCE_SIDES * full]
    return float(np.median(near))


def _paper(signed: Floats, widest_stroke: float) -> Floats:
    """The paper under the ink, which is brighter than it here: what is no wider than a stroke is taken off."""
    small = coarse(signed, CELLS, STRIP_CELLS)
    window = max(MIN_WINDOW, round(min(widest_stroke * max(small.shape), MAX_WINDOW * min(small.shape))) | 1)
    paper = -closed(-small, window)
    return enlarged(ndimage.gaussian_filter(paper, 1.0, mode="nearest") if window > MIN_WINDOW else paper, signed.shape)


def _noise(flat: Floats, inside: Floats, zero: np.float32, inky: bool) -> float:
    """Its standard deviation, of most pixels; inky: most may be ink, so differences of neighbours count too."""
    noise = DEVIATION_BY_MEDIAN * float(np.median(np.abs(inside - zero)))
    if inky:
        apart = np.abs(np.diff(flat, axis=1)).ravel()
        smaller = np.partition(apart, apart.size // 2)[: apart.size // 2]
        noise = min(noise, float(smaller.mean()) / (LOWER_HALF_MEAN * math.sqrt(2)))
    return noise
