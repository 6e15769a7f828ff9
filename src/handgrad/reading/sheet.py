"""The sheet on a picture: what lies around it, a table, a gutter, a scanner's lid, is no paper and has no ink.

Strokes are closed first (Serra 1982), so that only large areas remain. Where two levels remain that are far apart (Otsu
1979), the paper is one of them, and the areas of the other that run along the picture's border are not.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.coarse import coarse, enlarged
from handgrad.reading.masks import NEIGHBOURS, Mask, dilated, eroded
from handgrad.reading.windows import highest, lowest

Floats = NDArray[np.float32]
WHITE = np.float32(255)

LEAST = 40  # pixels of the longer side from which a sheet is looked for: a smaller picture shows paper alone
CELLS = 256  # of the copy's longer side on which the sheet is looked for
CLOSED = 0.07  # share of the longer side: what is narrower is a stroke
MIN_DIFFERENCE = 45.0  # grey levels between the paper and what lies around it
MAX_RATIO = 0.55  # of the darker level to the lighter one: a shadow is not as dark
MAX_GRAINY = 0.75  # the same, where the darker area has grain
GRAIN, GRAINIER = 0.03, 4.0  # median deviation near by, over the level: least for grain, and least ratio to the paper's
NEAR = 5  # cells: side of the window with whose mean a cell is compared
MIN_SHEET = 0.12  # share of the picture that a sheet takes at least
MIN_WIDTH = 0.28  # of the longer side: a sheet is so wide somewhere, a stroke is not
MIN_CONTACT = 0.55  # pixels of the picture's border that an area outside touches, for each of its pixels at the sheet
MIN_STEP, EDGE = 0.6, 5  # share of the difference by which levels change within so many cells, at a sheet's edge
MIN_SHARP = 0.5  # share of an area's edge that is as sharp
MAX_SOFT = 0.5  # share of a shadow's edge that is as sharp, at most
MIN_SHADED = 0.12  # share of the picture that paper in a shadow takes at least, which is a level of its own
INSIDE = 0.99
BINS = 64  # of the histogram of levels
MARGIN = 1  # cells beside the sheet's edge that are left out too


def find_sheet(level: Floats, dark: bool) -> Mask | None:
    """Return where the paper is.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels, float32 (H, W), 0 to 255.
    dark : bool
        Whether ink is darker than the paper; a board is darker than its chalk.

    Returns
    -------
    numpy.ndarray or None
        Bool (H, W); None where the whole picture is paper.
    """
    if max(level.shape) < LEAST:
        return None
    small = coarse(level if dark else WHITE - level, CELLS)
    window = max(3, round(CLOSED * max(small.shape)) | 1)
    areas = closed(small, window)
    if float(areas.max()) - float(areas.min()) < MIN_DIFFERENCE:
        return None
    limit = otsu(areas)
    assert limit is not None
    sheet = _lighter(areas, small, limit)
    if sheet is None:  # a shadow may lie on the sheet
        below = otsu(areas[areas <= limit])
        if below is not None and ((areas > below) & (areas <= limit)).mean() > MIN_SHADED:
            sheet = _lighter(areas, small, below)
    if sheet is None:
        return None
    whole: Mask = enlarged(eroded(sheet, MARGIN).astype(np.float32), level.shape) > INSIDE
    return whole if whole.any() else None


def _lighter(areas: Floats, level: Floats, limit: float) -> Mask | None:
    """The sheet, if it is what is lighter than a limit.

    How dark the rest is, its own levels say: closing brings the grain of a table to its lightest streaks.
    """
    light = _with_shadow(areas, areas > limit)
    if not _is_wide(light) or light.all():
        return None
    bright, dim = (float(np.median(areas[part])) for part in (light, ~light))
    return _inside(light, areas, MIN_STEP * (bright - dim)) if _far_apart(level, light) else None


def _with_shadow(areas: Floats, light: Mask) -> Mask:
    """The lighter areas with those of what is darker that pass into them softly, as a shadow on a sheet does."""
    below = otsu(areas[~light]) if not light.all() else None
    if below is None or not _is_wide(areas > below):  # no sheet, with the shadow or without
        return light
    shade = (areas > below) & ~light
    labels, count = ndimage.label(shade, NEIGHBOURS)
    step = MIN_STEP * float(np.median(areas[light]) - np.median(areas[shade]))
    edge = shade & dilated(light)
    facing = np.bincount(labels[edge], minlength=count + 1)
    sharp = highest(areas, EDGE) - lowest(areas, EDGE) > step
    sharply = np.bincount(labels[edge & sharp], minlength=count + 1)
    soft = (facing > 0) & (sharply < MAX_SOFT * facing)
    soft[0] = False
    passed: Mask = light | soft[labels]
    return passed


def _far_apart(level: Floats, light: Mask) -> bool:
    """Whether levels differ as paper and what is around it; less is enough with a table's grain, which shadows lack."""
    grain = np.abs(level - ndimage.uniform_filter(level, NEAR))
    bright, dim, smooth, rough = (float(np.median(of[part])) for of in (level, grain) for part in (light, ~light))
    is_grainy = rough > GRAIN * dim and rough * bright > GRAINIER * smooth * dim
    return bright - dim >= MIN_DIFFERENCE and dim <= (MAX_GRAINY if is_grainy else MAX_RATIO) * bright


