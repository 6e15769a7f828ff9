"""Dirt on training images, in place: foreign marks, blur, lost contrast, noise. Twin in `naive.py`.

As in `warp.py`, every number drawn is a hash of (key, place in the batch, which number).
"""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.pointwise import hash32

Array = Any  # in jitted code: NumPy arrays, C-contiguous

BLUR, NOISE, CONTRAST, CLUTTER = range(4)  # places in `limits`
N_LIMITS = 4
# Which number of an image is drawn for what; those of single pixels follow.
D_BLUR, D_NOISE, D_CONTRAST, D_CLUTTER, D_LIFT, D_KIND, D_HOW, D_SHADE, D_LINES, D_MARK = range(10)
PER_LINE, PIXELS = 4, 32
LINES = 3  # at most
WHITE = 255.0
BELOW_ONE = np.float32(1 - 2.0**-24)


@njit(nogil=True, error_model="numpy")
def _share(first, which, key0, key1):
    """Uniform in [0, 1); the largest hashes would be rounded to 1."""
    return min(np.float32(hash32(first + which, key0, key1)) * np.float32(2.0**-32), BELOW_ONE)


@njit(nogil=True, error_model="numpy")
def _lines(x, first, key0, key1):
    """Straight lines across, whole or dotted."""
    height, width = x.shape[0], x.shape[1]
    shade = np.float32(WHITE) * (np.float32(0.5) + np.float32(0.5) * _share(first, D_SHADE, key0, key1))
    dotted = _share(first, D_HOW, key0, key1) < np.float32(0.5)
    count = 1 + int(np.float32(LINES) * _share(first, D_LINES, key0, key1))
    steps = 2 * max(height, width)
    for line in range(count):
        at = D_MARK + PER_LINE * line
        x0, y0 = _share(first, at, key0, key1) * (width - 1), _share(first, at + 1, key0, key1) * (height - 1)
        x1, y1 = _share(first, at + 2, key0, key1) * (width - 1), _share(first, at + 3, key0, key1) * (height - 1)
        for i in range(steps + 1):
            if dotted and i % 8 >= 3:
                continue
            part = np.float32(i) / np.float32(steps)
            row = int(y0 + part * (y1 - y0) + np.float32(0.5))
            column = int(x0 + part * (x1 - x0) + np.float32(0.5))
            for c in range(x.shape[2]):
                x[row, column, c] = max(x[row, column, c], shade)


@njit(nogil=True, error_model="numpy")
def _patch(x, first, key0, key1):
    """A rectangle turned into its negative, or a small one painted over."""
    height, width = x.shape[0], x.shape[1]
    negative = _share(first, D_HOW, key0, key1) < np.float32(0.6)
    shade = np.float32(WHITE) * _share(first, D_SHADE, key0, key1)
    part = np.float32(1) if negative else np.float32(0.35)
    tall = 1 + int(part * _share(first, D_MARK, key0, key1) * height)
    wide = 1 + int(part * _share(first, D_MARK + 1, key0, key1) * width)
    top = int(_share(first, D_MARK + 2, key0, key1) * (height - tall + 1))
    left = int(_share(first, D_MARK + 3, key0, key1) * (width - wide + 1))
    for row in range(top, top + tall):
        for column in range(left, left + wide):
            for c in range(x.shape[2]):
                x[row, column, c] = np.float32(WHITE) - x[row, column, c] if negative else shade


@njit(nogil=True, error_model="numpy")
def _near(x, spare, row, column, c):
    """Least, largest and mean of a pixel's neighbourhood in `spare`; beyond the border lies the nearest pixel."""
    low, high, total = np.float32(1e9), np.float32(-1e9), np.float32(0)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            y, z = min(max(row + dy, 0), x.shape[0] - 1), min(max(column + dx, 0), x.shape[1] - 1)
            value = spare[y, z, c]
            low, high, total = min(low, value), max(high, value), total + value
    return low, high, total * np.float32(1 / 9)


@njit(nogil=True, error_model="numpy")
def _outline(x, spare, inside):
    """Strokes become their contours, a pixel wide, inside the stroke or around it."""
    spare[:] = x
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            for c in range(x.shape[2]):
                low, high, _ = _near(x, spare, row, column, c)
                x[row, column, c] = x[row, column, c] - low if inside else high - x[row, column, c]


@njit(nogil=True, error_model="numpy")
def _specks(x, first, key0, key1):
    """Some pixels turn black, as many white."""
    share = np.float32(0.25) * _share(first, D_SHADE, key0, key1)
    flat = x.reshape(-1)
    for i in range(flat.size):
        draw = _share(first, PIXELS + flat.size + i, key0, key1)
        if draw < share:
            flat[i] = np.float32(WHITE) if draw < np.float32(0.5) * share else np.float32(0)


@njit(nogil=True, error_model="numpy")
def _blur(x, spare, weight):
    for _ in range(2):
        spare[:] = x
        for row in range(x.shape[0]):
            for column in range(x.shape[1]):
                for c in range(x.shape[2]):
                    mean = _near(x, spare, row, column, c)[2]
                    x[row, column, c] += weight * (mean - x[row, column, c])


@njit(nogil=True, error_model="numpy")
def _grain(x, contrast, lift, noise, first, key0, key1):
    """Fewer grey levels, raised; then noise: the four bytes of a hash summed, near enough to a normal number."""
    flat = x.reshape(-1)
    keep, rise, strength = np.float32(1 - contrast), lift * np.float32(WHITE), noise * np.float32(WHITE / 147.8)
    for i in range(flat.size):
        bits = hash32(first + PIXELS + i, key0, key1)
        total = (bits & np.uint32(255)) + ((bits >> np.uint32(8)) & np.uint32(255))
        total += ((bits >> np.uint32(16)) & np.uint32(255)) + (bits >> np.uint32(24))
        value = rise + keep * flat[i] + strength * (np.float32(total) - np.float32(510))
        flat[i] = min(max(value, np.float32(0)), np.float32(WHITE))


def soil(x: Array, limits: Array, key: int, parts: int) -> None:
    """Images (B, H, W, C) float32 from 0 to 255, bright ink on dark, each made dirty in its own way; in place.

    limits (4,) float32: the largest blur (share of the way to the mean of 3x3, twice), noise (deviation, of the whole
    range) and loss of contrast, and the share of images with foreign marks: lines, a patch, contours in place of
    strokes, or specks. `parts`: how many threads share the batch.
    """
    batch = x.shape[0]
    key0, key1 = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    stride = PIXELS + 2 * x[0].size
    for part in prange(parts):
        spare = np.empty(x.shape[1:], np.float32)
        for i in range(part * batch // parts, (part + 1) * batch // parts):
            image, first = x[i], i * stride
            if _share(first, D_CLUTTER, key0, key1) < limits[CLUTTER]:
                kind = int(np.float32(4) * _share(first, D_KIND, key0, key1))
                if kind == 0:
                    _lines(image, first, key0, key1)
                elif kind == 1:
                    _patch(image, first, key0, key1)
                elif kind == 2:
                    _outline(image, spare, _share(first, D_HOW, key0, key1) < np.float32(0.5))
                else:
                    _specks(image, first, key0, key1)
            if limits[BLUR] > 0:
                _blur(image, spare, limits[BLUR] * _share(first, D_BLUR, key0, key1))
            contrast = limits[CONTRAST] * _share(first, D_CONTRAST, key0, key1)
            lift = contrast * _share(first, D_LIFT, key0, key1)
            noise = limits[NOISE] * _share(first, D_NOISE, key0, key1)
            _grain(image, contrast, lift, noise, first, key0, key1)
