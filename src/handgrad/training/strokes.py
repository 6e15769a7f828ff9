"""Strokes as middle lines: images thinned to them, lines drawn into them, and pens that draw them anew."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

REACH = 8  # pixels from a middle line that the widest pen covers
FAR = 127  # a squared distance beyond any pen
ALONG = 64  # points that a drawn curve consists of


def thinned(mask: Mask) -> Mask:
    """Return the middle lines of images, one pixel wide (Guo and Hall 1989, algorithm A1).

    Parameters
    ----------
    mask : bool array (N, H, W)
        Where there is ink.

    Returns
    -------
    bool array (N, H, W)
        Its middle lines.
    """
    bits = np.pad(np.packbits(mask, axis=0), ((0, 0), (1, 1), (1, 1)))  # eight images in a byte
    middle = bits[:, 1:-1, 1:-1]
    while True:
        removed = False
        for half in range(2):
            gone = _removable(bits, half)
            if gone.any():
                middle &= ~gone
                removed = True
        if not removed:
            return np.unpackbits(middle, axis=0, count=len(mask)).astype(np.bool_)


def _removable(bits: Bits, half: int) -> Bits:
    """The pixels that one half of an iteration removes; neighbours are counted clockwise from the one above."""
    n, ne, e, se, s, sw, w, nw = (
        bits[:, y : y + bits.shape[1] - 2, x : x + bits.shape[2] - 2]
        for y, x in ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    )
    first, second = ~n & (ne | e), ~e & (se | s)
    third, fourth = ~s & (sw | w), ~w & (nw | n)
    one_piece = ((first ^ second) & ~(third | fourth)) | ((third ^ fourth) & ~(first | second))
    some, all_of_them = _two_or_more(nw | n, ne | e, se | s, sw | w)
    others, all_others = _two_or_more(n | ne, e | se, s | sw, w | nw)
    kept = (n | ne | ~se) & e if half else (s | sw | ~nw) & w
    gone: Bits = bits[:, 1:-1, 1:-1] & one_piece & some & others & ~(all_of_them & all_others) & ~kept
    return gone


def _two_or_more(a: Bits, b: Bits, c: Bits, d: Bits) -> tuple[Bits, Bits]:
    return np.bitwise_or((a & b) | (c & d), (a | b) & (c | d)), np.bitwise_and(a & b, c & d)


def distances(lines: Mask) -> Floats:
    """Return how far each pixel is from the nearest line.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines.

    Returns
    -------
    float32 array (N, H, W)
        In pixels; about 11 where that is more than `REACH`.
    """
    squared = np.where(lines, np.uint8(0), np.uint8(FAR))
    for axis in (2, 1):
        nearest = squared.copy()
        for step in range(1, REACH + 1):
            for here, there in ((slice(step, None), slice(None, -step)), (slice(None, -step), slice(step, None))):
                to, source = ((slice(None),) * axis + (each,) for each in (here, there))
                np.minimum(nearest[to], squared[source] + np.uint8(step * step), out=nearest[to])
        squared = np.minimum(nearest, np.uint8(FAR))
    return np.sqrt(np.arange(FAR + 1, dtype=np.float32))[squared]


def draw_curves(lines: Mask, rows: npt.NDArray[np.integer], start: Points, control: Points, end: Points) -> None:
    """Add a quadratic curve to each of some images, in place.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines.
    rows : int array (M,)
        Which images get one.
    start, control, end : float64 array (M, 2)
        Points (x, y) of the curves; what lies outside of the image is left out.
    """
    t = np.linspace(0, 1, ALONG)[:, None, None]
    x, y = np.moveaxis(np.rint((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end).astype(int), 2, 0)
    inside = (x >= 0) & (x < lines.shape[2]) & (y >= 0) & (y < lines.shape[1])
    image = np.broadcast_to(rows, x.shape)
    lines[image[inside], y[inside], x[inside]] = True


@dataclass(frozen=True)
class Pens:
    """A pen for each of N images.

    Parameters
    ----------
    radius : float32 array (N,)
        Half the width of the stroke, in pixels.
    edge : float32 array (N,)
        Width over which ink falls off at the stroke's edge, in pixels.
    """

    radius: Floats
    edge: Floats

    def draw(self, lines: Mask) -> Floats:
        """Return the ink that the pens leave along lines.

        Parameters
        ----------
        lines : bool array (N, H, W)
            Middle lines, one image a pen.

        Returns
        -------
        float32 array (N, H, W)
            From 0 to 1.
        """
        radius, edge = self.radius[:, None, None], self.edge[:, None, None]
        return ((radius - distances(lines)) / edge + np.float32(0.5)).clip(0, 1)
