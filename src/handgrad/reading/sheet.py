"""The sheet on a picture: what lies around it, a table, a gutter, a scanner's lid, is no paper and has no ink.

Strokes are closed first (Serra 1982), so that only large areas remain. Where two levels remain that are far apart (Otsu
1979), the paper is one of them, and the areas of the other that run along the picture's border are not.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.coarse import coarse, enlarged

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
NEIGHBOURS = np.ones((3, 3), bool)  # a pixel touches all eight around it
WHITE = np.float32(255)

CELLS = 256  # of the copy's longer side on which the sheet is looked for
CLOSED = 0.07  # share of the longer side: what is narrower is a stroke
MIN_DIFFERENCE = 45.0  # grey levels between the paper and what lies around it
MAX_RATIO = 0.55  # of the darker level to the lighter one: a shadow is not as dark
MIN_SHEET = 0.12  # share of the picture that a sheet takes at least
MIN_WIDTH = 0.28  # of the longer side: a sheet is so wide somewhere, a stroke is not
MIN_CONTACT = 0.55  # pixels of the picture's border that an area outside touches, for each of its pixels at the sheet
MIN_STEP, EDGE = 0.6, 5  # share of the difference by which levels change within so many cells, at a sheet's edge
MIN_SHARP = 0.5  # share of an area's edge that is as sharp
INSIDE = 0.99
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
    small = coarse(level if dark else WHITE - level, CELLS)
    window = max(3, round(CLOSED * max(small.shape)) | 1)
    areas = closed(small, window)
    limit = otsu(areas)
    if limit is None:
        return None
    light = areas > limit
    bright, dim = float(np.median(areas[light])), float(np.median(areas[~light]))
    if bright - dim < MIN_DIFFERENCE or dim > MAX_RATIO * bright:
        return None
    sheet = _inside(light, areas, MIN_STEP * (bright - dim))
    if sheet is None:
        return None
    inner = ndimage.binary_erosion(sheet, NEIGHBOURS, iterations=MARGIN, border_value=1)
    whole: Mask = enlarged(inner.astype(np.float32), level.shape) > INSIDE
    return whole if whole.any() else None


def _inside(light: Mask, areas: Floats, step: float) -> Mask | None:
    """The largest area that is left without those that run along the border and end as sharply as a sheet does."""
    labels, count = ndimage.label(~light, NEIGHBOURS)
    border = np.ones(light.shape, bool)
    border[1:-1, 1:-1] = False
    touching = np.bincount(labels[border], minlength=count + 1)
    edge = ndimage.binary_dilation(light, NEIGHBOURS) & ~light
    facing = np.bincount(labels[edge], minlength=count + 1)
    sharp = ndimage.maximum_filter(areas, EDGE) - ndimage.minimum_filter(areas, EDGE) > step
    sharply = np.bincount(labels[edge & sharp], minlength=count + 1)
    outside = (touching > MIN_CONTACT * facing) & (sharply > MIN_SHARP * facing)
    outside[0] = False
    if not outside.any():
        return None
    rest, _ = ndimage.label(~outside[labels])
    sizes = np.bincount(rest.ravel())
    sizes[0] = 0
    largest: Mask = rest == int(sizes.argmax())
    if largest.mean() < MIN_SHEET:
        return None
    widest = ndimage.distance_transform_cdt(np.pad(largest & light, 1)).max()
    return largest if widest >= MIN_WIDTH / 2 * max(light.shape) else None


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
    framed = np.pad(signed, window, mode="edge")
    filled: Floats = ndimage.grey_closing(framed, (window, window))
    return filled[window:-window, window:-window]


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
    counts, edges = np.histogram(levels, bins=64)
    if np.count_nonzero(counts) < 2:
        return None
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), counts.sum() - np.cumsum(counts)
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    between[~np.isfinite(between)] = 0
    return float(edges[int(between.argmax()) + 1])
