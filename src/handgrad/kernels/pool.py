"""Pooling of images (N, H, W, C): the largest of each square, and the mean of the whole. Twins in `naive.py`."""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.sizes import NONE

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous


@njit(nogil=True, cache=True, error_model="numpy")
def _largest(out, which, x, pitch, size, low):  # type: ignore[no-untyped-def]
    """out (C,), which (C,) of the square that begins with the flat x; its rows are `pitch` numbers apart."""
    channels = out.size
    out[:], which[:] = x[:channels], 0
    for k in range(1, size * size):
        at = k // size * pitch + k % size * channels
        row, place = x[at : at + channels], np.uint8(k)
        for c in range(channels):
            larger = row[c] > out[c]
            out[c] = row[c] if larger else out[c]
            which[c] = place if larger else which[c]
    for c in range(channels):
        which[c] = which[c] if out[c] > low else np.uint8(NONE)
        out[c] = low if out[c] < low else out[c]


def max_pool_forward(out: Array, which: Array, x: Array, size: int, floor: float) -> None:
    """out (N, H // size, W // size, C) = the largest of each square of x, raised to the floor (0: ReLU, -inf: none).

    which, uint8 and like out: the place of the first largest, row by row; NONE where nothing rose above the floor.
    """
    n, height, width, channels = out.shape
    low, pitch = np.float32(floor), x.shape[2] * channels
    for image in prange(n):
        flat = x[image].reshape(-1)
        for i in range(height):
            for j in range(width):
                _largest(
                    out[image, i, j], which[image, i, j], flat[(i * pitch + j * channels) * size :], pitch, size, low
                )


@njit(nogil=True, cache=True, error_model="numpy")
def _spread(dx, dy, which, pitch, size):  # type: ignore[no-untyped-def]
    channels = dy.size
    for k in range(size * size):
        at = k // size * pitch + k % size * channels
        row, place = dx[at : at + channels], np.uint8(k)
        for c in range(channels):
            row[c] = dy[c] if which[c] == place else np.float32(0)


def max_pool_backward(dx: Array, dy: Array, which: Array, size: int) -> None:
    """dx (N, H, W, C): the gradient goes where the largest was."""
    n, height, width, channels = dy.shape
    pitch = dx.shape[2] * channels
    for image in prange(n):
        dx[image, height * size :] = 0
        dx[image, :, width * size :] = 0
        flat = dx[image].reshape(-1)
        for i in range(height):
            for j in range(width):
                _spread(flat[(i * pitch + j * channels) * size :], dy[image, i, j], which[image, i, j], pitch, size)


def mean_pool_forward(out: Array, x: Array) -> None:
    """out (N, C) = the mean of x over each image."""
    n, channels = out.shape
    count = np.float32(x.shape[1] * x.shape[2])
    for image in prange(n):
        total, rows = out[image], x[image].reshape(-1, channels)
        total[:] = 0
        for r in range(len(rows)):
            row = rows[r]
            for c in range(channels):
                total[c] += row[c]
        total /= count


def mean_pool_backward(dx: Array, dy: Array) -> None:
    """dx (N, H, W, C) from dy (N, C): every pixel gets the same share."""
    n, channels = dy.shape
    count = np.float32(dx.shape[1] * dx.shape[2])
    for image in prange(n):
        share, rows = dy[image] / count, dx[image].reshape(-1, channels)
        for r in range(len(rows)):
            rows[r] = share
