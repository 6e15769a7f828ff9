"""Moves of whole vectors against NumPy, with guards around what they may write."""

import numpy as np
import pytest

from handgrad.kernels.objects import function
from handgrad.kernels.vector.tile import LANES, WIDTH

copy_rows, pack_columns, transpose = (function(name) for name in ("copy_rows", "pack_columns", "transpose"))
UNTOUCHED = np.float32(-77)
SIZES = [(1, 1), (1, LANES), (LANES, LANES), (3, 2 * LANES + 5), (LANES + 1, LANES - 1), (2 * LANES, 3 * LANES)]


def check_moves(n_rows: int, n_cols: int) -> None:
    source = np.arange(n_rows * (n_cols + 3), dtype=np.float32).reshape(n_rows, n_cols + 3)
    at, row, block = source.ctypes.data, n_cols + 3, source[:, :n_cols]

    to = np.full((n_rows + 1, n_cols + 2), UNTOUCHED)
    copy_rows(to.ctypes.data, n_cols + 2, at, row, n_rows, n_cols)
    assert (to[:n_rows, :n_cols] == block).all()
    assert (to[n_rows:] == UNTOUCHED).all() and (to[:, n_cols:] == UNTOUCHED).all()

    to, spare = np.full((n_cols + 1, n_rows + 2), UNTOUCHED), np.full(2 * LANES * LANES, np.nan, np.float32)
    transpose(to.ctypes.data, n_rows + 2, at, row, n_rows, n_cols, spare.ctypes.data)
    assert (to[:n_cols, :n_rows] == block.T).all()
    assert (to[n_cols:] == UNTOUCHED).all() and (to[:, n_rows:] == UNTOUCHED).all()

    panel, kept = np.full((n_rows + 1, WIDTH), UNTOUCHED), min(n_cols, WIDTH)
    pack_columns(panel.ctypes.data, at, row, n_rows, kept)
    assert (panel[:n_rows, :kept] == block[:, :kept]).all()
    assert (panel[n_rows:] == UNTOUCHED).all() and (panel[:, kept:] == UNTOUCHED).all()


@pytest.mark.parametrize(("n_rows", "n_cols"), SIZES)
def test_moves(n_rows: int, n_cols: int) -> None:
    check_moves(n_rows, n_cols)
