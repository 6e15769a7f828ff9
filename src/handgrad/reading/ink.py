"""Taking the paper away: from grey levels under any light to ink between 0 and 1."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

THIRDS = 3  # parts of a picture, down and across
EVEN, HOLLOW = 0.1, 0.6  # shares of full ink by which paper under even light may differ, at the sides and at all
COARSE = 64  # the longer side, in cells, of the small copy from which the paper is judged
FAINT = 18.0  # grey levels: what differs less from the paper is no ink
LOWER_HALF = 0.3247  # mean of the smaller half of what |a normal number| of deviation 1 can be
ROUNDING = 0.75  # grey levels: noise that rounding may hide
NOISE = 6.5  # deviations of the paper's noise that ink must stand out by
WEAK, STRONG = 0.3, 0.55  # shares of full ink: a stroke is all that is weak and joined to something strong
WHITE, DIM = np.float32(255), np.float32(50)  # grey levels of full light, and of as little as is made up for
EDGE = 0.06  # share of full ink, on grainy paper, that still belongs to a stroke's soft edge


@dataclass(frozen=True, eq=False)
class Ink:
    """amount: float32 (H, W), 0 paper to 1 full ink, 0 also where nothing belongs to a stroke.

    mask: the strokes' cores. flat: the picture with its paper levelled, in grey levels above the paper. dark: the ink
    was darker than the paper. contrast: of ink and paper in grey levels, 0 for a blank.
    """

    amount: Floats
    mask: Mask
    flat: Floats
    dark: bool
    contrast: float


def find_ink(grey: NDArray[np.uint8], widest: float) -> Ink:
    """What is written on a picture (H, W) uint8; widest: a stroke's width at most, as a share of the longer side."""
    level = grey.astype(np.float32)
    small = _coarse(level, COARSE)
    even = {dark: _even_paper(-small if dark else small) for dark in (False, True)}
    if (even[True] is None) == (even[False] is None):
        dark = is_dark_on_light(_coarse(level, COARSE // 2))
    else:
        dark = even[True] is not None
    sign, known = np.float32(-1 if dark else 1), even[dark]
    paper = _spread(_paper(sign * small, widest), level.shape) if known is None else np.full_like(level, known)
    # in a shadow ink differs less from its paper, by as much as there is less light; so does noise
    lift: Floats = np.divide(WHITE, np.maximum(-paper, DIM) if dark else np.full_like(paper, WHITE))
    flat = (sign * level - paper) * lift
    bare = flat if known is None else flat[flat <= max(0.5 * float(flat.max()), 0)]  # paper, or most of it is
    usual = np.float32(np.median(bare))
    noise = max(_noise(flat, usual, known is not None), ROUNDING * float(np.median(lift)))
    flat -= usual
    calm = ndimage.uniform_filter(flat, 3) if noise > 1 and min(grey.shape) > COARSE else flat
    peak = float(calm.max())
    clear = float((calm / lift).max()) * float(np.median(lift))
    if peak < FAINT or clear < NOISE * noise * (0.6 if calm is not flat else 1):
        return Ink(np.zeros_like(flat), np.zeros(flat.shape, bool), flat, dark, 0.0)
    contrast = _full(calm, peak)
    mask = _strokes(calm / np.float32(contrast), noise / contrast)
    low = np.float32(min(1.5 * noise, 0.5 * contrast))
    amount = ((flat - low) / (np.float32(contrast) - low)).clip(0, 1)
    amount[amount < min(EDGE, noise / contrast)] = 0
    near = ndimage.binary_dilation(mask, np.ones((3, 3), bool), iterations=max(2, round(max(grey.shape) / 600)))
    return Ink(np.where(near, amount, np.float32(0)), mask, flat, dark, contrast)


def is_dark_on_light(level: Floats) -> bool:
    """Which of two levels is the paper: most of the picture and most of its border are, under uneven light too."""
    window = 2 * (max(level.shape) // 4) + 1
    flat = level - ndimage.median_filter(level, window, mode="nearest")
    border = np.concatenate([flat[0], flat[-1], flat[:, 0], flat[:, -1]])
    middle = (flat.min() + flat.max()) / 2  # of the extremes: a small digit is less than a hundredth of its picture
    light = 0.5 * (flat > middle).mean() + 0.5 * (border > middle).mean()
    return bool(light > 0.5)


def _coarse(level: Floats, cells: int) -> Floats:
    """A copy whose longer side has at most so many cells, the other 4 at least; each the mean of what it covers."""
    from PIL import Image

    factor = max(level.shape) / cells
    if factor <= 1:
        return level
    height, width = (max(min(4, side), round(side / factor)) for side in level.shape)
    return np.asarray(Image.fromarray(level).resize((width, height), Image.Resampling.BOX))


def _paper(signed: Floats, widest: float) -> Floats:
    """The paper under the ink, which is brighter than it here: what is narrower than a stroke may be is taken off.

    A grey-scale opening (Serra 1982) that is patient with noise: a low quantile of each window, then a high one.
    """
    window = max(3, round(widest * max(signed.shape)) | 1)
    slope = _slope(signed)  # taken out meanwhile: beyond the border, paper is as bright as at it
    low = ndimage.percentile_filter(signed - slope, 15, window, mode="nearest")
    paper = ndimage.percentile_filter(low, 85, window, mode="nearest") + slope
    smooth: Floats = ndimage.gaussian_filter(np.minimum(paper, signed), 1.0, mode="nearest") if window > 5 else paper
    return smooth


def _even_paper(signed: Floats) -> float | None:
    """The level of paper under even light, which ink is brighter than; None where light, or paper, is uneven.

    Then the paper's level comes up in all parts of the left and the right, however much of the picture is ink, and
    nearly in those of the middle, where a digit may reach from top to bottom.
    """
    if min(signed.shape) < 2 * THIRDS:
        return None
    parts = [np.array_split(band, THIRDS, axis=1) for band in np.array_split(signed, THIRDS)]
    lows = np.array([[np.quantile(part, 0.02) for part in band] for band in parts])
    reach = float(np.quantile(signed, 0.99) - lows.min())
    if np.ptp(lows[:, [0, -1]]) > EVEN * reach or np.ptp(lows) > HOLLOW * reach:
        return None
    near = signed[signed <= lows.min() + EVEN * reach]
    return float(np.median(near))


def _noise(flat: Floats, usual: np.float32, inky: bool) -> float:
    """Its deviation: of most pixels from the usual level, or, where most may be ink, of neighbours from each other."""
    noise = 1.4826 * float(np.median(np.abs(flat - usual)))
    if inky:
        apart = np.abs(np.diff(flat, axis=1)).ravel()
        smaller = np.partition(apart, apart.size // 2)[: apart.size // 2]
        noise = min(noise, float(smaller.mean()) / (LOWER_HALF * math.sqrt(2)))
    return noise


def _slope(level: Floats) -> Floats:
    """A plane that slopes as the light does for most pairs of near pixels: a shadow's edge has no say (Theil 1950)."""
    height, width = level.shape
    down, right = max(1, height // 8), max(1, width // 8)
    by_row = float(np.median(level[down:] - level[:-down])) / down
    by_column = float(np.median(level[:, right:] - level[:, :-right])) / right
    plane: Floats = (by_row * np.arange(height)[:, None] + by_column * np.arange(width)).astype(np.float32)
    return plane


def _spread(small: Floats, shape: tuple[int, ...]) -> Floats:
    from PIL import Image

    return np.asarray(Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def _full(calm: Floats, peak: float) -> float:
    """The level of full ink: high among what is clearly ink, so that one glaring speck does not set it."""
    clear = calm[calm > 0.4 * peak]
    return float(np.quantile(clear, 0.9)) if clear.size else peak


def _strokes(share: Floats, noise: float) -> Mask:
    """What is weak ink at least, in one piece with strong ink."""
    weak = share > max(WEAK, min(3 * noise, STRONG))
    labels, count = ndimage.label(weak, np.ones((3, 3)))
    strong = np.zeros(count + 1, bool)
    strong[labels[share > STRONG]] = True
    strong[0] = False
    strokes: Mask = strong[labels]
    return strokes
