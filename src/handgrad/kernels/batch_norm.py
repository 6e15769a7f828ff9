"""Batch normalisation (Ioffe and Szegedy 2015).

Rows are taken in chunks that stay in the cache, the same whatever the number of threads; the chunks' results are
combined in order.
"""

from typing import Any

import numpy as np
from numba import prange

from handgrad.kernels.jit import jit
from handgrad.kernels.protocol import Array
from handgrad.kernels.registry import kernel
from handgrad.kernels.sizes import ceil_div
from handgrad.kernels.vector.column_pass import add_rows, make_pass
from handgrad.kernels.vector.emitter import Emitter
from handgrad.kernels.vector.pack import BYTES
from handgrad.kernels.vector.tile import LANES

CHUNK = 1 << 15  # floats that one thread handles at a time


def _add_squares(e, values, fixed, sums, floor):
    """Add to one sum: (x - mean)^2."""
    off = e.build.fsub(values[0], fixed[0])
    return [], [e.fma(off, off, sums[0])]


def _scale(e, values, fixed, sums, floor):
    """out = max(floor, scale x + shift)"""
    return [e.not_below(e.fma(values[0], fixed[0], fixed[1]), floor)], []


def _passed(e: Emitter, dy: Any, x: Any, scale: Any, shift: Any, floor: Any) -> Any:
    """dy where the output was above the floor, else 0; the output is computed again, exactly as in the forward pass."""
    return e.build.select(e.build.fcmp_ordered(">", e.fma(x, scale, shift), floor), dy, e.zeros())


def _add_gradients(e, values, fixed, sums, floor):
    """Add to two sums: dy, and dy (x - mean)."""
    dy, x = values
    scale, shift, mean = fixed
    d = _passed(e, dy, x, scale, shift, floor)
    return [], [e.build.fadd(sums[0], d), e.fma(d, e.build.fsub(x, mean), sums[1])]


def _dx(e, values, fixed, sums, floor):
    """dx = scale dy + slope x + level"""
    dy, x = values
    scale, shift, slope, level = fixed
    return [e.fma(scale, _passed(e, dy, x, scale, shift, floor), e.fma(slope, x, level))], []


_pass_add_squares, _pass_scale = make_pass(_add_squares, "f", ""), make_pass(_scale, "f", "f")
_pass_add_gradients, _pass_dx = make_pass(_add_gradients, "ff", ""), make_pass(_dx, "ff", "f")


