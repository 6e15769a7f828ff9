"""Batch normalisation (Ioffe and Szegedy 2015), a ReLU folded in; x (M, C), statistics over M. Twins in `naive.py`.

Rows are taken in chunks that stay in the cache, whatever the number of threads; what the chunks found is put together
in their order.
"""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.vector.column_pass import add_rows, make_pass
from handgrad.kernels.vector.pack import BYTES
from handgrad.kernels.vector.tile import LANES, Emitter

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous

CHUNK = 1 << 15  # numbers that one thread handles at a time


def _add_squares(e, values, fixed, sums, floor):
    off = e.build.fsub(values[0], fixed[0])
    return [], [e.fma(off, off, sums[0])]


def _scale(e, values, fixed, sums, floor):
    return [e.not_below(e.fma(values[0], fixed[0], fixed[1]), floor)], []


def _passed(e: Emitter, dy: Any, x: Any, scale: Any, shift: Any, floor: Any) -> Any:
    """dy where the output, worked out again to the bit, was above the floor."""
    return e.build.select(e.build.fcmp_ordered(">", e.fma(x, scale, shift), floor), dy, e.zeros())


def _add_slopes(e, values, fixed, sums, floor):
    """Sums: of dy, and of dy (x - mean)."""
    dy, x = values
    scale, shift, mean = fixed
    d = _passed(e, dy, x, scale, shift, floor)
    return [], [e.build.fadd(sums[0], d), e.fma(d, e.build.fsub(x, mean), sums[1])]


def _mix(e, values, fixed, sums, floor):
    """dx = scale dy + slope x + level"""
    dy, x = values
    scale, shift, slope, level = fixed
    return [e.fma(scale, _passed(e, dy, x, scale, shift, floor), e.fma(slope, x, level))], []


_pass_add_squares, _pass_scale = make_pass(_add_squares, "f", ""), make_pass(_scale, "f", "f")
_pass_add_slopes, _pass_mix = make_pass(_add_slopes, "ff", ""), make_pass(_mix, "ff", "f")


@njit(nogil=True, error_model="numpy")
def chunk_rows(channels):
    return max(1, CHUNK // channels)


@njit(nogil=True, error_model="numpy")
def _at(array, row):
    return array.ctypes.data + BYTES * row * array.shape[1]


@njit(nogil=True, error_model="numpy")
def _chunk_statistics(mean, square, x, first, last):
    """The mean (C,) of some rows, and the sum of squares about it."""
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


@njit(nogil=True, error_model="numpy")
def _combine(mean, rstd, means, squares, rows, count, eps):
    """Mean and 1 / std of all rows from those of the chunks (Chan, Golub and LeVeque 1979)."""
    mean[:], rstd[:] = 0, 0
    for k in range(len(means)):
        mean += means[k] * (np.float32(min(rows, count - k * rows)) / np.float32(count))
    for k in range(len(means)):
        off = means[k] - mean
        rstd += squares[k] + np.float32(min(rows, count - k * rows)) * off * off
    rstd[:] = np.float32(1) / np.sqrt(rstd / np.float32(count) + np.float32(eps))


@njit(nogil=True, error_model="numpy")
def _normalise(out, x, scale, shift, floor, first, last):
    channels = x.shape[1]
    for c in range(0, channels, LANES):
        here = BYTES * c
        fixed = (scale.ctypes.data + here, shift.ctypes.data + here)
        at, to = (_at(x, first) + here,), (_at(out, first) + here,)
        _pass_scale(at, to, fixed, (), channels, channels, last - first, channels - c, floor)


def norm_forward(
    out: Array, mean: Array, rstd: Array, x: Array, gamma: Array, beta: Array, eps: float, floor: float
) -> None:
    """out (M, C) = max(floor, (x - mean) * rstd * gamma + beta); writes the batch's mean and 1 / std (C,)."""
    count, channels = x.shape
    rows = chunk_rows(channels)
    chunks = (count + rows - 1) // rows
    means, squares = np.empty((chunks, channels), np.float32), np.empty((chunks, channels), np.float32)
    for k in prange(chunks):
        _chunk_statistics(means[k], squares[k], x, k * rows, min(count, (k + 1) * rows))
    _combine(mean, rstd, means, squares, rows, count, eps)
    scale = rstd * gamma
    shift = beta - mean * scale
    for k in prange(chunks):
        _normalise(out, x, scale, shift, floor, k * rows, min(count, (k + 1) * rows))


def norm_apply(out: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array, floor: float) -> None:
    """The same with given mean and 1 / std: how a trained network predicts."""
    count, channels = x.shape
    rows = chunk_rows(channels)
    scale = rstd * gamma
    shift = beta - mean * scale
    for k in prange((count + rows - 1) // rows):
        _normalise(out, x, scale, shift, floor, k * rows, min(count, (k + 1) * rows))


@njit(nogil=True, error_model="numpy")
def _slopes(dgamma, dbeta, dy, x, scale, shift, mean, floor, first, last):
    channels = x.shape[1]
    dgamma[:], dbeta[:] = 0, 0
    for c in range(0, channels, LANES):
        here = BYTES * c
        reads = (_at(dy, first) + here, _at(x, first) + here)
        fixed = (scale.ctypes.data + here, shift.ctypes.data + here, mean.ctypes.data + here)
        sums = (dbeta.ctypes.data + here, dgamma.ctypes.data + here)
        _pass_add_slopes(reads, (), fixed, sums, channels, channels, last - first, channels - c, floor)


@njit(nogil=True, error_model="numpy")
def _input_gradient(dx, dy, x, scale, shift, slope, level, floor, first, last):
    channels = x.shape[1]
    for c in range(0, channels, LANES):
        here = BYTES * c
        fixed = (
            scale.ctypes.data + here, shift.ctypes.data + here, slope.ctypes.data + here, level.ctypes.data + here,
        )  # fmt: skip
        reads, to = (_at(dy, first) + here, _at(x, first) + here), (_at(dx, first) + here,)
        _pass_mix(reads, to, fixed, (), channels, channels, last - first, channels - c, floor)


def norm_backward(
    dx: Array, dgamma: Array, dbeta: Array, dy: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array,
    floor: float,
) -> None:  # fmt: skip
    """Gradients of `norm_forward` in train mode, where mean and std depend on x; floor -inf: no ReLU was folded in.

    With n = (x - mean) * rstd:  dx = gamma * rstd * (dy - mean(dy) - n * mean(dy * n)). dx may be dy.
    """
    count, channels = x.shape
    rows = chunk_rows(channels)
    chunks = (count + rows - 1) // rows
    dgammas, dbetas = np.empty((chunks, channels), np.float32), np.empty((chunks, channels), np.float32)
    scale = rstd * gamma
    shift = beta - mean * scale
    for k in prange(chunks):
        _slopes(dgammas[k], dbetas[k], dy, x, scale, shift, mean, floor, k * rows, min(count, (k + 1) * rows))
    dgamma[:], dbeta[:] = 0, 0
    for k in range(chunks):
        dgamma += dgammas[k]
        dbeta += dbetas[k]
    dgamma *= rstd
    slope = -scale * rstd * dgamma / np.float32(count)
    level = -scale * dbeta / np.float32(count) - slope * mean
    for k in prange(chunks):
        _input_gradient(dx, dy, x, scale, shift, slope, level, floor, k * rows, min(count, (k + 1) * rows))
