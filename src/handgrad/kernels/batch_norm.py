"""Batch normalisation (Ioffe and Szegedy 2015).

Rows are taken in chunks that stay in the cache, the same whatever the number of threads; the chunks' results, in the
first thread's scratch, are combined in order. Below, what is not an array (M, C) is the address of one.
"""

from typing import Any

import numpy as np

from handgrad.kernels.gemm import thread_range
from handgrad.kernels.jit import address, fill, jit, view
from handgrad.kernels.native import meet
from handgrad.kernels.pass_scratch import batch_norm_layout, chunk_rows
from handgrad.kernels.protocol import Matrix, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import BYTES, ceil_div
from handgrad.kernels.vector.column_pass import add_rows, make_pass
from handgrad.kernels.vector.emitter import Emitter
from handgrad.kernels.vector.tile import LANES


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
def _at(array, row):
    # -> address of a row of array (M, C)
    return address(array) + BYTES * row * array.shape[1]


@jit
def _chunk_statistics(mean, square, x, first, last):
    # mean, square (C,), x (M, C): mean of the rows first to last, and the sum of squares about it
    channels = x.shape[1]
    fill(mean, channels, np.float32(0))
    fill(square, channels, np.float32(0))
    for c in range(0, channels, LANES):
        here = BYTES * c
        add_rows(
            (_at(x, first) + here,), (), (), (mean + here,), channels, channels, last - first, channels - c,
            np.float32(0),
        )  # fmt: skip
    means = view(mean, (channels,))
    for c in range(channels):
        means[c] /= np.float32(last - first)
    for c in range(0, channels, LANES):  # a second pass: E[x^2] - E[x]^2 would cancel
        here = BYTES * c
        at, m, s = (_at(x, first) + here,), (mean + here,), (square + here,)
        _pass_add_squares(at, (), m, s, channels, channels, last - first, channels - c, np.float32(0))


@jit
def _combine(mean, rstd, means, squares, rows, count, eps):
    # mean, rstd (C,), means, squares (chunks, C): of all rows from those of the chunks (Chan, Golub and LeVeque 1979)
    for c in range(mean.size):
        total, square = np.float32(0), np.float32(0)
        for k in range(means.shape[0]):
            total += means[k, c] * (np.float32(min(rows, count - k * rows)) / np.float32(count))
        for k in range(means.shape[0]):
            off = means[k, c] - total
            square += squares[k, c] + np.float32(min(rows, count - k * rows)) * off * off
        mean[c], rstd[c] = total, np.float32(1) / np.sqrt(square / np.float32(count) + np.float32(eps))


@jit
def _affine(scale, shift, mean, rstd, gamma, beta):
    # scale, shift (C,): the normalisation as scale x + shift
    for c in range(scale.size):
        scale[c] = rstd[c] * gamma[c]
        shift[c] = beta[c] - mean[c] * scale[c]


@jit
def _normalise(out, x, scale, shift, floor, first, last):
    # out, x (M, C), scale, shift (C,): rows first to last
    channels = x.shape[1]
    for c in range(0, channels, LANES):
        here = BYTES * c
        fixed = (scale + here, shift + here)
        at, to = (_at(x, first) + here,), (_at(out, first) + here,)
        _pass_scale(at, to, fixed, (), channels, channels, last - first, channels - c, np.float32(floor))


@kernel
def batch_norm_forward(
    out: Matrix, mean: Vector, rstd: Vector, x: Matrix, gamma: Vector, beta: Vector, eps: float, floor: float,
    scratch: Matrix, team: Team,
) -> None:  # fmt: skip
    count, channels = x.shape
    rows = chunk_rows(channels)
    chunks = ceil_div(count, rows)
    squares_at, scale_at, shift_at, _, _, _ = batch_norm_layout(count, channels)
    means, squares = address(scratch), address(scratch) + BYTES * squares_at
    scale, shift = means + BYTES * scale_at, means + BYTES * shift_at
    first, last = thread_range(chunks, 1, team.t, team.threads)
    for k in range(first, last):
        here = BYTES * k * channels
        _chunk_statistics(means + here, squares + here, x, k * rows, min(count, (k + 1) * rows))
    meet(team)
    if team.t == 0:
        _combine(mean, rstd, view(means, (chunks, channels)), view(squares, (chunks, channels)), rows, count, eps)
        _affine(view(scale, (channels,)), view(shift, (channels,)), mean, rstd, gamma, beta)
    meet(team)
    for k in range(first, last):
        _normalise(out, x, scale, shift, floor, k * rows, min(count, (k + 1) * rows))


@kernel
def batch_norm_running(
    running_mean: Vector, running_var: Vector, mean: Vector, rstd: Vector, momentum: float, eps: float, count: int,
    team: Team,
) -> None:  # fmt: skip
    if team.t:
        return
    old, new = np.float32(momentum), np.float32(1 - momentum)
    unbiased = np.float32(count / max(count - 1, 1))
    for c in range(mean.size):
        var = (np.float32(1) / (rstd[c] * rstd[c]) - np.float32(eps)) * unbiased
        running_mean[c] = old * running_mean[c] + new * mean[c]
        running_var[c] = old * running_var[c] + new * var


