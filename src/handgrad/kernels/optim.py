"""Optimiser steps as one pass over a run of the flat parameter vector."""

import numpy as np

from handgrad.kernels.gemm import own_numbers, thread_range
from handgrad.kernels.jit import address, jit, vector
from handgrad.kernels.native import meet
from handgrad.kernels.protocol import Integer, Real, Rows, Totals, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import CHUNK, ceil_div


@jit
def _own_part(starts, p, team):
    # -> (first, last): this thread's part of parameter p; the rows of a layer whose gradient it has just written
    first, last = own_numbers(starts[p + 1] - starts[p], team)
    return starts[p] - starts[0] + first, starts[p] - starts[0] + last


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
    theta: Vector, grad: Vector, velocity: Vector, starts: Rows, lr: Real, momentum: float, nesterov: bool,
    weight_decay: float, team: Team,
) -> None:  # fmt: skip
    rate, mu, keep = np.float32(lr), np.float32(momentum), np.float32(1 - lr * weight_decay)
    for p in range(starts.size - 1):
        first, last = _own_part(starts, p, team)
        t, g = vector(address(theta), first, last), vector(address(grad), first, last)
        _sgd(t, g, vector(address(velocity), first, last), rate, mu, nesterov, keep)


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
    theta: Vector, grad: Vector, m: Vector, v: Vector, starts: Rows, lr: Real, beta1: float, beta2: float,
    eps: float, l2: float, weight_decay: float, step: Integer, team: Team,
) -> None:  # fmt: skip
    b1, b2, c1, c2 = np.float32(beta1), np.float32(beta2), np.float32(1 - beta1), np.float32(1 - beta2)
    rate, correction = np.float32(lr / (1 - beta1**step)), np.float32(1 / (1 - beta2**step))
    small, coupled, keep = np.float32(eps), np.float32(l2), np.float32(1 - lr * weight_decay)
    for p in range(starts.size - 1):
        first, last = _own_part(starts, p, team)
        t, g = vector(address(theta), first, last), vector(address(grad), first, last)
        one, two = vector(address(m), first, last), vector(address(v), first, last)
        _adam(t, g, one, two, b1, b2, c1, c2, rate, correction, small, coupled, keep)


@jit
def _ema(ema, theta, old, new):
    # ema, theta (P,)
    for i in range(ema.size):
        ema[i] = old * ema[i] + new * theta[i]


@kernel
def ema_step(ema: Vector, theta: Vector, decay: Real, team: Team) -> None:
    first, last = own_numbers(theta.size, team)
    e, t = vector(address(ema), first, last), vector(address(theta), first, last)
    _ema(e, t, np.float32(decay), np.float32(1 - decay))


@jit
def _squares(values):
    # -> the sum of squares of values (P,)
    total = 0.0
    for i in range(values.size):
        total += np.float64(values[i]) * values[i]
    return total


@jit
def _scale(values, factor):
    # values (P,) *= factor
    for i in range(values.size):
        values[i] *= factor


@kernel
def clip_norm(grad: Vector, norm: Totals, max_norm: float, partial_sums: Totals, team: Team) -> None:
    chunks = ceil_div(grad.size, CHUNK)
    first, last = thread_range(chunks, 1, team.t, team.threads)
    for chunk in range(first, last):
        part = vector(address(grad), chunk * CHUNK, min(grad.size, (chunk + 1) * CHUNK))
        partial_sums[chunk] = _squares(part)
    meet(team)
    total = 0.0
    for chunk in range(chunks):
        total += partial_sums[chunk]
    length = np.sqrt(total)
    if team.t == 0:
        norm[0] = length
    if length > max_norm:
        begin, end = own_numbers(grad.size, team)
        _scale(vector(address(grad), begin, end), np.float32(max_norm / length))
