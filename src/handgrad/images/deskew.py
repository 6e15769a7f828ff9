"""Setting slanted writing upright: a shear that a few sums of ink give, so that the network need not learn slants."""

from typing import Any

import numpy as np
import numpy.typing as npt

CHUNK = 2000  # images sheared at a time: bounds the memory of the intermediate arrays


def deskew(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Images (N, H, W, C) uint8, bright ink on dark, each sheared along its rows until the ink stands upright.

    With m the moments of the ink about its centre, the axis of the writing leans by m_xy / m_yy columns a row; each row
    is moved back by that lean times its distance from the centre (LeCun et al. 1998, "Gradient-Based Learning Applied
    to Document Recognition", section III.A, deslants its images the same way). An image without ink stays as it is.
    """
    out = np.empty_like(pixels)
    for first in range(0, len(pixels), CHUNK):
        out[first : first + CHUNK] = _deskew(pixels[first : first + CHUNK])
    return out


def _deskew(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    n, height, width, channels = pixels.shape
    moves = _lean(pixels.sum(axis=3, dtype=np.float64))
    places = np.arange(width) + moves[:, :, None]  # (N, H, W): the column that each output pixel comes from
    left = np.floor(places).astype(np.int64).clip(-1, width)
    part = (places - left).clip(0, 1)[..., None].astype(np.float32)
    framed = np.pad(pixels, ((0, 0), (0, 0), (1, 2), (0, 0))).astype(np.float32)
    rows = np.arange(n)[:, None, None], np.arange(height)[None, :, None]
    mixed = (1 - part) * framed[(*rows, left + 1)] + part * framed[(*rows, left + 2)]
    upright: npt.NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return upright.reshape(n, height, width, channels)


def _lean(ink: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """How many columns to the right each row (N, H) of the ink (N, H, W) has slid."""
    _, height, width = ink.shape
    y, x = np.arange(height), np.arange(width)
    total = np.maximum(ink.sum(axis=(1, 2)), 1)
    by_row, by_column = ink.sum(axis=2), ink.sum(axis=1)
    middle_y, middle_x = by_row @ y / total, by_column @ x / total
    m_yy = by_row @ y**2 / total - middle_y**2
    m_xy = np.einsum("nij,i,j->n", ink, y, x, optimize=True) / total - middle_y * middle_x
    lean = np.where(m_yy > 1e-6, m_xy / np.maximum(m_yy, 1e-6), 0.0)
    slid: npt.NDArray[Any] = lean[:, None] * (y - middle_y[:, None])
    return slid
