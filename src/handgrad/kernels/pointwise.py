"""Kernels that pass over each number once: ReLU, sum, dropout; and the random bits that several kernels draw."""

import numpy as np
from numba import prange

from handgrad.kernels.jit import jit
from handgrad.kernels.protocol import Array
from handgrad.kernels.registry import kernel
from handgrad.kernels.sizes import CHUNK, ceil_div


@jit
def hash32(counter, key0, key1):
    # -> 32 random bits; see the twin
    h = np.uint32(counter) ^ np.uint32(key0)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * np.uint32(0x7FEB352D))
    h = np.uint32(h ^ np.uint32(key1))
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(h ^ np.uint32(h >> np.uint32(16)))


@jit
def _relu_forward(out, x):
    for i in range(out.size):
        out[i] = np.float32(0) if x[i] < 0 else x[i]


@kernel
def relu_forward(out: Array, x: Array) -> None:
    o, a = out.reshape(-1), x.reshape(-1)
    if o.size <= CHUNK:
        _relu_forward(o, a)
        return
    for chunk in prange(ceil_div(o.size, CHUNK)):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _relu_forward(o[span], a[span])


@jit
def _relu_backward(dy, out):
    for i in range(dy.size):
        dy[i] = dy[i] if out[i] > 0 else np.float32(0)


@kernel
def relu_backward(dy: Array, out: Array) -> None:
    # in place, as two names for one array would keep the loop from becoming vector code
    d, o = dy.reshape(-1), out.reshape(-1)
    if d.size <= CHUNK:
        _relu_backward(d, o)
        return
    for chunk in prange(ceil_div(d.size, CHUNK)):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _relu_backward(d[span], o[span])


@jit
def _add(out, x, y, low):
    for i in range(out.size):
        total = x[i] + y[i]
        out[i] = low if total < low else total


@kernel
def add(out: Array, x: Array, y: Array, floor: float) -> None:
    o, a, b = out.reshape(-1), x.reshape(-1), y.reshape(-1)
    low = np.float32(floor)
    if o.size <= CHUNK:
        _add(o, a, b, low)
        return
    for chunk in prange(ceil_div(o.size, CHUNK)):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _add(o[span], a[span], b[span], low)


@jit
def _dropout(out, x, first, drop_below, scale, key0, key1):
    for i in range(out.size):
        keep = hash32(first + i, key0, key1) >= drop_below
        out[i] = x[i] * scale if keep else np.float32(0)


@kernel
def dropout(out: Array, x: Array, rate: float, key: int) -> None:
    o, a = out.reshape(-1), x.reshape(-1)
    key0, key1 = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    drop_below, scale = np.uint32(rate * 4294967296.0), np.float32(1 / (1 - rate))
    if o.size <= CHUNK:
        _dropout(o, a, 0, drop_below, scale, key0, key1)
        return
    for chunk in prange(ceil_div(o.size, CHUNK)):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _dropout(o[span], a[span], chunk * CHUNK, drop_below, scale, key0, key1)
