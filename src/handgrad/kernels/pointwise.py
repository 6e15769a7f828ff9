"""Kernels that pass over each number once: ReLU, sum, dropout, copies; and the random bits that several draw."""

import numpy as np

from handgrad.kernels.gemm import own_numbers, thread_range
from handgrad.kernels.jit import address, jit, vector
from handgrad.kernels.protocol import Integer, Matrix, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import BYTES
from handgrad.kernels.vector.pack import copy_rows


@jit
def hash32(counter, key0, key1):
    # -> 32 random bits; see the twin
    h = np.uint32(counter) ^ np.uint32(key0)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * np.uint32(0x7FEB352D))
    h = np.uint32(h ^ np.uint32(key1))
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(h ^ np.uint32(h >> np.uint32(16)))


@jit
def halves(key):
    # -> the low and the high 32 bits of a key
    return np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)


@jit
def _relu_forward(out, x):
    for i in range(out.size):
        out[i] = np.float32(0) if x[i] < 0 else x[i]


@kernel
def relu_forward(out: Vector, x: Vector, team: Team) -> None:
    first, last = own_numbers(out.size, team)
    _relu_forward(vector(address(out), first, last), vector(address(x), first, last))


@jit
def _relu_backward(dy, out):
    for i in range(dy.size):
        dy[i] = dy[i] if out[i] > 0 else np.float32(0)


@kernel
def relu_backward(dy: Vector, out: Vector, team: Team) -> None:
    # in place, as two names for one array would keep the loop from becoming vector code
    first, last = own_numbers(dy.size, team)
    _relu_backward(vector(address(dy), first, last), vector(address(out), first, last))


@jit
def _add(out, x, y, low):
    for i in range(out.size):
        total = x[i] + y[i]
        out[i] = low if total < low else total


@kernel
def add(out: Vector, x: Vector, y: Vector, floor: float, team: Team) -> None:
    first, last = own_numbers(out.size, team)
    o, a, b = vector(address(out), first, last), vector(address(x), first, last), vector(address(y), first, last)
    _add(o, a, b, np.float32(floor))


@jit
def _dropout(out, x, first, drop_below, scale, key0, key1):
    for i in range(out.size):
        keep = hash32(first + i, key0, key1) >= drop_below
        out[i] = x[i] * scale if keep else np.float32(0)


@kernel
def dropout(out: Vector, x: Vector, rate: float, key: Integer, team: Team) -> None:
    (first, last), (key0, key1) = own_numbers(out.size, team), halves(key)
    o, a = vector(address(out), first, last), vector(address(x), first, last)
    _dropout(o, a, first, np.uint32(rate * 4294967296.0), np.float32(1 / (1 - rate)), key0, key1)


@kernel
def take_rows(out: Matrix, x: Matrix, first: int, step: int, team: Team) -> None:
    (begin, end), width = thread_range(out.shape[0], 1, team.t, team.threads), out.shape[1]
    to, at = address(out) + BYTES * begin * width, address(x) + BYTES * (first + begin * step) * width
    copy_rows(to, width, at, step * width, end - begin, width)


@kernel
def put_rows(out: Matrix, x: Matrix, first: int, step: int, team: Team) -> None:
    (begin, end), width = thread_range(x.shape[0], 1, team.t, team.threads), out.shape[1]
    to, at = address(out) + BYTES * (first + begin * step) * width, address(x) + BYTES * begin * width
    copy_rows(to, step * width, at, width, end - begin, width)
