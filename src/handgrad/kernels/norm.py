"""Batch normalisation (Ioffe and Szegedy 2015), a ReLU folded in; x (M, C), statistics over M. Twins in `naive.py`."""

from typing import Any

import numpy as np
from numba import njit, prange

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous

COLUMNS = 64  # channels that one thread handles at a time: whole cache lines


@njit(nogil=True, cache=True, error_model="numpy")
def _statistics(mean, rstd, x, eps, first, last):  # type: ignore[no-untyped-def]
    m, s = mean[first:last], rstd[first:last]
    m[:], s[:] = 0, 0
    count = np.float32(x.shape[0])
    for n in range(x.shape[0]):
        row = x[n, first:last]
        for c in range(row.size):
            m[c] += row[c]
    for c in range(m.size):
        m[c] /= count
    for n in range(x.shape[0]):  # a second pass: E[x^2] - E[x]^2 would cancel
        row = x[n, first:last]
        for c in range(row.size):
            s[c] += (row[c] - m[c]) * (row[c] - m[c])
    for c in range(s.size):
        s[c] = np.float32(1) / np.sqrt(s[c] / count + np.float32(eps))


@njit(nogil=True, cache=True, error_model="numpy")
def _normalise(out, x, mean, rstd, gamma, beta, floor, first, last):  # type: ignore[no-untyped-def]
    scale = rstd[first:last] * gamma[first:last]
    shift = beta[first:last] - mean[first:last] * scale
    low = np.float32(floor)
    for n in range(x.shape[0]):
        row, o = x[n, first:last], out[n, first:last]
        for c in range(row.size):
            value = row[c] * scale[c] + shift[c]
            o[c] = low if value < low else value


def norm_forward(
    out: Array, mean: Array, rstd: Array, x: Array, gamma: Array, beta: Array, eps: float, floor: float
) -> None:
    """out (M, C) = max(floor, (x - mean) * rstd * gamma + beta); writes the batch's mean and 1 / std (C,)."""
    channels = x.shape[1]
    for block in prange((channels + COLUMNS - 1) // COLUMNS):
        first, last = block * COLUMNS, min(channels, (block + 1) * COLUMNS)
        _statistics(mean, rstd, x, eps, first, last)
        _normalise(out, x, mean, rstd, gamma, beta, floor, first, last)


def norm_apply(out: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array, floor: float) -> None:
    """The same with given mean and 1 / std: how a trained network predicts."""
    channels = x.shape[1]
    for block in prange((channels + COLUMNS - 1) // COLUMNS):
        first, last = block * COLUMNS, min(channels, (block + 1) * COLUMNS)
        _normalise(out, x, mean, rstd, gamma, beta, floor, first, last)


@njit(nogil=True, cache=True, error_model="numpy")
def _backward(dx, dgamma, dbeta, dy, x, out, mean, rstd, gamma, floor, first, last):  # type: ignore[no-untyped-def]
    m, dg, db = mean[first:last], dgamma[first:last], dbeta[first:last]
    dg[:], db[:] = 0, 0
    low, count = np.float32(floor), np.float32(x.shape[0])
    for n in range(
        x.shape[0]
    ):  # short loops over few arrays: the compiler gives up on vectors when too many may overlap
        row, up, o, d = x[n, first:last], dy[n, first:last], out[n, first:last], dx[n, first:last]
        for c in range(row.size):
            d[c] = up[c] if o[c] > low else np.float32(0)
        for c in range(row.size):
            db[c] += d[c]
        for c in range(row.size):
            dg[c] += d[c] * (row[c] - m[c])
    dg *= rstd[first:last]
    scale = gamma[first:last] * rstd[first:last]
    slope = -scale * rstd[first:last] * dg / count
    shift = -scale * db / count - slope * m
    for n in range(x.shape[0]):
        row, d = x[n, first:last], dx[n, first:last]
        for c in range(row.size):
            d[c] = scale[c] * d[c] + slope[c] * row[c] + shift[c]


def norm_backward(
    dx: Array,
    dgamma: Array,
    dbeta: Array,
    dy: Array,
    x: Array,
    out: Array,
    mean: Array,
    rstd: Array,
    gamma: Array,
    floor: float,
) -> None:
    """Gradients of `norm_forward` in train mode, where mean and std depend on x; floor -inf: no ReLU was folded in.

    With n = (x - mean) * rstd:  dx = gamma * rstd * (dy - mean(dy) - n * mean(dy * n)).
    """
    channels = x.shape[1]
    for block in prange((channels + COLUMNS - 1) // COLUMNS):
        first, last = block * COLUMNS, min(channels, (block + 1) * COLUMNS)
        _backward(dx, dgamma, dbeta, dy, x, out, mean, rstd, gamma, floor, first, last)
