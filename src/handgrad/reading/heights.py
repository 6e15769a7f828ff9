"""How high digits are: the height of most pieces of ink that may be digits."""

from functools import cached_property
from statistics import median

import numpy as np
from scipy import ndimage

from handgrad.reading.boxes import Slices
from handgrad.reading.masks import NEIGHBOURS, Mask, eroded

# What may be digits that touch.
MAX_HEIGHT, SPARE = 6, 8  # widths, with some pixels to spare
MOST_IN_ONE = 10
TALLER, ABOUT = 1.6, 1.5  # exponent of the height that a piece counts by; factor within which heights are one
BLOT, BAR = 0.28, 0.27  # of its shorter side, the stroke of a blot, unless that is a bar as a 1 is: width over height


class Pieces:
    """Connected ink, labelled and measured once.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W), where there is ink.
    """

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.labels, self.count = ndimage.label(mask, NEIGHBOURS)
        self.places: list[Slices] = ndimage.find_objects(self.labels)

    @cached_property
    def size(self) -> float:
        """The height of digits among it, in pixels."""
        outline = self.labels * ~eroded(self.mask)
        ink, edge = (np.bincount(each.ravel(), minlength=self.count + 1)[1:] for each in (self.labels, outline))
        return digit_height([
            (rows.stop - rows.start, columns.stop - columns.start, 2 * n / max(m, 1))  # the mean width of its strokes
            for (rows, columns), n, m in zip(self.places, ink.tolist(), edge.tolist(), strict=True)
        ])  # fmt: skip


def digit_height(sizes: list[tuple[int, int, float]]) -> float:
    """Return the height of most ink that may be digits: the one near which most pieces are, the taller counting more.

    Parameters
    ----------
    sizes : list of tuple
        Height, width and stroke width of each piece, in pixels.

    Returns
    -------
    float
        Pixels; dust, of which there may be much, has little weight, and so have lines. A wide piece counts as several,
        a blot as nothing.
    """
    written = [(h, w) for h, w, stroke in sizes if stroke < BLOT * min(h, w) or w < BAR * h]
    upright = [(h, min(max(w / h, 1), MOST_IN_ONE)) for h, w in written if h < MAX_HEIGHT * w + SPARE]
    heights, counts = np.array(sorted(upright or [(h, 1) for h, _, _ in sizes]), float).T
    votes = np.cumsum(np.append(0, heights**TALLER * counts))
    low = np.searchsorted(heights, heights / ABOUT, "left")
    high = np.searchsorted(heights, heights * ABOUT, "right")
    best = int((votes[high] - votes[low]).argmax())
    within = slice(int(low[best]), int(high[best]))
    return float(median(np.repeat(heights[within], counts[within].astype(int)).tolist()))
