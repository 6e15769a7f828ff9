"""Shear slanted digits upright, so that a network need not learn the slant of each hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 2000  # images sheared at a time: bounds the memory of the intermediate arrays


def deskew(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shear slanted digits upright.

    The moments of the ink about its centre tell how far the writing leans: by m_xy / m_yy columns a row. Each row is
    moved back by that lean times its distance from the centre, with linear interpolation between columns. An image
    without ink stays as it is.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (N, H, W, C)
        Images with bright ink on a dark ground.

    Returns
    -------
    ndarray of uint8, shape (N, H, W, C)
        The upright images, in an array of their own.

    Notes
    -----
    Y. LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998, section III.A, deslants its images
    the same way.
    """
    out = np.empty_like(pixels)
    for first in range(0, len(pixels), CHUNK):
        out[first : first + CHUNK] = _deskew(pixels[first : first + CHUNK])
    return out


def _deskew(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    n, height, width, channels = pixels.shape
    offsets = _row_offsets(pixels.sum(axis=3, dtype=np.float64))
    source = np.arange(width) + offsets[:, :, None]  # (N, H, W): the column that each output pixel comes from
    left = np.floor(source).astype(np.int64).clip(-1, width)
    weight = (source - left).clip(0, 1)[..., None].astype(np.float32)  # of the right one of two neighbours
    padded = np.pad(pixels, ((0, 0), (0, 0), (1, 2), (0, 0))).astype(np.float32)
    rows = np.arange(n)[:, None, None], np.arange(height)[None, :, None]
    mixed = (1 - weight) * padded[(*rows, left + 1)] + weight * padded[(*rows, left + 2)]
    upright: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return upright.reshape(n, height, width, channels)


def _row_offsets(ink: NDArray[Any]) -> NDArray[Any]:
    """How many columns to the right the slant has moved each row (N, H) of the ink (N, H, W)."""
    _, height, width = ink.shape
    y, x = np.arange(height), np.arange(width)
    total = np.maximum(ink.sum(axis=(1, 2)), 1)
    by_row, by_column = ink.sum(axis=2), ink.sum(axis=1)
    centre_y, centre_x = by_row @ y / total, by_column @ x / total
    m_yy = by_row @ y**2 / total - centre_y**2
    m_xy = np.einsum("nij,i,j->n", ink, y, x, optimize=True) / total - centre_y * centre_x
    lean = np.where(m_yy > 1e-6, m_xy / np.maximum(m_yy, 1e-6), 0.0)
    offsets: NDArray[Any] = lean[:, None] * (y - centre_y[:, None])
    return offsets
