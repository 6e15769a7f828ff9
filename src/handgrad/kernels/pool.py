"""Pooling: the largest of each 2x2 square of pixels, and the mean of the whole image."""

from typing import Any

import numpy as np
from llvmlite import ir

from handgrad.kernels.gemm import thread_range
from handgrad.kernels.jit import address, fill, jit
from handgrad.kernels.protocol import ByteImages, Images, Matrix
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import BYTES, NO_ARGMAX
from handgrad.kernels.vector.column_pass import add_rows, make_pass
from handgrad.kernels.vector.emitter import I8, Emitter
from handgrad.kernels.vector.tile import LANES


def _bytes(number: int) -> Any:
    return ir.Constant(ir.VectorType(I8, LANES), [number] * LANES)


def _largest(e: Emitter, values: list[Any], fixed: list[Any], sums: list[Any], floor: Any) -> Any:
    """The largest value, raised to the floor, and which one it is."""
    best, argmax = values[0], _bytes(0)
    for k, value in enumerate(values[1:], 1):
        larger = e.build.fcmp_ordered(">", value, best)
        best, argmax = e.build.select(larger, value, best), e.build.select(larger, _bytes(k), argmax)
    above = e.build.fcmp_ordered(">", best, floor)
    return [e.not_below(best, floor), e.build.select(above, argmax, _bytes(NO_ARGMAX))], []


def _to_largest(e: Emitter, values: list[Any], fixed: list[Any], sums: list[Any], floor: Any) -> Any:
    """The gradient for the value that was the largest, 0 for the others."""
    dy, argmax = values
    chosen = [e.build.icmp_unsigned("==", argmax, _bytes(k)) for k in range(4)]
    return [e.build.select(here, dy, e.zeros()) for here in chosen], []


_pass_largest, _pass_to_largest = make_pass(_largest, "ffff", "fb"), make_pass(_to_largest, "fb", "ffff")


@jit
def _square(image, i, width, channels, c):
    # -> addresses of channel c of the four pixels of the first square in row i of the squares of image (H, W, C)
    at = image + BYTES * (2 * i * width * channels + c)
    below = at + BYTES * width * channels
    return at, at + BYTES * channels, below, below + BYTES * channels


@kernel
def max_pool_forward(out: Images, argmax: ByteImages, x: Images, floor: float, team: Team) -> None:
    n, height, width, channels = out.shape
    row, image = width * channels, x.shape[1] * x.shape[2] * channels
    first, last = thread_range(n, 1, team.t, team.threads)
    for r in range(first * height, last * height):  # rows of squares
        to, marks = address(out) + BYTES * r * row, address(argmax) + r * row
        at = address(x) + BYTES * (r // height) * image
        for c in range(0, channels, LANES):
            ends = to + BYTES * c, marks + c
            reads = _square(at, r % height, x.shape[2], channels, c)
            _pass_largest(reads, ends, (), (), 2 * channels, channels, width, channels - c, np.float32(floor))


@kernel
def max_pool_backward(dx: Images, dy: Images, argmax: ByteImages, team: Team) -> None:
    n, height, width, channels = dy.shape
    row, image = width * channels, dx.shape[1] * dx.shape[2] * channels
    first, last = thread_range(n, 1, team.t, team.threads)
    if 2 * height < dx.shape[1] or 2 * width < dx.shape[2]:  # the rest belongs to no square
        fill(address(dx) + BYTES * first * image, (last - first) * image, np.float32(0))
    for r in range(first * height, last * height):
        from_, marks = address(dy) + BYTES * r * row, address(argmax) + r * row
        to = address(dx) + BYTES * (r // height) * image
        for c in range(0, channels, LANES):
            reads = from_ + BYTES * c, marks + c
            ends = _square(to, r % height, dx.shape[2], channels, c)
            _pass_to_largest(reads, ends, (), (), channels, 2 * channels, width, channels - c, np.float32(0))


@kernel
def mean_pool_forward(out: Matrix, x: Images, team: Team) -> None:
    n, height, width, channels = x.shape
    weight = np.float32(1 / (height * width))
    first, last = thread_range(n, 1, team.t, team.threads)
    for i in range(first, last):
        at, total = address(x) + BYTES * i * height * width * channels, address(out) + BYTES * i * channels
        fill(total, channels, np.float32(0))
        for c in range(0, channels, LANES):
            add_rows(
                (at + BYTES * c,), (), (), (total + BYTES * c,), channels, 0, height * width, channels - c,
                np.float32(0),
            )  # fmt: skip
        for c in range(channels):
            out[i, c] *= weight


@kernel
def mean_pool_backward(dx: Images, dy: Matrix, team: Team) -> None:
    n, height, width, channels = dx.shape
    count = np.float32(height * width)
    first, last = thread_range(n * height, 1, team.t, team.threads)
    for row in range(first, last):
        for x in range(width):
            for c in range(channels):
                dx[row // height, row % height, x, c] = dy[row // height, c] / count
