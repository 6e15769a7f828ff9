"""Optimiser steps as one pass over a run of the flat parameter vector. Twins in `naive.py`."""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.sizes import CHUNK

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous


@njit(nogil=True, error_model="numpy")
def _sgd(theta, grad, velocity, rate, mu, nesterov, keep):
    if mu == 0:
        for i in range(theta.size):
            theta[i] = keep * theta[i] - rate * grad[i]
    elif nesterov:
        for i in range(theta.size):
            velocity[i] = mu * velocity[i] + grad[i]
            theta[i] = keep * theta[i] - rate * (grad[i] + mu * velocity[i])
    else:
        for i in range(theta.size):
            velocity[i] = mu * velocity[i] + grad[i]
            theta[i] = keep * theta[i] - rate * velocity[i]


def sgd_step(
    theta: Array, grad: Array, velocity: Array, lr: float, momentum: float, nesterov: bool, decay: float
) -> None:
    """v = momentum * v + g;  theta -= lr * (g + momentum * v if nesterov else v) + lr * decay * theta."""
    rate, mu, keep = np.float32(lr), np.float32(momentum), np.float32(1 - lr * decay)
    if theta.size <= CHUNK:
        _sgd(theta, grad, velocity, rate, mu, nesterov, keep)
        return
    for chunk in prange((theta.size + CHUNK - 1) // CHUNK):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _sgd(theta[span], grad[span], velocity[span], rate, mu, nesterov, keep)


@njit(nogil=True, error_model="numpy")
def _adam(theta, grad, m, v, b1, b2, c1, c2, rate, correction, small, l2, keep):
    for i in range(theta.size):
        slope = grad[i] + l2 * theta[i]
        m[i] = b1 * m[i] + c1 * slope
        v[i] = b2 * v[i] + c2 * slope * slope
        theta[i] = keep * theta[i] - rate * m[i] / (np.sqrt(v[i] * correction) + small)


def adam_step(
    theta: Array, grad: Array, m: Array, v: Array, lr: float, beta1: float, beta2: float, eps: float, coupled: float,
    decay: float, step: int,
) -> None:  # fmt: skip
    """Adam with bias correction (Kingma and Ba 2015); `decay` decoupled from the gradient (Loshchilov and Hutter 2019),
    `coupled` added to it (L2). `step` counts from 1.
    """
    b1, b2, c1, c2 = np.float32(beta1), np.float32(beta2), np.float32(1 - beta1), np.float32(1 - beta2)
    rate, correction = np.float32(lr / (1 - beta1**step)), np.float32(1 / (1 - beta2**step))
    small, l2, keep = np.float32(eps), np.float32(coupled), np.float32(1 - lr * decay)
    if theta.size <= CHUNK:
        _adam(theta, grad, m, v, b1, b2, c1, c2, rate, correction, small, l2, keep)
        return
    for chunk in prange((theta.size + CHUNK - 1) // CHUNK):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _adam(theta[span], grad[span], m[span], v[span], b1, b2, c1, c2, rate, correction, small, l2, keep)


def average_step(average: Array, theta: Array, keep: float) -> None:
    """average = keep * average + (1 - keep) * theta"""
    old, new = np.float32(keep), np.float32(1 - keep)
    for chunk in prange((theta.size + CHUNK - 1) // CHUNK):
        a, t = average[chunk * CHUNK : (chunk + 1) * CHUNK], theta[chunk * CHUNK : (chunk + 1) * CHUNK]
        for i in range(a.size):
            a[i] = old * a[i] + new * t[i]


@njit(nogil=True, error_model="numpy")
def _total(parts, count):
    """Added up in order, which a sum inside a parallel kernel is not."""
    total = 0.0
    for i in range(count):
        total += parts[i]
    return total


def clip_norm(grad: Array, limit: float, parts: Array) -> float:
    """Scale grad down to the Euclidean norm `limit` if it is longer (Pascanu et al. 2013); returns the norm it had.

    parts: float64, at least one for each CHUNK of grad; summed in a fixed order.
    """
    chunks = (grad.size + CHUNK - 1) // CHUNK
    for chunk in prange(chunks):
        total = 0.0
        for value in grad[chunk * CHUNK : (chunk + 1) * CHUNK]:
            total += np.float64(value) * value
        parts[chunk] = total
    norm = np.sqrt(_total(parts, chunks))
    if norm > limit:
        scale = np.float32(limit / norm)
        for chunk in prange(chunks):
            g = grad[chunk * CHUNK : (chunk + 1) * CHUNK]
            for i in range(g.size):
                g[i] *= scale
    return float(norm)