@jit
def chunk_rows(channels):
    # -> rows in a chunk
    return max(1, CHUNK // channels)


@jit
def _at(array, row):
    # -> address of a row of array (M, C)
    return array.ctypes.data + BYTES * row * array.shape[1]


@jit
def _chunk_statistics(mean, square, x, first, last):
    # mean, square (C,), x (M, C): mean of the rows first to last, and the sum of squares about it
    channels = x.shape[1]
    mean[:], square[:] = 0, 0
    for c in range(0, channels, LANES):
        here = BYTES * c
        at, m = (_at(x, first) + here,), (mean.ctypes.data + here,)
        add_rows(at, (), (), m, channels, channels, last - first, channels - c, 0.0)
    mean /= np.float32(last - first)
    for c in range(0, channels, LANES):  # a second pass: E[x^2] - E[x]^2 would cancel
        here = BYTES * c
        at, m, s = (_at(x, first) + here,), (mean.ctypes.data + here,), (square.ctypes.data + here,)
        _pass_add_squares(at, (), m, s, channels, channels, last - first, channels - c, 0.0)


@jit
def _combine(mean, rstd, means, squares, rows, count, eps):
    # mean, rstd (C,), means, squares (chunks, C): of all rows from those of the chunks (Chan, Golub and LeVeque 1979)
    mean[:], rstd[:] = 0, 0
    for k in range(len(means)):
        mean += means[k] * (np.float32(min(rows, count - k * rows)) / np.float32(count))
    for k in range(len(means)):
        off = means[k] - mean
        rstd += squares[k] + np.float32(min(rows, count - k * rows)) * off * off
    rstd[:] = np.float32(1) / np.sqrt(rstd / np.float32(count) + np.float32(eps))


@jit
def _normalise(out, x, scale, shift, floor, first, last):
    # out, x (M, C), scale, shift (C,): rows first to last
    channels = x.shape[1]
    for c in range(0, channels, LANES):
        here = BYTES * c
        fixed = (scale.ctypes.data + here, shift.ctypes.data + here)
        at, to = (_at(x, first) + here,), (_at(out, first) + here,)
        _pass_scale(at, to, fixed, (), channels, channels, last - first, channels - c, floor)


@kernel
def batch_norm_forward(
    out: Array, mean: Array, rstd: Array, x: Array, gamma: Array, beta: Array, eps: float, floor: float
) -> None:
    count, channels = x.shape
    rows = chunk_rows(channels)
    chunks = ceil_div(count, rows)
    means, squares = np.empty((chunks, channels), np.float32), np.empty((chunks, channels), np.float32)
    for k in prange(chunks):
        _chunk_statistics(means[k], squares[k], x, k * rows, min(count, (k + 1) * rows))
    _combine(mean, rstd, means, squares, rows, count, eps)
    scale = rstd * gamma
    shift = beta - mean * scale
    for k in prange(chunks):
        _normalise(out, x, scale, shift, floor, k * rows, min(count, (k + 1) * rows))


@kernel
def batch_norm_apply(out: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array, floor: float) -> None:
    count, channels = x.shape
    rows = chunk_rows(channels)
    scale = rstd * gamma
    shift = beta - mean * scale
    for k in prange(ceil_div(count, rows)):
        _normalise(out, x, scale, shift, floor, k * rows, min(count, (k + 1) * rows))


@jit
def _parameter_sums(dgamma, dbeta, dy, x, scale, shift, mean, floor, first, last):
    # dgamma, dbeta (C,), dy, x (M, C): sums over the rows first to last; dgamma still lacks its factor rstd
    channels = x.shape[1]
    dgamma[:], dbeta[:] = 0, 0
    for c in range(0, channels, LANES):
        here = BYTES * c
        reads = (_at(dy, first) + here, _at(x, first) + here)
        fixed = (scale.ctypes.data + here, shift.ctypes.data + here, mean.ctypes.data + here)
        sums = (dbeta.ctypes.data + here, dgamma.ctypes.data + here)
        _pass_add_gradients(reads, (), fixed, sums, channels, channels, last - first, channels - c, floor)


@jit
def _input_gradient(dx, dy, x, scale, shift, slope, level, floor, first, last):
    # dx, dy, x (M, C), the rest (C,): rows first to last
    channels = x.shape[1]
    for c in range(0, channels, LANES):
        here = BYTES * c
        fixed = (
            scale.ctypes.data + here, shift.ctypes.data + here, slope.ctypes.data + here, level.ctypes.data + here,
        )  # fmt: skip
        reads, to = (_at(dy, first) + here, _at(x, first) + here), (_at(dx, first) + here,)
        _pass_dx(reads, to, fixed, (), channels, channels, last - first, channels - c, floor)


@kernel
def batch_norm_backward(
    dx: Array, dgamma: Array, dbeta: Array, dy: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array,
    floor: float,
) -> None:  # fmt: skip
    count, channels = x.shape
    rows = chunk_rows(channels)
    chunks = ceil_div(count, rows)
    dgammas, dbetas = np.empty((chunks, channels), np.float32), np.empty((chunks, channels), np.float32)
    scale = rstd * gamma
    shift = beta - mean * scale
    for k in prange(chunks):
        _parameter_sums(dgammas[k], dbetas[k], dy, x, scale, shift, mean, floor, k * rows, min(count, (k + 1) * rows))
    dgamma[:], dbeta[:] = 0, 0
    for k in range(chunks):
        dgamma += dgammas[k]
        dbeta += dbetas[k]
    dgamma *= rstd
    slope = -scale * rstd * dgamma / np.float32(count)
    level = -scale * dbeta / np.float32(count) - slope * mean
    for k in prange(chunks):
        _input_gradient(dx, dy, x, scale, shift, slope, level, floor, k * rows, min(count, (k + 1) * rows))