@kernel
def batch_norm_apply(
    out: Matrix, x: Matrix, mean: Vector, var: Vector, gamma: Vector, beta: Vector, eps: float, floor: float,
    scratch: Matrix, team: Team,
) -> None:  # fmt: skip
    count, channels = x.shape
    scale = address(scratch) + BYTES * team.t * scratch.shape[1]
    shift = scale + BYTES * channels
    scales, shifts = view(scale, (channels,)), view(shift, (channels,))
    for c in range(channels):
        scales[c] = gamma[c] / np.sqrt(var[c] + np.float32(eps))
        shifts[c] = beta[c] - mean[c] * scales[c]
    first, last = thread_range(count, 1, team.t, team.threads)
    if first < last:
        _normalise(out, x, scale, shift, floor, first, last)


@jit
def _parameter_sums(dgamma, dbeta, dy, x, scale, shift, mean, floor, first, last):
    # dgamma, dbeta (C,), dy, x (M, C): sums over the rows first to last; dgamma still lacks its factor rstd
    channels = x.shape[1]
    fill(dgamma, channels, np.float32(0))
    fill(dbeta, channels, np.float32(0))
    for c in range(0, channels, LANES):
        here = BYTES * c
        reads, fixed = (_at(dy, first) + here, _at(x, first) + here), (scale + here, shift + here, mean + here)
        sums = (dbeta + here, dgamma + here)
        _pass_add_gradients(reads, (), fixed, sums, channels, channels, last - first, channels - c, np.float32(floor))


@jit
def _sum_chunks(total, parts):
    # total (C,) = the sum of parts (chunks, C), in their order
    for c in range(total.size):
        total[c] = np.float32(0)
        for k in range(parts.shape[0]):
            total[c] += parts[k, c]


@jit
def _slopes(slope, level, scale, dgamma, dbeta, mean, rstd, count):
    # slope, level (C,): what dx takes from x, and from none; dgamma gets its factor rstd
    for c in range(slope.size):
        dgamma[c] *= rstd[c]
        slope[c] = -scale[c] * rstd[c] * dgamma[c] / np.float32(count)
        level[c] = -scale[c] * dbeta[c] / np.float32(count) - slope[c] * mean[c]


@jit
def _input_gradient(dx, dy, x, scale, shift, slope, level, floor, first, last):
    # dx, dy, x (M, C), the rest (C,): rows first to last
    channels = x.shape[1]
    for c in range(0, channels, LANES):
        here = BYTES * c
        fixed = (scale + here, shift + here, slope + here, level + here)
        reads, to = (_at(dy, first) + here, _at(x, first) + here), (_at(dx, first) + here,)
        _pass_dx(reads, to, fixed, (), channels, channels, last - first, channels - c, np.float32(floor))


@kernel
def batch_norm_backward(
    dx: Matrix, dgamma: Vector, dbeta: Vector, dy: Matrix, x: Matrix, mean: Vector, rstd: Vector, gamma: Vector,
    beta: Vector, floor: float, scratch: Matrix, team: Team,
) -> None:  # fmt: skip
    count, channels = x.shape
    rows = chunk_rows(channels)
    chunks = ceil_div(count, rows)
    dbetas_at, scale_at, shift_at, slope_at, level_at, _ = batch_norm_layout(count, channels)
    dgammas, dbetas = address(scratch), address(scratch) + BYTES * dbetas_at
    scale, shift = dgammas + BYTES * scale_at, dgammas + BYTES * shift_at
    slope, level = dgammas + BYTES * slope_at, dgammas + BYTES * level_at
    if team.t == 0:
        _affine(view(scale, (channels,)), view(shift, (channels,)), mean, rstd, gamma, beta)
    meet(team)
    first, last = thread_range(chunks, 1, team.t, team.threads)
    for k in range(first, last):
        a, b, end = dgammas + BYTES * k * channels, dbetas + BYTES * k * channels, min(count, (k + 1) * rows)
        _parameter_sums(a, b, dy, x, scale, shift, address(mean), floor, k * rows, end)
    meet(team)
    if team.t == 0:
        _sum_chunks(dgamma, view(dgammas, (chunks, channels)))
        _sum_chunks(dbeta, view(dbetas, (chunks, channels)))
        slopes, levels = view(slope, (channels,)), view(level, (channels,))
        _slopes(slopes, levels, view(scale, (channels,)), dgamma, dbeta, mean, rstd, count)
    meet(team)
    for k in range(first, last):
        _input_gradient(dx, dy, x, scale, shift, slope, level, floor, k * rows, min(count, (k + 1) * rows))
