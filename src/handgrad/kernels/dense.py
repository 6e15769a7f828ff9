"""Dense layer: three matrix products as loops around the register tile.

Operands are repacked just before they are used, a panel at a time, into a buffer that stays in the cache: rows a whole
number of pages apart would otherwise fight over the same few cache lines. Each output number is summed by one thread in
one order, so results do not depend on the number of threads. `scratch` (threads, numbers) is sized by `sizes.py`; its
row count is the number of threads. Twins in `naive.py`.
"""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.vector.pack import BYTES, copy_rows, pack_columns, transpose
from handgrad.kernels.vector.tile import LANES, ROWS, UNIT, WIDTH, make_tile

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous

SMALL = 1 << 18  # multiply-accumulates below which waking a second thread costs more than it saves
STRIP = 4 * ROWS  # rows turned at a time: whole tiles, and whole vectors once turned
SPARE = 2 * LANES * LANES  # for `transpose`

_tall2, _mid2, _low2, _one2 = (make_tile(r, 2, LANES) for r in (ROWS, 2 * UNIT, UNIT, 1))
_tall1, _mid1, _low1, _one1 = (make_tile(r, 1, LANES) for r in (ROWS, 2 * UNIT, UNIT, 1))


@njit(nogil=True, error_model="numpy")
def spread(row):
    """A row stride at which neighbouring rows fall into different cache sets: a power of two would pile them up."""
    return row + LANES if row % 256 == 0 else row


