"""Pooling: the largest of each 2x2 square of pixels, and the mean of the whole image."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import prange

from handgrad.kernels.jit import jit
from handgrad.kernels.protocol import Array
from handgrad.kernels.registry import kernel
from handgrad.kernels.sizes import NO_ARGMAX
from handgrad.kernels.vector.column_pass import add_rows, make_pass
from handgrad.kernels.vector.emitter import I8, Emitter
from handgrad.kernels.vector.pack import BYTES
from handgrad.kernels.vector.tile import LANES


def _bytes(number: int) -> Any:
    return ir.Constant(ir.VectorType(I8, LANES), [number] * LANES)


def _largest(e: Emitter, values: list[Any], fixed: list[Any], sums: list[Any], floor: Any) -> Any:
    """The largest value, raised to the floor, and which one it is."""
    best, argmax = values[0], _bytes(0)
    for k, value in enumerate(values[1:], 1):
        larger = e.build.fcmp_ordered(">", value, best)
        best, argmax = e.build.select(larger, value, best), e.build.select(larger, _bytes(k), argmax)
    above = e.build.fcmp_ordered(">", best, floor)
    return [e.not_below(best, floor), e.build.select(above, argmax, _bytes(NO_ARGMAX))], []


def _to_largest(e: Emitter, values: list[Any], fixed: list[Any], sums: list[Any], floor: Any) -> Any:
    """The gradient for the value that was the largest, 0 for the others."""
    dy, argmax = values
    chosen = [e.build.icmp_unsigned("==", argmax, _bytes(k)) for k in range(4)]
    return [e.build.select(here, dy, e.zeros()) for here in chosen], []


_pass_largest, _pass_to_largest = make_pass(_largest, "ffff", "fb"), make_pass(_to_largest, "fb", "ffff")


@jit
def _square(image, i, width, channels, c):
    # -> addresses of channel c of the four pixels of the first square in row i of the squares of image (H, W, C)
    at = image + BYTES * (2 * i * width * channels + c)
    below = at + BYTES * width * channels
    return at, at + BYTES * channels, below, below + BYTES * channels


@kernel
def max_pool_forward(out: Array, argmax: Array, x: Array, floor: float) -> None:
    n, height, width, channels = out.shape
    for image in prange(n):
        for i in range(height):
            to, marks, at = out[image, i].ctypes.data, argmax[image, i].ctypes.data, x[image].ctypes.data
            for c in range(0, channels, LANES):
                ends = to + BYTES * c, marks + c
                reads = _square(at, i, x.shape[2], channels, c)
                _pass_largest(reads, ends, (), (), 2 * channels, channels, width, channels - c, floor)


@kernel
def max_pool_backward(dx: Array, dy: Array, argmax: Array) -> None:
    n, height, width, channels = dy.shape
    for image in prange(n):
        dx[image, height * 2 :] = 0
        dx[image, :, width * 2 :] = 0
        for i in range(height):
            from_, marks, to = dy[image, i].ctypes.data, argmax[image, i].ctypes.data, dx[image].ctypes.data
            for c in range(0, channels, LANES):
                reads = from_ + BYTES * c, marks + c
                ends = _square(to, i, dx.shape[2], channels, c)
                _pass_to_largest(reads, ends, (), (), channels, 2 * channels, width, channels - c, 0.0)


@kernel
def mean_pool_forward(out: Array, x: Array) -> None:
    n, height, width, channels = x.shape
    weight = np.float32(1 / (height * width))
    for image in prange(n):
        total = out[image]
        total[:] = 0
        for c in range(0, channels, LANES):
            at, to = (x[image].ctypes.data + BYTES * c,), (total.ctypes.data + BYTES * c,)
            add_rows(at, (), (), to, channels, 0, height * width, channels - c, 0.0)
        total *= weight


@kernel
def mean_pool_backward(dx: Array, dy: Array) -> None:
    n, channels = dy.shape
    count = np.float32(dx.shape[1] * dx.shape[2])
    for image in prange(n):
        part, rows = dy[image] / count, dx[image].reshape(-1, channels)
        for r in range(len(rows)):
            rows[r] = part
