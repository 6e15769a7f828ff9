"""The register tile against NumPy, for every shape that the kernels use and both widths of register."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest

from handgrad.kernels.vector import tile as tiles
from handgrad.kernels.vector.tile import host_has_avx512, make_tile
from tolerance import assert_close

TALL = {16: (12, 8, 4, 1), 8: (6, 4, 2, 1)}
WIDTHS = (16, 8) if host_has_avx512() else (8,)
SHAPES = [(rows, vectors, lanes) for lanes in WIDTHS for rows in TALL[lanes] for vectors in (2, 1)]
UNTOUCHED = np.float32(-77)


@cache
def compiled(rows: int, vectors: int, lanes: int):
    tile = make_tile(rows, vectors, lanes)

    @numba.njit
    def call(a, a_row, a_k, b, b_k, start, start_row, c, c_row, n_k, n_cols, floor):
        at = (a.ctypes.data, b.ctypes.data, start.ctypes.data, c.ctypes.data)
        tile(at[0], a_row, a_k, at[1], b_k, at[2], start_row, at[3], c_row, n_k, n_cols, floor)

    return call


def problem(rows: int, width: int, n_k: int, seed: int = 0):
    random = np.random.Generator(np.random.Philox(key=seed))
    a, b = random.standard_normal((rows, n_k), np.float32), random.standard_normal((n_k, width), np.float32)
    return a, b, random.standard_normal(width, np.float32), np.full((rows, width + 5), UNTOUCHED)


@pytest.mark.parametrize(("rows", "vectors", "lanes"), SHAPES)
@pytest.mark.parametrize("n_k", [1, 2, 37])
def test_tile(rows: int, vectors: int, lanes: int, n_k: int) -> None:
    width, call = vectors * lanes, compiled(rows, vectors, lanes)
    for n_cols in sorted({1, lanes - 1, lanes, width - 1, width}):
        a, b, bias, c = problem(rows, width, n_k, n_cols)
        call(a, n_k, 1, b, width, bias, 0, c, c.shape[1], n_k, n_cols, -np.inf)
        assert_close(c[:, :n_cols], (a @ b + bias)[:, :n_cols])
        assert (c[:, n_cols:] == UNTOUCHED).all()


@pytest.mark.parametrize(("rows", "vectors", "lanes"), SHAPES)
def test_start_may_be_what_c_holds(rows: int, vectors: int, lanes: int) -> None:
    width, n_cols = vectors * lanes, vectors * lanes - 1
    a, b, _, c = problem(rows, width, 9)
    c[:, :n_cols] = np.arange(rows * n_cols).reshape(rows, n_cols)
    want = c[:, :n_cols] + (a @ b)[:, :n_cols]
    compiled(rows, vectors, lanes)(a, 9, 1, b, width, c, c.shape[1], c, c.shape[1], 9, n_cols, -np.inf)
    assert_close(c[:, :n_cols], want)
    assert (c[:, n_cols:] == UNTOUCHED).all()


@pytest.mark.parametrize(("rows", "vectors", "lanes"), SHAPES)
def test_a_may_be_turned_and_the_floor_holds(rows: int, vectors: int, lanes: int) -> None:
    width = vectors * lanes
    a, b, bias, c = problem(rows, width, 11)
    turned = np.ascontiguousarray(a.T)
    compiled(rows, vectors, lanes)(turned, 1, rows, b, width, bias, 0, c, c.shape[1], 11, width, 0.0)
    want = np.maximum(a @ b + bias, 0)
    assert (want == 0).any()
    assert_close(c[:, :width], want)


@pytest.mark.parametrize("floor", [0.0, -np.inf])
@pytest.mark.parametrize(("rows", "vectors", "lanes"), SHAPES)
def test_a_nan_passes_the_floor(rows: int, vectors: int, lanes: int, floor: float) -> None:
    width = vectors * lanes
    a, b, bias, c = problem(rows, width, 3)
    b[1, width // 2] = np.nan
    compiled(rows, vectors, lanes)(a, 3, 1, b, width, bias, 0, c, c.shape[1], 3, width, floor)
    assert np.isnan(c[:, width // 2]).all()
    assert np.isnan(c).sum() == rows


def test_lanes_follow_the_processor() -> None:
    features = numba.config.CPU_FEATURES
    wide = llvm.get_host_cpu_features().get("avx512f", False) if features is None else "+avx512f" in features.split(",")
    assert ((16, 12, 32) if wide else (8, 6, 16)) == (tiles.LANES, tiles.ROWS, tiles.WIDTH)


NARROW = """
from kernels import test_batch_norm, test_conv, test_dense, test_pack, test_pool, test_scratch, test_winograd
from kernels.convolution import check_convolution
from kernels.twins import check_case
from handgrad.kernels import backend, objects, registry; from handgrad.kernels.vector import tile

assert (tile.LANES, tile.ROWS) == (8, 6), tile.LANES
objects.load(registry.KERNELS)
kernels = backend("compiled")
for size in test_pack.SIZES:
    test_pack.check_moves(*size)
for shape in test_dense.DENSE:
    test_dense.check_dense(kernels, *shape)
for kind, module in (("conv", test_conv), ("winograd", test_winograd)):
    for case in module.CASES:
        check_convolution(kernels, kind, case)
for case in test_pool.CASES:
    test_pool.check_max_pool(kernels, case, 0.0)
for name in test_batch_norm.CASES:
    check_case(kernels, test_batch_norm.CASES, name, (17, 37), test_batch_norm.TIMES[name.split()[0]])
for case in test_scratch.EXACT:
    test_scratch.check_exact(*case)
"""


@pytest.mark.slow
def test_kernels_on_a_processor_without_avx512(tmp_path: Path) -> None:
    narrow = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+avx", "HANDGRAD_CACHE": str(tmp_path)}
    environment = {**os.environ, **narrow, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", NARROW], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