@njit(nogil=True, error_model="numpy")
def share(size, unit, t, threads):
    """(first, last) of thread t's part of `size` things, handed out in whole units."""
    units = -(-size // unit)
    return t * units // threads * unit, min(size, (t + 1) * units // threads * unit)


@njit(nogil=True, error_model="numpy")
def rows_by_panel(a, a_row, a_k, b, start, start_row, c, c_row, n_rows, n_k, n_cols, floor):
    """C (n_rows, n_cols) = max(floor, START + A @ B) for one packed panel B (n_k, WIDTH), tallest tiles first."""
    r = 0
    while r < n_rows:
        left = n_rows - r
        height = ROWS if left >= ROWS else 2 * UNIT if left >= 2 * UNIT else UNIT if left >= UNIT else 1
        at, from_, to = a + BYTES * r * a_row, start + BYTES * r * start_row, c + BYTES * r * c_row
        if n_cols > LANES:
            if height == ROWS:
                _tall2(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
            elif height == 2 * UNIT:
                _mid2(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
            elif height == UNIT:
                _low2(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
            else:
                _one2(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
        elif height == ROWS:
            _tall1(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
        elif height == 2 * UNIT:
            _mid1(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
        elif height == UNIT:
            _low1(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
        else:
            _one1(at, a_row, a_k, b, WIDTH, from_, start_row, to, c_row, n_k, n_cols, floor)
        r += height


@njit(nogil=True, error_model="numpy")
def _forward_panels(out, x, w, b, floor, scratch, t, threads):
    n, n_in = x.shape
    n_out = w.shape[1]
    panel = scratch[t].ctypes.data
    a, a_row = x.ctypes.data, spread(n_in)
    if a_row != n_in:
        a = panel + BYTES * n_in * WIDTH
        copy_rows(a, a_row, x.ctypes.data, n_in, n, n_in)
    for o in range(t * WIDTH, n_out, threads * WIDTH):
        n_cols = min(WIDTH, n_out - o)
        start, c = b.ctypes.data + BYTES * o, out.ctypes.data + BYTES * o
        if n < UNIT and n_cols == WIDTH:  # a panel that so few rows would use is not worth the copy
            for r in range(n):
                at, to = a + BYTES * r * a_row, c + BYTES * r * n_out
                _one2(at, a_row, 1, w.ctypes.data + BYTES * o, n_out, start, 0, to, n_out, n_in, WIDTH, floor)
            continue
        pack_columns(panel, w.ctypes.data + BYTES * o, n_out, n_in, n_cols)
        rows_by_panel(a, a_row, 1, panel, start, 0, c, n_out, n, n_in, n_cols, floor)


def dense_forward(out: Array, x: Array, w: Array, b: Array, floor: float, scratch: Array) -> None:
    """out (N, O) = max(floor, x (N, I) @ w (I, O) + b (O,)); floor 0 is ReLU, -inf none."""
    threads = scratch.shape[0]
    if x.size * w.shape[1] < SMALL:
        _forward_panels(out, x, w, b, floor, scratch, 0, 1)
        return
    for t in prange(threads):
        _forward_panels(out, x, w, b, floor, scratch, t, threads)


@njit(nogil=True, error_model="numpy")
def _input_gradient_rows(dx, dy, w, scratch, t, threads):
    """dx.T = w @ dy.T: the small dy and dx are turned, never the weights."""
    n, n_out = dy.shape
    n_in = w.shape[0]
    a_row = spread(n_out)
    scratch[t, :WIDTH] = 0
    zeros = scratch[t].ctypes.data
    spare = zeros + BYTES * WIDTH
    strip = spare + BYTES * SPARE
    tile = strip + BYTES * STRIP * a_row
    panels = tile + BYTES * STRIP * WIDTH
    for first in range(0, n, WIDTH):
        at = dy.ctypes.data + BYTES * first * n_out
        transpose(panels + BYTES * first * n_out, WIDTH, at, n_out, min(WIDTH, n - first), n_out, spare)
    begin, end = share(n_in, LANES, t, threads)
    for i in range(begin, end, STRIP):
        height = min(STRIP, end - i)
        a = w.ctypes.data + BYTES * i * n_out
        if a_row != n_out:
            copy_rows(strip, a_row, a, n_out, height, n_out)
            a = strip
        for first in range(0, n, WIDTH):
            n_cols = min(WIDTH, n - first)
            panel = panels + BYTES * first * n_out
            rows_by_panel(a, a_row, 1, panel, zeros, 0, tile, WIDTH, height, n_out, n_cols, -np.inf)
            transpose(dx.ctypes.data + BYTES * (first * n_in + i), n_in, tile, WIDTH, height, n_cols, spare)


def dense_input_gradient(dx: Array, dy: Array, w: Array, scratch: Array) -> None:
    """dx (N, I) = dy (N, O) @ w (I, O).T"""
    threads = scratch.shape[0]
    if dy.size * w.shape[0] < SMALL:
        _input_gradient_rows(dx, dy, w, scratch, 0, 1)
        return
    for t in prange(threads):
        _input_gradient_rows(dx, dy, w, scratch, t, threads)


@njit(nogil=True, error_model="numpy")
def _add(total, row):
    for i in range(total.size):
        total[i] += row[i]


@njit(nogil=True, error_model="numpy")
def _weight_gradient_rows(dw, db, x, dy, scratch, t, threads):
    n, n_in = x.shape
    n_out = dy.shape[1]
    scratch[t, :WIDTH] = 0
    zeros = scratch[t].ctypes.data
    strip = zeros + BYTES * WIDTH
    panels = strip + BYTES * n * STRIP
    for o in range(0, n_out, WIDTH):
        pack_columns(panels + BYTES * n * o, dy.ctypes.data + BYTES * o, n_out, n, min(WIDTH, n_out - o))
    first, last = share(n_in, UNIT, t, threads)
    for i in range(first, last, STRIP):
        height = min(STRIP, last - i)
        copy_rows(strip, STRIP, x.ctypes.data + BYTES * i, n_in, n, height)
        for o in range(0, n_out, WIDTH):
            n_cols = min(WIDTH, n_out - o)
            c = dw.ctypes.data + BYTES * (i * n_out + o)
            rows_by_panel(strip, 1, STRIP, panels + BYTES * n * o, zeros, 0, c, n_out, height, n, n_cols, -np.inf)
    first, last = share(n_out, LANES, t, threads)
    total = db[first:last]
    total[:] = 0
    for r in range(n):
        _add(total, dy[r, first:last])


def dense_weight_gradient(dw: Array, db: Array, x: Array, dy: Array, scratch: Array) -> None:
    """dw (I, O) = x (N, I).T @ dy (N, O) and db (O,) = the sum of dy over the batch"""
    threads = scratch.shape[0]
    if x.size * dy.shape[1] < SMALL:
        _weight_gradient_rows(dw, db, x, dy, scratch, 0, 1)
        return
    for t in prange(threads):
        _weight_gradient_rows(dw, db, x, dy, scratch, t, threads)
