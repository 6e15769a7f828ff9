"""The dense layer's products against their twins."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import Kernels, backend, naive
from handgrad.kernels.dense import SMALL
from handgrad.kernels.scratch import dense_first_part, dense_scratch
from handgrad.nn.params import aligned
from kernels.twins import guarded, random
from tolerance import assert_close

# (n, n_in, n_out): one, odd, no multiple of a vector, powers of two (rows are then moved apart), both sides of SMALL,
# sums in one part and in two
DENSE = [
    (1, 1, 1), (1, 784, 10), (2, 1, 61), (3, 5, 7), (12, 512, 32), (13, 256, 45), (49, 17, 65), (5, 1024, 1),
    (31, 15, 257), (1, 3136, 256), (3, 40, 77), (128, 784, 100), (128, 256, 256), (70, 300, 512), (33, 1024, 48),
]  # fmt: skip


def check_dense(kernels: Kernels, n: int, n_in: int, n_out: int) -> list[bytes]:
    x, w, b, dy = random(n, n_in), random(n_in, n_out, seed=1), random(n_out, seed=2), random(n, n_out, seed=3)
    scratch, whole_scratch = guarded(kernels.threads(), dense_scratch(n, n_in, n_out))
    (out, whole_out), (dx, whole_dx) = guarded(n, n_out), guarded(n, n_in)
    (dw, whole_dw), (db, whole_db) = guarded(n_in, n_out), guarded(n_out)
    exact = [a.astype(np.float64) for a in (x, w, b, dy)]
    x64, w64, b64, dy64 = exact
    outputs = []
    for floor in (0.0, -np.inf):
        scratch[:] = np.nan  # what the last kernel left there must not matter
        kernels.dense_forward(out, x, w, b, floor, scratch)
        want = np.empty((n, n_out))
        naive.dense_forward(want, x64, w64, b64, floor, scratch)
        assert_close(out, want)
        outputs.append(out.tobytes())
    scratch[:] = np.nan
    kernels.dense_input_gradient(dx, dy, w, scratch)
    scratch[:] = np.nan
    kernels.dense_weight_gradient(dw, db, x, dy, scratch)
    want_dx, want_dw, want_db = np.empty((n, n_in)), np.empty((n_in, n_out)), np.empty(n_out)
    naive.dense_input_gradient(want_dx, dy64, w64, scratch)
    naive.dense_weight_gradient(want_dw, want_db, x64, dy64, scratch)
    for got, want in ((dx, want_dx), (dw, want_dw), (db, want_db)):
        assert_close(got, want)
    for check in (whole_scratch, whole_out, whole_dx, whole_dw, whole_db):
        check()
    assert all((a == e).all() for a, e in zip((x, w, b, dy), exact, strict=True)), "an input was written to"
    return [*outputs, dx.tobytes(), dw.tobytes(), db.tobytes()]


def test_dense_shapes_lie_on_both_sides_of_small() -> None:
    work = [n * n_in * n_out for n, n_in, n_out in DENSE]
    assert min(work) < SMALL < max(work)


def test_dense_shapes_have_sums_in_one_part_and_in_two() -> None:
    in_one = {dense_first_part(n_in, n_out) == n_in for _, n_in, n_out in DENSE}
    assert in_one == {True, False}
    assert dense_first_part(3, 100_000) == 3, "no part is empty"


@pytest.mark.parametrize(("n_in", "n_out"), [(784, 100), (300, 33), (40, 77), (1024, 70)])
def test_an_output_does_not_depend_on_the_rest_of_the_batch(n_in: int, n_out: int) -> None:
    x, w, b = random(70, n_in), random(n_in, n_out, seed=1), random(n_out, seed=2)
    kernels, found = backend("compiled"), []
    for n in (1, 3, 5, 70):
        out, scratch = aligned((n, n_out)), aligned((kernels.threads(), dense_scratch(n, n_in, n_out)))
        kernels.dense_forward(out, x[:n], w, b, 0.0, scratch)
        found.append(out[0].tobytes())
    assert len(set(found)) == 1


@pytest.mark.parametrize("shape", DENSE, ids=str)
def test_dense(kernels: Kernels, shape: tuple[int, int, int]) -> None:
    check_dense(kernels, *shape)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 80))
def test_dense_of_any_shape(n: int, n_in: int, n_out: int) -> None:
    check_dense(backend("compiled"), n, n_in, n_out)


@pytest.mark.parametrize("shape", DENSE, ids=str)
def test_dense_gives_the_same_bytes_for_any_threads(shape: tuple[int, int, int], threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(check_dense(backend("compiled"), *shape))
    assert found[0] == found[1] == found[2] == found[3]


def test_dense_keeps_a_nan(kernels: Kernels) -> None:
    x, w = random(3, 20), random(20, 5, seed=1)
    x[1, 7] = np.nan
    out = aligned((3, 5))
    kernels.dense_forward(out, x, w, random(5), 0.0, aligned((kernels.threads(), dense_scratch(3, 20, 5))))
    assert np.isnan(out).all(axis=1).tolist() == [False, True, False]
