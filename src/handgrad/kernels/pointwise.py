"""Passes over each number once: ReLU, dropout, softmax with cross-entropy. Twins in `naive.py`."""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.sizes import CHUNK

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous


@njit(nogil=True, error_model="numpy")
def hash32(counter, key0, key1):
    """32 random bits for a counter: the lowbias32 mixer (Wellons 2018) keyed before and between its rounds."""
    h = np.uint32(counter) ^ np.uint32(key0)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * np.uint32(0x7FEB352D))
    h = np.uint32(h ^ np.uint32(key1))
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(h ^ np.uint32(h >> np.uint32(16)))


@njit(nogil=True, error_model="numpy")
def _relu_forward(out, x):
    for i in range(out.size):
        out[i] = np.float32(0) if x[i] < 0 else x[i]


def relu_forward(out: Array, x: Array) -> None:
    """out = max(0, x), any shape; a NaN stays a NaN."""
    o, a = out.reshape(-1), x.reshape(-1)
    if o.size <= CHUNK:
        _relu_forward(o, a)
        return
    for chunk in prange((o.size + CHUNK - 1) // CHUNK):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _relu_forward(o[span], a[span])


@njit(nogil=True, error_model="numpy")
def _relu_backward(dy, out):
    for i in range(dy.size):
        dy[i] = dy[i] if out[i] > 0 else np.float32(0)


def relu_backward(dy: Array, out: Array) -> None:
    """dy becomes 0 where the output was not above 0: in place, as two names for one array would forbid vector code."""
    d, o = dy.reshape(-1), out.reshape(-1)
    if d.size <= CHUNK:
        _relu_backward(d, o)
        return
    for chunk in prange((d.size + CHUNK - 1) // CHUNK):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _relu_backward(d[span], o[span])


@njit(nogil=True, error_model="numpy")
def _add(out, x, y, low):
    for i in range(out.size):
        total = x[i] + y[i]
        out[i] = low if total < low else total


def add(out: Array, x: Array, y: Array, floor: float) -> None:
    """out = max(floor, x + y), any shape; out may be x or y."""
    o, a, b = out.reshape(-1), x.reshape(-1), y.reshape(-1)
    low = np.float32(floor)
    if o.size <= CHUNK:
        _add(o, a, b, low)
        return
    for chunk in prange((o.size + CHUNK - 1) // CHUNK):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _add(o[span], a[span], b[span], low)


@njit(nogil=True, error_model="numpy")
def _dropout(out, x, first, drop_below, scale, key0, key1):
    for i in range(out.size):
        keep = hash32(first + i, key0, key1) >= drop_below
        out[i] = x[i] * scale if keep else np.float32(0)


def dropout(out: Array, x: Array, rate: float, key: int) -> None:
    """out = x / (1 - rate) where the counter's random bits keep it, else 0; out may be x itself.

    The same key gives the same mask, so the backward pass is this pass over the gradient.
    """
    o, a = out.reshape(-1), x.reshape(-1)
    key0, key1 = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    drop_below, scale = np.uint32(rate * 4294967296.0), np.float32(1 / (1 - rate))
    if o.size <= CHUNK:
        _dropout(o, a, 0, drop_below, scale, key0, key1)
        return
    for chunk in prange((o.size + CHUNK - 1) // CHUNK):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _dropout(o[span], a[span], chunk * CHUNK, drop_below, scale, key0, key1)


def softmax_cross_entropy(dlogits: Array, logits: Array, labels: Array, smoothing: float) -> tuple[float, int]:
    """Mean loss over a batch and the number of right answers; writes the gradient of that mean loss.

    logits, dlogits (N, K); labels (N,) uint8. The target is 1 - smoothing on the label plus smoothing / K on every
    class (Szegedy et al. 2016). The largest logit is taken out first, so logits of any size are safe.
    """
    n, classes = logits.shape
    loss, right = 0.0, 0
    share = np.float32(1.0 / n)
    low = np.float32(smoothing / classes)
    for row in range(n):
        z, d, label = logits[row], dlogits[row], labels[row]
        top, best, total, mean = z[0], 0, np.float32(0), np.float32(0)
        for k in range(classes):
            mean += z[k]
            if z[k] > top:
                top, best = z[k], k
        for k in range(classes):
            d[k] = np.exp(z[k] - top)
            total += d[k]
        at_label = np.float32(1 - smoothing) * (z[label] - top)
        loss += np.log(total) - at_label - np.float32(smoothing) * (mean / np.float32(classes) - top)
        right += best == label
        for k in range(classes):
            d[k] = (d[k] / total - low) * share
        d[label] -= np.float32(1 - smoothing) * share
    return loss / n, right
