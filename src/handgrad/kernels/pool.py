"""Pooling of images (N, H, W, C): the largest of each 2x2 square, and the mean of the whole. Twins in `naive.py`."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, prange

from handgrad.kernels.sizes import NONE
from handgrad.kernels.vector.column_pass import add_rows, make_pass
from handgrad.kernels.vector.pack import BYTES
from handgrad.kernels.vector.tile import I8, LANES, Emitter

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous


def _bytes(number: int) -> Any:
    return ir.Constant(ir.VectorType(I8, LANES), [number] * LANES)


def _largest(e: Emitter, values: list[Any], fixed: list[Any], sums: list[Any], floor: Any) -> Any:
    """(the largest, raised to the floor; which of the values it is), no sums."""
    best, which = values[0], _bytes(0)
    for k, value in enumerate(values[1:], 1):
        larger = e.build.fcmp_ordered(">", value, best)
        best, which = e.build.select(larger, value, best), e.build.select(larger, _bytes(k), which)
    above = e.build.fcmp_ordered(">", best, floor)
    return [e.not_below(best, floor), e.build.select(above, which, _bytes(NONE))], []


def _spread(e: Emitter, values: list[Any], fixed: list[Any], sums: list[Any], floor: Any) -> Any:
    dy, which = values
    chosen = [e.build.icmp_unsigned("==", which, _bytes(k)) for k in range(4)]
    return [e.build.select(here, dy, e.zeros()) for here in chosen], []


_pass_largest, _pass_spread = make_pass(_largest, "ffff", "fb"), make_pass(_spread, "fb", "ffff")


@njit(nogil=True, error_model="numpy")
def _square(image, i, width, channels, c):
    """Addresses of channel c of the four pixels of the first square in the i-th row of squares."""
    at = image + BYTES * (2 * i * width * channels + c)
    below = at + BYTES * width * channels
    return at, at + BYTES * channels, below, below + BYTES * channels


def max_pool_forward(out: Array, which: Array, x: Array, floor: float) -> None:
    """out (N, H // 2, W // 2, C) = the largest of each square of x, raised to the floor (0: ReLU, -inf: none).

    which, uint8 and like out: the place of the first largest, row by row; NONE where nothing rose above the floor.
    Nothing is larger than a NaN that comes first in its square; one that comes later is passed over.
    """
    n, height, width, channels = out.shape
    for image in prange(n):
        for i in range(height):
            to, marks, at = out[image, i].ctypes.data, which[image, i].ctypes.data, x[image].ctypes.data
            for c in range(0, channels, LANES):
                ends = to + BYTES * c, marks + c
                reads = _square(at, i, x.shape[2], channels, c)
                _pass_largest(reads, ends, (), (), 2 * channels, channels, width, channels - c, floor)


def max_pool_backward(dx: Array, dy: Array, which: Array) -> None:
    """dx (N, H, W, C): the gradient goes where the largest was."""
    n, height, width, channels = dy.shape
    for image in prange(n):
        dx[image, height * 2 :] = 0
        dx[image, :, width * 2 :] = 0
        for i in range(height):
            from_, marks, to = dy[image, i].ctypes.data, which[image, i].ctypes.data, dx[image].ctypes.data
            for c in range(0, channels, LANES):
                reads = from_ + BYTES * c, marks + c
                ends = _square(to, i, dx.shape[2], channels, c)
                _pass_spread(reads, ends, (), (), channels, 2 * channels, width, channels - c, 0.0)


def mean_pool_forward(out: Array, x: Array) -> None:
    """out (N, C) = the mean of x over each image."""
    n, height, width, channels = x.shape
    share = np.float32(1 / (height * width))
    for image in prange(n):
        total = out[image]
        total[:] = 0
        for c in range(0, channels, LANES):
            at, to = (x[image].ctypes.data + BYTES * c,), (total.ctypes.data + BYTES * c,)
            add_rows(at, (), (), to, channels, 0, height * width, channels - c, 0.0)
        total *= share


def mean_pool_backward(dx: Array, dy: Array) -> None:
    """dx (N, H, W, C) from dy (N, C): every pixel gets the same share."""
    n, channels = dy.shape
    count = np.float32(dx.shape[1] * dx.shape[2])
    for image in prange(n):
        share, rows = dy[image] / count, dx[image].reshape(-1, channels)
        for r in range(len(rows)):
            rows[r] = share
