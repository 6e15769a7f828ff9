"""What is written on a picture: strokes that stand out of the paper's noise, each judged by its own contrast."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.masks import NEIGHBOURS, Mask, dilated, eroded
from handgrad.reading.paper import Levelled
from handgrad.reading.windows import highest, lowest

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]

MIN_CONTRAST = 18.0  # grey levels: what differs less from the paper is no ink
GRAINY = 1.0  # grey levels of noise above which a large picture is smoothed
LARGE = 64  # pixels of a side from which it is large
MIN_SIGNAL = 6.5  # standard deviations of the noise that ink must stand out by
SMOOTHING_GAIN = 0.6  # share of MIN_SIGNAL that is enough once the picture is smoothed
WEAK_NOISE = 3.0  # standard deviations of the noise that weak ink must exceed

# Shares of full ink, which is each stroke's own.
FULL_QUANTILE = 0.8  # full ink is this quantile of a stroke's levels
WEAK = 0.4  # a stroke is all that exceeds this share
FAINT = 0.12  # of the peak of the picture: a stroke whose full ink is less is none
STRONGER = 2.0  # times the least full ink: what stands out of a faint stroke
LOCAL, LOCAL_SHARE = 0.75, 30  # full ink is at least such a share of the peak near by: the shorter side divided by this
# Of full ink, by which levels change near a stroke's edge: within the shorter side divided by this.
MIN_SHARPNESS, SHARP_SHARE = 0.4, 150
BROAD, AS_SHARP = 2.0, 0.6  # times the median width from which a stroke is broad; of others' sharpness, what it needs
NOISE_RANGE = 1.7  # standard deviations of the noise: by about so much smoothed paper differs within that reach
BLUR, WIDEST = 0.2, 0.15  # widths of a stroke within which a blurred edge may lie; of a side, that width at most
MAX_EDGE = 0.5  # of a stroke's pixels that lie at the sheet's edge
EDGE = 0.06  # what is fainter does not belong to a stroke's soft edge, on grainy paper
ZERO_NOISE, ZERO_MOST = 1.5, 0.5  # ink begins at so many standard deviations of the noise, at most at this share

SOFT_EDGE = 2  # pixels beside ink that is left out
MIN_MARGIN, MARGIN_SHARE = 2, 450  # pixels of soft edge around a stroke: 2, or the shorter side divided by this


@dataclass(frozen=True, eq=False)
class Ink:
    """What is written on a picture.

    Parameters
    ----------
    amount : numpy.ndarray
        Float32 (H, W), from 0 for paper to 1 for full ink; 0 also for whatever does not belong to a stroke.
    mask : numpy.ndarray
        Bool (H, W), the cores of the strokes.
    faint : numpy.ndarray
        Bool (H, W), the same with what is faint beside stronger strokes, as printed lines are.
    flat : numpy.ndarray
        Float32 (H, W), the picture with its paper levelled, in grey levels above the paper.
    dark : bool
        Whether the ink is darker than the paper.
    contrast : float
        Difference between ink and paper in grey levels, at its largest; 0 for a blank.
    """

    amount: Floats
    mask: Mask
    faint: Mask
    flat: Floats
    dark: bool
    contrast: float


def find_ink(levelled: Levelled, blurred: bool = False) -> Ink:
    """Return what is written on a picture.

    Parameters
    ----------
    levelled : Levelled
        The picture without its paper.
    blurred : bool
        Whether the edges of strokes may be soft, as on a picture out of focus or made larger than it was.

    Returns
    -------
    Ink
        The ink; its contrast is 0 where there is none.
    """
    grainy = levelled.noise > GRAINY and min(levelled.flat.shape) > LARGE
    flat = ndimage.uniform_filter(levelled.flat, 3) if grainy else levelled.flat
    peak = float(flat.max())
    if peak < MIN_CONTRAST or not _stands_out(flat, levelled, SMOOTHING_GAIN if grainy else 1):
        return _no_ink(levelled)
    weak = max(MIN_CONTRAST / 2, WEAK_NOISE * levelled.noise, FAINT * peak)
    labels, count = ndimage.label(flat > min(weak, peak / 2), NEIGHBOURS)
    labels, full = _without_faint(flat, labels, _full_ink(flat, labels, count), max(FAINT * peak, MIN_CONTRAST, weak))
    own = np.maximum(full[labels], LOCAL * _local_peak(flat))
    margin = max(MIN_MARGIN, round(min(flat.shape) / MARGIN_SHARE))
    mask = flat > WEAK * own
    mask &= _strokes(flat, mask, own, margin, levelled, blurred)
    if not mask.any():
        return _no_ink(levelled)
    near = highest(np.where(mask, own, np.float32(0)), 2 * margin + 1)
    return Ink(
        _amount(levelled, near),
        mask,
        mask | (flat > WEAK * full[labels]),
        levelled.flat,
        levelled.dark,
        float(own[mask].max()),
    )


def erased(levelled: Levelled, ink: Ink, some: Mask) -> Levelled:
    """Return a picture without some of its ink.

    Parameters
    ----------
    levelled : Levelled
        The picture without its paper.
    ink : Ink
        All its ink.
    some : numpy.ndarray
        Bool (H, W), the ink to leave out, with its soft edge where no other ink is.

    Returns
    -------
    Levelled
        The same with paper instead.
    """
    near = dilated(some, SOFT_EDGE) & (some | ~ink.mask)
    return replace(levelled, flat=np.where(near, np.float32(0), levelled.flat))


def with_part(ink: Ink, other: Ink, where: Mask) -> Ink:
    """Return the ink of a picture, in a part of it as it was found at another time.

    Parameters
    ----------
    ink, other : Ink
        The ink of one picture, found twice.
    where : numpy.ndarray
        Bool (H, W), where the other one holds.

    Returns
    -------
    Ink
        Both; the contrast is that of the first.
    """
    return replace(
        ink, amount=np.where(where, other.amount, ink.amount), mask=np.where(where, other.mask, ink.mask),
        faint=np.where(where, other.faint, ink.faint),
    )  # fmt: skip


def _no_ink(levelled: Levelled) -> Ink:
    nothing = np.zeros(levelled.flat.shape, bool)
    return Ink(nothing.astype(np.float32), nothing, nothing, levelled.flat, levelled.dark, 0.0)


def _stands_out(flat: Floats, levelled: Levelled, share: float) -> bool:
    """Whether the brightest pixel exceeds the noise by so much that it is ink; in a shadow, without the gain there."""
    clear = float((flat / levelled.gain).max()) * float(np.median(levelled.gain))
    return clear >= MIN_SIGNAL * levelled.noise * share


def _full_ink(flat: Floats, labels: Labels, count: int) -> Floats:
    """The level of full ink of each stroke (count + 1,): high in it, so that one glaring speck does not set it."""
    inked = np.flatnonzero(labels)
    of, levels = labels.ravel()[inked], flat.ravel()[inked]
    order = np.lexsort((levels, of))
    sizes = np.bincount(of, minlength=count + 1)
    last = np.cumsum(sizes)
    place = np.maximum(last - 1 - ((1 - FULL_QUANTILE) * sizes).astype(int), 0)
    full: Floats = levels[order][np.minimum(place, len(order) - 1)].astype(np.float32)
    return full


def _without_faint(flat: Floats, labels: Labels, full: Floats, least: float) -> tuple[Labels, Floats]:
    """Strokes and their full ink, infinite for those that are fainter than the least.

    Strokes that lie on a faint grid are one piece with it: what stands out of a faint piece is a stroke of its own.
    """
    faint = full < least
    faint[0] = True
    strong = faint[labels] & (flat > STRONGER * least)
    parts, count = ndimage.label(strong, NEIGHBOURS)
    if not count:
        return labels, np.where(faint, np.float32(np.inf), full)
    own = np.concatenate([np.where(faint, np.float32(np.inf), full), _full_ink(flat, parts, count)[1:]])
    return np.where(strong, parts + len(full) - 1, labels), own


def _local_peak(flat: Floats) -> Floats:
    """The strongest ink near each place, which faint lines that touch it are no part of."""
    window = max(3, round(min(flat.shape) / LOCAL_SHARE)) | 1
    smooth = ndimage.uniform_filter(flat, 3) if window > 3 else flat
    return highest(smooth, window)


def _strokes(flat: Floats, mask: Mask, own: Floats, margin: int, levelled: Levelled, blurred: bool) -> Mask:
    """The ink whose outline is as sharp as a stroke's, as a soft shadow's is not, and which is not the sheet's edge."""
    edge, noise = levelled.edge, NOISE_RANGE * levelled.noise
    if edge is None or not mask.any():
        return mask
    labels, count = ndimage.label(mask, NEIGHBOURS)
    outline = np.where(mask & ~eroded(mask), labels, 0)
    sizes, outer, around = (np.bincount(each.ravel(), minlength=count + 1) for each in (labels, labels * edge, outline))
    reach = max(margin, round(min(flat.shape) / SHARP_SHARE))
    wide = 2 * sizes / np.maximum(around, 1)
    rise, broad = _rise(flat, own, outline, count, reach, noise), wide > BROAD * _weighted_median(wide[1:], around[1:])
    broad[0] = True
    usual = float(rise[~broad].sum()) / max(int(around[~broad].sum()), 1)
    sharp = rise > np.where(broad, max(MIN_SHARPNESS, AS_SHARP * usual), MIN_SHARPNESS) * around
    soft = blurred & ~sharp & (wide * BLUR > reach) & (wide < WIDEST * min(flat.shape))
    places = ndimage.find_objects(labels) if soft[1:].any() else []
    for label in np.flatnonzero(soft[1:]) + 1:
        here = tuple(slice(max(each.start - reach, 0), each.stop + reach) for each in places[label - 1])
        alone = (outline[here] == label).astype(np.int32)
        its_rise = _rise(flat[here], own[here], alone, 1, round(wide[label] * BLUR), noise)[1]
        sharp[label] = its_rise > MIN_SHARPNESS * alone.sum()
    sharp[0] = False
    strokes: Mask = (sharp & (outer < MAX_EDGE * sizes))[labels]
    return strokes


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.int_]) -> float:
    """The value below which those with half of the weight are."""
    order = values.argsort()
    return float(values[order[np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)]])


def _rise(flat: Floats, own: Floats, outline: Labels, count: int, reach: int, noise: float) -> NDArray[np.float64]:
    """By what share of full ink levels change within a reach, more than by noise, summed over each piece's outline."""
    window = 2 * reach + 1
    rise = highest(flat, window) - lowest(flat, window) - np.float32(noise)
    at = outline > 0
    shares = (rise[at] / own[at]).clip(0, 2)
    return np.bincount(outline[at], shares, minlength=count + 1).astype(np.float64)


def _amount(levelled: Levelled, full: Floats) -> Floats:
    """Ink from 0 to 1 where there is full ink near."""
    there = full > 0
    zero = np.minimum(np.float32(ZERO_NOISE * levelled.noise), np.float32(ZERO_MOST) * full)
    span = np.where(there, full - zero, np.float32(1))
    amount: Floats = np.where(there, (levelled.flat - zero) / span, np.float32(0)).clip(0, 1)
    amount[amount * full < np.minimum(np.float32(EDGE) * full, np.float32(levelled.noise))] = 0
    return amount
