"""Dense layer: three matrix products, shared among threads by the rows or columns of the result."""

import numpy as np
from numba import prange

from handgrad.kernels.gemm import one_row, pack_panels, rows_by_panel, thread_range
from handgrad.kernels.jit import jit
from handgrad.kernels.protocol import Array
from handgrad.kernels.registry import kernel
from handgrad.kernels.scratch import (
    dense_forward_layout,
    dense_input_gradient_layout,
    dense_weight_gradient_layout,
    strip_rows,
)
from handgrad.kernels.sizes import row_stride
from handgrad.kernels.vector.pack import BYTES, copy_rows, pack_columns, transpose
from handgrad.kernels.vector.tile import LANES, ROWS, UNIT, WIDTH

SMALL = 1 << 18  # multiply-accumulates below which waking a second thread costs more than it saves
STRIP = strip_rows(ROWS)


@jit
def _forward_panels(out, x, w, b, floor, scratch, t, threads):
    # out (N, O), x (N, I), w (I, O), b (O,): thread t's panels of WIDTH columns of out
    n, n_in = x.shape
    n_out = w.shape[1]
    own = scratch[t].ctypes.data
    panel_at, copy_at, _ = dense_forward_layout(n, n_in, LANES)
    panel, a, a_row = own + BYTES * panel_at, x.ctypes.data, row_stride(n_in, LANES)
    if a_row != n_in:
        a = own + BYTES * copy_at
        copy_rows(a, a_row, x.ctypes.data, n_in, n, n_in)
    for o in range(t * WIDTH, n_out, threads * WIDTH):
        n_cols = min(WIDTH, n_out - o)
        start, c = b.ctypes.data + BYTES * o, out.ctypes.data + BYTES * o
        if n < UNIT and n_cols == WIDTH:  # a panel that so few rows would use is not worth the copy
            for r in range(n):
                at, to = a + BYTES * r * a_row, c + BYTES * r * n_out
                one_row(at, a_row, 1, w.ctypes.data + BYTES * o, n_out, start, 0, to, n_out, n_in, WIDTH, floor)
            continue
        pack_columns(panel, w.ctypes.data + BYTES * o, n_out, n_in, n_cols)
        rows_by_panel(a, a_row, 1, panel, start, 0, c, n_out, n, n_in, n_cols, floor)


@kernel
def dense_forward(out: Array, x: Array, w: Array, b: Array, floor: float, scratch: Array) -> None:
    threads = scratch.shape[0]
    if x.size * w.shape[1] < SMALL:
        _forward_panels(out, x, w, b, floor, scratch, 0, 1)
        return
    for t in prange(threads):
        _forward_panels(out, x, w, b, floor, scratch, t, threads)


@jit
def _input_gradient_rows(dx, dy, w, scratch, t, threads):
    # dx (N, I), dy (N, O), w (I, O); dx.T = w @ dy.T, as transposing dy and dx moves less than transposing the weights
    n, n_out = dy.shape
    n_in = w.shape[0]
    a_row = row_stride(n_out, LANES)
    zeros_at, spare_at, strip_at, result_at, panels_at, _ = dense_input_gradient_layout(n, n_out, LANES, ROWS)
    scratch[t, zeros_at : zeros_at + WIDTH] = 0
    own = scratch[t].ctypes.data
    zeros, spare, strip = own + BYTES * zeros_at, own + BYTES * spare_at, own + BYTES * strip_at
    result, panels = own + BYTES * result_at, own + BYTES * panels_at
    for first in range(0, n, WIDTH):
        at = dy.ctypes.data + BYTES * first * n_out
        transpose(panels + BYTES * first * n_out, WIDTH, at, n_out, min(WIDTH, n - first), n_out, spare)
    begin, end = thread_range(n_in, LANES, t, threads)
    for i in range(begin, end, STRIP):
        height = min(STRIP, end - i)
        a = w.ctypes.data + BYTES * i * n_out
        if a_row != n_out:
            copy_rows(strip, a_row, a, n_out, height, n_out)
            a = strip
        for first in range(0, n, WIDTH):
            n_cols = min(WIDTH, n - first)
            panel = panels + BYTES * first * n_out
            rows_by_panel(a, a_row, 1, panel, zeros, 0, result, WIDTH, height, n_out, n_cols, -np.inf)
            transpose(dx.ctypes.data + BYTES * (first * n_in + i), n_in, result, WIDTH, height, n_cols, spare)


@kernel
def dense_input_gradient(dx: Array, dy: Array, w: Array, scratch: Array) -> None:
    threads = scratch.shape[0]
    if dy.size * w.shape[0] < SMALL:
        _input_gradient_rows(dx, dy, w, scratch, 0, 1)
        return
    for t in prange(threads):
        _input_gradient_rows(dx, dy, w, scratch, t, threads)


@jit
def _add(total, row):
    # total (O,) += row (O,)
    for i in range(total.size):
        total[i] += row[i]


@jit
def _weight_gradient_rows(dw, db, x, dy, scratch, t, threads):
    # dw (I, O), db (O,), x (N, I), dy (N, O): thread t's rows of dw and its part of db
    n, n_in = x.shape
    n_out = dy.shape[1]
    zeros_at, strip_at, panels_at, _ = dense_weight_gradient_layout(n, n_out, LANES, ROWS)
    scratch[t, zeros_at : zeros_at + WIDTH] = 0
    own = scratch[t].ctypes.data
    zeros, strip, panels = own + BYTES * zeros_at, own + BYTES * strip_at, own + BYTES * panels_at
    pack_panels(panels, dy.ctypes.data, n_out, n, n_out)
    first, last = thread_range(n_in, UNIT, t, threads)
    for i in range(first, last, STRIP):
        height = min(STRIP, last - i)
        copy_rows(strip, STRIP, x.ctypes.data + BYTES * i, n_in, n, height)
        for o in range(0, n_out, WIDTH):
            n_cols = min(WIDTH, n_out - o)
            c = dw.ctypes.data + BYTES * (i * n_out + o)
            rows_by_panel(strip, 1, STRIP, panels + BYTES * n * o, zeros, 0, c, n_out, height, n, n_cols, -np.inf)
    first, last = thread_range(n_out, LANES, t, threads)
    total = db[first:last]
    total[:] = 0
    for r in range(n):
        _add(total, dy[r, first:last])


@kernel
def dense_weight_gradient(dw: Array, db: Array, x: Array, dy: Array, scratch: Array) -> None:
    threads = scratch.shape[0]
    if x.size * dy.shape[1] < SMALL:
        _weight_gradient_rows(dw, db, x, dy, scratch, 0, 1)
        return
    for t in prange(threads):
        _weight_gradient_rows(dw, db, x, dy, scratch, t, threads)
