"""Dense layer: three matrix products, shared among threads by the rows or columns of the result."""

import numpy as np

from handgrad.kernels.gemm import NO_FLOOR, one_row, pack_panels, rows_by_panel, thread_range
from handgrad.kernels.jit import address, fill, jit, vector
from handgrad.kernels.native import meet
from handgrad.kernels.protocol import Matrix, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.scratch import (
    dense_first_part,
    dense_forward_layout,
    dense_input_gradient_layout,
    dense_weight_gradient_layout,
    strip_rows,
)
from handgrad.kernels.sizes import BYTES, ceil_div, row_stride
from handgrad.kernels.vector.pack import copy_rows, pack_columns, transpose
from handgrad.kernels.vector.tile import LANES, ROWS, UNIT, WIDTH

SMALL = 1 << 15  # multiply-accumulates for which a second thread costs more than it saves
STRIP = strip_rows(ROWS)


@jit
def _own(size, unit, work, team):
    # -> (first, last): this thread's part of `size` rows or columns; of a small product, one thread does all
    if work < SMALL:
        return 0, size if team.t == 0 else 0
    return thread_range(size, unit, team.t, team.threads)


@jit
def _add(total, row, low):
    # total = max(low, total + row), of one size
    for i in range(total.size):
        both = total[i] + row[i]
        total[i] = low if both < low else both


@kernel
def dense_forward(out: Matrix, x: Matrix, w: Matrix, b: Vector, floor: float, scratch: Matrix, team: Team) -> None:
    # the sums are taken in two parts: of two threads, each reads those rows of w that it updates, as it computed their
    # gradient; columns of w would be half from the other's cache
    (n, n_in), n_out, low = x.shape, w.shape[1], np.float32(floor)
    half, panels, work = dense_first_part(n_in, n_out), ceil_div(n_out, WIDTH), x.size * n_out
    own = address(scratch) + BYTES * team.t * scratch.shape[1]
    if half == n_in:
        first, last = _own(panels, 1, work, team)
        _part(address(out), x, w, 0, n_in, address(b), first, last, low, own)
        return
    _, _, zeros_at, rest_at, _ = dense_forward_layout(n, n_in, n_out, LANES)
    zeros, rest = own + BYTES * zeros_at, address(scratch) + BYTES * rest_at
    first, last = _own(2 * panels, 1, work, team)
    _part(address(out), x, w, 0, half, address(b), first, min(last, panels), NO_FLOOR, own)
    if last > panels:
        fill(zeros, n_out, np.float32(0))
        _part(rest, x, w, half, n_in, zeros, max(first - panels, 0), last - panels, NO_FLOOR, own)
    if work >= SMALL:
        meet(team)
    first, last = _own(n, 1, work, team)
    _add(vector(address(out), first * n_out, last * n_out), vector(rest, first * n_out, last * n_out), low)


@jit
def _part(out, x, w, begin, end, start, first, last, low, own):
    # panels first to last of out (N, O) = max(low, start + x @ w), summed over the inputs from begin to end
    (n, n_in), n_out = x.shape, w.shape[1]
    panel_at, copy_at, _, _, _ = dense_forward_layout(n, n_in, n_out, LANES)
    panel, a, a_row = own + BYTES * panel_at, address(x) + BYTES * begin, row_stride(n_in, LANES)
    if a_row != n_in and first < last:
        a = own + BYTES * (copy_at + begin)
        copy_rows(a, a_row, address(x) + BYTES * begin, n_in, n, end - begin)
    for o in range(first * WIDTH, min(last * WIDTH, n_out), WIDTH):
        n_cols, n_k = min(WIDTH, n_out - o), end - begin
        at, from_, c = address(w) + BYTES * (begin * n_out + o), start + BYTES * o, out + BYTES * o
        if n < UNIT and n_cols == WIDTH:  # a panel that so few rows would use is not worth the copy
            for r in range(n):
                row, to = a + BYTES * r * a_row, c + BYTES * r * n_out
                one_row(row, a_row, 1, at, n_out, from_, 0, to, n_out, n_k, WIDTH, low)
            continue
        pack_columns(panel, at, n_out, n_k, n_cols)
        rows_by_panel(a, a_row, 1, panel, from_, 0, c, n_out, n, n_k, n_cols, low)


@kernel
def dense_input_gradient(dx: Matrix, dy: Matrix, w: Matrix, scratch: Matrix, team: Team) -> None:
    # dx.T = w @ dy.T, as transposing dy and dx moves less than transposing the weights; this thread's rows of w
    (n, n_out), n_in = dy.shape, w.shape[0]
    begin, end = _own(n_in, LANES, dy.size * n_in, team)
    a_row = row_stride(n_out, LANES)
    zeros_at, spare_at, strip_at, result_at, panels_at, _ = dense_input_gradient_layout(n, n_out, LANES, ROWS)
    own = address(scratch) + BYTES * team.t * scratch.shape[1]
    zeros, spare, strip = own + BYTES * zeros_at, own + BYTES * spare_at, own + BYTES * strip_at
    result, panels = own + BYTES * result_at, own + BYTES * panels_at
    if begin < end:
        fill(zeros, WIDTH, np.float32(0))
        for first in range(0, n, WIDTH):
            at = address(dy) + BYTES * first * n_out
            transpose(panels + BYTES * first * n_out, WIDTH, at, n_out, min(WIDTH, n - first), n_out, spare)
    for i in range(begin, end, STRIP):
        height = min(STRIP, end - i)
        a = address(w) + BYTES * i * n_out
        if a_row != n_out:
            copy_rows(strip, a_row, a, n_out, height, n_out)
            a = strip
        for first in range(0, n, WIDTH):
            n_cols = min(WIDTH, n - first)
            panel = panels + BYTES * first * n_out
            rows_by_panel(a, a_row, 1, panel, zeros, 0, result, WIDTH, height, n_out, n_cols, NO_FLOOR)
            transpose(address(dx) + BYTES * (first * n_in + i), n_in, result, WIDTH, height, n_cols, spare)


@kernel
def dense_weight_gradient(dw: Matrix, db: Vector, x: Matrix, dy: Matrix, scratch: Matrix, team: Team) -> None:
    # this thread's rows of dw, and its part of db
    (n, n_in), n_out = x.shape, dy.shape[1]
    begin, end = _own(n_in, UNIT, x.size * n_out, team)
    zeros_at, strip_at, panels_at, _ = dense_weight_gradient_layout(n, n_out, LANES, ROWS)
    own = address(scratch) + BYTES * team.t * scratch.shape[1]
    zeros, strip, panels = own + BYTES * zeros_at, own + BYTES * strip_at, own + BYTES * panels_at
    if begin < end:
        fill(zeros, WIDTH, np.float32(0))
        pack_panels(panels, address(dy), n_out, n, n_out)
    for i in range(begin, end, STRIP):
        height = min(STRIP, end - i)
        copy_rows(strip, STRIP, address(x) + BYTES * i, n_in, n, height)
        for o in range(0, n_out, WIDTH):
            n_cols, panel = min(WIDTH, n_out - o), panels + BYTES * n * o
            c = address(dw) + BYTES * (i * n_out + o)
            rows_by_panel(strip, 1, STRIP, panel, zeros, 0, c, n_out, height, n, n_cols, NO_FLOOR)
    first, last = _own(n_out, LANES, x.size * n_out, team)
    fill(address(db) + BYTES * first, last - first, np.float32(0))
    for r in range(n):
        _add(vector(address(db), first, last), vector(address(dy) + BYTES * r * n_out, first, last), NO_FLOOR)
