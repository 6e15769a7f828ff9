"""Taking the paper away: from grey levels under any light to ink between 0 and 1.

`find_ink` goes in steps. It finds out whether ink is darker or lighter than the paper, estimates the paper under the
ink, subtracts it, and measures the noise that remains. What stands out of that noise is ink.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
NEIGHBOURS = np.ones((3, 3), bool)  # a pixel touches all eight around it

# The paper is judged on a small copy of the picture.
COARSE_SIDE = 64  # cells of the small copy's longer side
MIN_CELLS = 4  # of its shorter side
POLARITY_WINDOW = 4  # the longer side divided by this: half the window whose median is the paper
SLOPE_STEP = 8  # a side divided by this: the distance over which the slope of the light is measured
MIN_WINDOW, SMOOTHED_WINDOW = 3, 5  # cells: of the opening, and above which the paper is smoothed
LOW_PERCENTILE, HIGH_PERCENTILE = 15, 85  # in place of the minimum and maximum of an opening

# Paper under even light has nearly the same level everywhere.
PARTS = 3  # of a picture, down and across
PAPER_QUANTILE, INK_QUANTILE = 0.02, 0.99  # levels of a part that count as its paper, and of a picture as its ink
MAX_DIFFERENCE_SIDES, MAX_DIFFERENCE = 0.1, 0.6  # between parts, as shares of full ink: left and right, and anywhere
BARE = 0.5  # share of the largest difference from the paper up to which a pixel may be paper

# Grey levels.
WHITE, DIM = np.float32(255), np.float32(50)  # full light, and the least light that is made up for
MIN_CONTRAST = 18.0  # what differs less from the paper is no ink
ROUNDING = 0.75  # noise that rounding may hide

# Noise.
DEVIATION_BY_MEDIAN = 1.4826  # standard deviation of normal noise over its median absolute deviation
LOWER_HALF_MEAN = 0.3247  # mean of the smaller half of |x| for x normal with standard deviation 1
GRAINY = 1.0  # grey levels of noise above which a large picture is smoothed
MIN_SIGNAL = 6.5  # standard deviations of the noise that ink must stand out by
SMOOTHING_GAIN = 0.6  # share of MIN_SIGNAL that is enough once the picture is smoothed

# Shares of full ink.
CLEAR, FULL_QUANTILE = 0.4, 0.9  # ink is clear from this share of the peak on; full ink is this quantile of clear ink
WEAK, STRONG = 0.3, 0.55  # a stroke is all that is weak and joined to something strong
WEAK_NOISE = 3.0  # standard deviations of the noise that weak ink must exceed
EDGE = 0.06  # what is fainter does not belong to a stroke's soft edge, on grainy paper
ZERO_NOISE, ZERO_MOST = 1.5, 0.5  # ink begins at so many standard deviations of the noise, at most at this share

MIN_MARGIN, MARGIN_SHARE = 2, 600  # pixels of soft edge around a stroke: the longer side divided by 600, 2 at least


@dataclass(frozen=True, eq=False)
class Ink:
    """What is written on a picture.

    Parameters
    ----------
    amount : numpy.ndarray
        Float32 (H, W), from 0 for paper to 1 for full ink; 0 also for whatever does not belong to a stroke.
    mask : numpy.ndarray
        Bool (H, W), the cores of the strokes.
    flat : numpy.ndarray
        Float32 (H, W), the picture with its paper levelled, in grey levels above the paper.
    dark : bool
        Whether the ink is darker than the paper.
    contrast : float
        Difference between ink and paper in grey levels; 0 for a blank.
    """

    amount: Floats
    mask: Mask
    flat: Floats
    dark: bool
    contrast: float


@dataclass(frozen=True, eq=False)
class _Levelled:
    """A picture whose paper is at 0 and whose ink is above it; gain (H, W) is what it was multiplied by."""

    flat: Floats
    gain: Floats
    dark: bool
    noise: float


def find_ink(grey: NDArray[np.uint8], widest_stroke: float) -> Ink:
    """Return what is written on a picture.

    Parameters
    ----------
    grey : numpy.ndarray
        Grey levels, uint8 (H, W).
    widest_stroke : float
        The greatest width of a stroke, as a share of the picture's longer side.

    Returns
    -------
    Ink
        The ink; its contrast is 0 where there is none.
    """
    levelled = _level_paper(grey.astype(np.float32), widest_stroke)
    grainy = levelled.noise > GRAINY and min(grey.shape) > COARSE_SIDE
    flat = ndimage.uniform_filter(levelled.flat, 3) if grainy else levelled.flat
    peak = float(flat.max())
    if peak < MIN_CONTRAST or not _stands_out(flat, levelled, SMOOTHING_GAIN if grainy else 1):
        return Ink(np.zeros_like(flat), np.zeros(flat.shape, bool), levelled.flat, levelled.dark, 0.0)
    contrast = _full_ink(flat, peak)
    mask = _strokes(flat / np.float32(contrast), levelled.noise / contrast)
    margin = max(MIN_MARGIN, round(max(grey.shape) / MARGIN_SHARE))
    near = ndimage.binary_dilation(mask, NEIGHBOURS, iterations=margin)
    amount = np.where(near, _amount(levelled, contrast), np.float32(0))
    return Ink(amount, mask, levelled.flat, levelled.dark, contrast)


def _level_paper(level: Floats, widest_stroke: float) -> _Levelled:
    """The picture without its paper, brightened in shadows, where ink and noise are weaker by as much as the light."""
    small = _coarse(level, COARSE_SIDE)
    dark, even = _polarity(level, small)
    sign = np.float32(-1 if dark else 1)
    paper = _paper(sign * small, widest_stroke, level.shape) if even is None else np.full_like(level, even)
    gain: Floats = np.divide(WHITE, np.maximum(-paper, DIM) if dark else np.full_like(paper, WHITE))
    flat = (sign * level - paper) * gain
    bare = flat if even is None else flat[flat <= max(BARE * float(flat.max()), 0)]  # paper, or most of it is
    zero = np.float32(np.median(bare))
    noise = max(_noise(flat, zero, even is not None), ROUNDING * float(np.median(gain)))
    flat -= zero
    return _Levelled(flat, gain, dark, noise)


def _polarity(level: Floats, small: Floats) -> tuple[bool, float | None]:
    """Whether ink is dark, and the level of paper under even light, where only one polarity makes the light even."""
    if_dark, if_light = _even_paper(-small), _even_paper(small)
    if (if_dark is None) == (if_light is None):
        dark = _is_dark_on_light(_coarse(level, COARSE_SIDE // 2))
    else:
        dark = if_dark is not None
    return dark, if_dark if dark else if_light


def _is_dark_on_light(level: Floats) -> bool:
    """Which of two levels is the paper: most of the picture and most of its border are, under uneven light too."""
    window = 2 * (max(level.shape) // POLARITY_WINDOW) + 1
    flat = level - ndimage.median_filter(level, window, mode="nearest")
    border = np.concatenate([flat[0], flat[-1], flat[:, 0], flat[:, -1]])
    middle = (flat.min() + flat.max()) / 2  # of the extremes: a small digit is less than a hundredth of its picture
    light = 0.5 * (flat > middle).mean() + 0.5 * (border > middle).mean()
    return bool(light > 0.5)


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


def _paper(signed: Floats, widest_stroke: float, shape: tuple[int, ...]) -> Floats:
    """The paper under the ink, which is brighter than it here: what is no wider than a stroke is taken off.

    A grey-scale opening (Serra 1982) that tolerates noise: a low percentile of each window, then a high one.
    """
    window = max(MIN_WINDOW, round(widest_stroke * max(signed.shape)) | 1)
    slope = _slope(signed)  # taken out meanwhile: beyond the border, paper is as bright as at it
    low = ndimage.percentile_filter(signed - slope, LOW_PERCENTILE, window, mode="nearest")
    paper = ndimage.percentile_filter(low, HIGH_PERCENTILE, window, mode="nearest") + slope
    if window > SMOOTHED_WINDOW:
        paper = ndimage.gaussian_filter(np.minimum(paper, signed), 1.0, mode="nearest")
    return _enlarged(paper, shape)


def _slope(level: Floats) -> Floats:
    """A plane that slopes as the light does for most pairs of near pixels (Theil 1950): a shadow's edge has no say."""
    height, width = level.shape
    down, right = max(1, height // SLOPE_STEP), max(1, width // SLOPE_STEP)
    by_row = float(np.median(level[down:] - level[:-down])) / down
    by_column = float(np.median(level[:, right:] - level[:, :-right])) / right
    plane: Floats = (by_row * np.arange(height)[:, None] + by_column * np.arange(width)).astype(np.float32)
    return plane


def _coarse(level: Floats, cells: int) -> Floats:
    """A copy whose longer side has at most so many cells; each is the mean of what it covers."""
    from PIL import Image

    factor = max(level.shape) / cells
    if factor <= 1:
        return level
    height, width = (max(min(MIN_CELLS, side), round(side / factor)) for side in level.shape)
    return np.asarray(Image.fromarray(level).resize((width, height), Image.Resampling.BOX))


def _enlarged(small: Floats, shape: tuple[int, ...]) -> Floats:
    from PIL import Image

    return np.asarray(Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def _noise(flat: Floats, zero: np.float32, inky: bool) -> float:
    """Its standard deviation, of most pixels; inky: most may be ink, so differences of neighbours count too."""
    noise = DEVIATION_BY_MEDIAN * float(np.median(np.abs(flat - zero)))
    if inky:
        apart = np.abs(np.diff(flat, axis=1)).ravel()
        smaller = np.partition(apart, apart.size // 2)[: apart.size // 2]
        noise = min(noise, float(smaller.mean()) / (LOWER_HALF_MEAN * math.sqrt(2)))
    return noise


def _stands_out(flat: Floats, levelled: _Levelled, share: float) -> bool:
    """Whether the brightest pixel exceeds the noise by so much that it is ink; in a shadow, without the gain there."""
    clear = float((flat / levelled.gain).max()) * float(np.median(levelled.gain))
    return clear >= MIN_SIGNAL * levelled.noise * share


def _full_ink(flat: Floats, peak: float) -> float:
    """The level of full ink: high among what is clearly ink, so that one glaring speck does not set it."""
    clear = flat[flat > CLEAR * peak]
    return float(np.quantile(clear, FULL_QUANTILE)) if clear.size else peak


def _strokes(share: Floats, noise: float) -> Mask:
    """Whatever is weak ink at least and connected to strong ink; both arguments are shares of full ink."""
    weak = share > max(WEAK, min(WEAK_NOISE * noise, STRONG))
    labels, count = ndimage.label(weak, NEIGHBOURS)
    strong = np.zeros(count + 1, bool)
    strong[labels[share > STRONG]] = True
    strong[0] = False
    strokes: Mask = strong[labels]
    return strokes


def _amount(levelled: _Levelled, contrast: float) -> Floats:
    """Ink from 0 to 1, in strokes and elsewhere."""
    zero = np.float32(min(ZERO_NOISE * levelled.noise, ZERO_MOST * contrast))
    amount: Floats = ((levelled.flat - zero) / (np.float32(contrast) - zero)).clip(0, 1)
    amount[amount < min(EDGE, levelled.noise / contrast)] = 0
    return amount
