"""Passes over each number once: ReLU, dropout, softmax with cross-entropy. Twins in `naive.py`."""

from typing import Any

import numpy as np
from numba import njit, prange

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous

CHUNK = 1 << 14  # numbers that one thread handles at a time: fixed, so that nothing depends on the number of threads


@njit(nogil=True, cache=True, error_model="numpy")
def hash32(counter, key0, key1):  # type: ignore[no-untyped-def]
    """32 random bits for a counter: the lowbias32 mixer (Wellons 2018) keyed before and between its rounds."""
    h = np.uint32(counter) ^ np.uint32(key0)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * np.uint32(0x7FEB352D))
    h = np.uint32(h ^ np.uint32(key1))
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(h ^ np.uint32(h >> np.uint32(16)))


def relu_forward(out: Array, x: Array) -> None:
    """out = max(0, x), any shape; a NaN stays a NaN."""
    flat_out, flat_x = out.reshape(-1), x.reshape(-1)
    for chunk in prange((flat_x.size + CHUNK - 1) // CHUNK):
        o, a = flat_out[chunk * CHUNK : (chunk + 1) * CHUNK], flat_x[chunk * CHUNK : (chunk + 1) * CHUNK]
        for i in range(o.size):
            o[i] = np.float32(0) if a[i] < 0 else a[i]


def relu_backward(dx: Array, dy: Array, out: Array) -> None:
    """dx = dy where the output was above 0, else 0; dx may be dy itself."""
    flat_dx, flat_dy, flat_out = dx.reshape(-1), dy.reshape(-1), out.reshape(-1)
    for chunk in prange((flat_dx.size + CHUNK - 1) // CHUNK):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        d, g, o = flat_dx[span], flat_dy[span], flat_out[span]
        for i in range(d.size):
            d[i] = g[i] if o[i] > 0 else np.float32(0)


def dropout(out: Array, x: Array, rate: float, key: int) -> None:
    """out = x / (1 - rate) where the counter's random bits keep it, else 0; out may be x itself.

    The same key gives the same mask, so the backward pass is this pass over the gradient.
    """
    flat_out, flat_x = out.reshape(-1), x.reshape(-1)
    key0, key1 = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    drop_below, scale = np.uint32(rate * 4294967296.0), np.float32(1 / (1 - rate))
    for chunk in prange((flat_x.size + CHUNK - 1) // CHUNK):
        o, a = flat_out[chunk * CHUNK : (chunk + 1) * CHUNK], flat_x[chunk * CHUNK : (chunk + 1) * CHUNK]
        for i in range(o.size):
            keep = hash32(chunk * CHUNK + i, key0, key1) >= drop_below
            o[i] = a[i] * scale if keep else np.float32(0)


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
