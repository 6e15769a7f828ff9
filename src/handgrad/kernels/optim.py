"""Optimiser steps as one pass over a run of the flat parameter vector."""

import numpy as np
from numba import prange

from handgrad.kernels.jit import jit
from handgrad.kernels.protocol import Array
from handgrad.kernels.registry import kernel
from handgrad.kernels.sizes import CHUNK, ceil_div


@jit
def _sgd(theta, grad, velocity, rate, mu, nesterov, keep):
    # theta, grad, velocity (P,)
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


@kernel
def sgd_step(
    theta: Array, grad: Array, velocity: Array, lr: float, momentum: float, nesterov: bool, weight_decay: float
) -> None:
    rate, mu, keep = np.float32(lr), np.float32(momentum), np.float32(1 - lr * weight_decay)
    if theta.size <= CHUNK:
        _sgd(theta, grad, velocity, rate, mu, nesterov, keep)
        return
    for chunk in prange(ceil_div(theta.size, CHUNK)):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _sgd(theta[span], grad[span], velocity[span], rate, mu, nesterov, keep)


@jit
def _adam(theta, grad, m, v, b1, b2, c1, c2, rate, correction, small, coupled, keep):
    # theta, grad, m, v (P,)
    for i in range(theta.size):
        slope = grad[i] + coupled * theta[i]
        m[i] = b1 * m[i] + c1 * slope
        v[i] = b2 * v[i] + c2 * slope * slope
        theta[i] = keep * theta[i] - rate * m[i] / (np.sqrt(v[i] * correction) + small)


@kernel
def adam_step(
    theta: Array, grad: Array, m: Array, v: Array, lr: float, beta1: float, beta2: float, eps: float, l2: float,
    weight_decay: float, step: int,
) -> None:  # fmt: skip
    b1, b2, c1, c2 = np.float32(beta1), np.float32(beta2), np.float32(1 - beta1), np.float32(1 - beta2)
    rate, correction = np.float32(lr / (1 - beta1**step)), np.float32(1 / (1 - beta2**step))
    small, coupled, keep = np.float32(eps), np.float32(l2), np.float32(1 - lr * weight_decay)
    if theta.size <= CHUNK:
        _adam(theta, grad, m, v, b1, b2, c1, c2, rate, correction, small, coupled, keep)
        return
    for chunk in prange(ceil_div(theta.size, CHUNK)):
        span = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _adam(theta[span], grad[span], m[span], v[span], b1, b2, c1, c2, rate, correction, small, coupled, keep)


@kernel
def ema_step(ema: Array, theta: Array, decay: float) -> None:
    old, new = np.float32(decay), np.float32(1 - decay)
    for chunk in prange(ceil_div(theta.size, CHUNK)):
        a, t = ema[chunk * CHUNK : (chunk + 1) * CHUNK], theta[chunk * CHUNK : (chunk + 1) * CHUNK]
        for i in range(a.size):
            a[i] = old * a[i] + new * t[i]


@jit
def _total(parts, count):
    # -> the sum in order, which a sum inside a parallel kernel is not
    total = 0.0
    for i in range(count):
        total += parts[i]
    return total


@kernel
def clip_norm(grad: Array, max_norm: float, partial_sums: Array) -> float:
    chunks = ceil_div(grad.size, CHUNK)
    for chunk in prange(chunks):
        total = 0.0
        for value in grad[chunk * CHUNK : (chunk + 1) * CHUNK]:
            total += np.float64(value) * value
        partial_sums[chunk] = total
    norm = np.sqrt(_total(partial_sums, chunks))
    if norm > max_norm:
        scale = np.float32(max_norm / norm)
        for chunk in prange(chunks):
            g = grad[chunk * CHUNK : (chunk + 1) * CHUNK]
            for i in range(g.size):
                g[i] *= scale
    return float(norm)