def _inside(light: Mask, areas: Floats, step: float) -> Mask | None:
    """The largest area that is left without those that run along the border and end as sharply as a sheet does."""
    labels, count = ndimage.label(~light, NEIGHBOURS)
    border = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    touching = np.bincount(border, minlength=count + 1)
    if touching[0] == len(border):
        return None
    edge = dilated(light) & ~light
    facing = np.bincount(labels[edge], minlength=count + 1)
    sharp = highest(areas, EDGE) - lowest(areas, EDGE) > step
    sharply = np.bincount(labels[edge & sharp], minlength=count + 1)
    outside = (touching > MIN_CONTACT * facing) & (sharply > MIN_SHARP * facing)
    outside[0] = False
    if not outside.any():
        return None
    rest, _ = ndimage.label(~outside[labels])
    sizes = np.bincount(rest.ravel())
    sizes[0] = 0
    largest: Mask = rest == int(sizes.argmax())
    return largest if largest.mean() >= MIN_SHEET and _is_wide(largest & light) else None


def _is_wide(light: Mask) -> bool:
    """Whether light areas are somewhere as wide as a sheet."""
    framed = np.zeros((light.shape[0] + 2, light.shape[1] + 2), bool)
    framed[1:-1, 1:-1] = light
    widest = ndimage.distance_transform_cdt(framed).max()
    return bool(widest >= MIN_WIDTH / 2 * max(light.shape))


def closed(signed: Floats, window: int) -> Floats:
    """Return levels with all dark features filled that are narrower than a window.

    Parameters
    ----------
    signed : numpy.ndarray
        Levels, float32 (H, W).
    window : int
        The window's side in pixels, odd.

    Returns
    -------
    numpy.ndarray
        Float32 (H, W). Beyond the border lies the nearest pixel: what runs along the border is wide.
    """
    rows, columns = (np.arange(-window, side + window) for side in signed.shape)
    framed = signed.take(rows, axis=0, mode="clip").take(columns, axis=1, mode="clip")
    return lowest(highest(framed, window), window)[window:-window, window:-window]


def otsu(levels: Floats) -> float | None:
    """Return the limit that parts levels into two groups with the least spread within each.

    Parameters
    ----------
    levels : numpy.ndarray
        Float32, of any shape.

    Returns
    -------
    float or None
        None where there is one level only. (Otsu 1979, "A Threshold Selection Method from Gray-Level Histograms".)
    """
    low, high = float(levels.min()), float(levels.max())
    if low == high:
        return None
    step = (high - low) / BINS
    counts = np.bincount(((levels.ravel() - low) / step).astype(np.intp).clip(0, BINS - 1), minlength=BINS)
    below = np.cumsum(counts)
    above = levels.size - below
    sums = np.cumsum(counts * (low + step * (np.arange(BINS) + 0.5)))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    between[~np.isfinite(between)] = 0
    return low + step * (int(between.argmax()) + 1)
