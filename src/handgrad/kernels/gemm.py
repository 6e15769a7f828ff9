"""The matrix product that dense layers and both kinds of convolution are loops around.

Operands are repacked just before they are used, a panel at a time, into memory that stays in the cache: rows a whole
number of pages apart would otherwise evict each other. Each output is summed by one thread in one order, so results do
not depend on the number of threads.
"""

import numpy as np

from handgrad.kernels.jit import jit, part
from handgrad.kernels.sizes import BYTES, CHUNK, ceil_div
from handgrad.kernels.vector.pack import pack_columns
from handgrad.kernels.vector.tile import LANES, ROWS, UNIT, WIDTH, make_tile

_tall2, _mid2, _low2, _one2 = (make_tile(r, 2, LANES) for r in (ROWS, 2 * UNIT, UNIT, 1))
_tall1, _mid1, _low1, _one1 = (make_tile(r, 1, LANES) for r in (ROWS, 2 * UNIT, UNIT, 1))

NO_FLOOR = np.float32(-np.inf)
one_row = _one2  # for few rows, whose panel is not worth packing


@jit
def thread_range(size, unit, t, threads):
    # -> (first, last): thread t's part of `size` items, handed out in whole units
    units = ceil_div(size, unit)
    return t * units // threads * unit, min(size, (t + 1) * units // threads * unit)


@jit
def own_numbers(size, team):
    # -> (first, last): this thread's part of `size` numbers in a row, in whole cache lines; few are not shared
    if size <= CHUNK:
        return 0, size if team.t == 0 else 0
    return thread_range(size, 16, team.t, team.threads)


@jit
def pack_panels(to, source, row, n_rows, n_cols):
    # to (panels, n_rows, WIDTH), source (n_rows, n_cols) with this row stride; both are addresses
    for c in range(0, n_cols, WIDTH):
        pack_columns(to + BYTES * c * n_rows, source + BYTES * c, row, n_rows, min(WIDTH, n_cols - c))


@part
def rows_by_panel(a, a_row, a_k, b, start, start_row, c, c_row, n_rows, n_k, n_cols, floor):
    # c (n_rows, n_cols) = max(floor, start + a (n_rows, n_k) @ b) for one packed panel b (n_k, WIDTH); n_cols <= WIDTH
    # a, b, start, c: addresses; a_row, a_k, start_row, c_row: strides in floats; the tallest tiles come first
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
