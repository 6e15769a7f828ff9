"""Convolutions and pools against their naive twins, which run in float64 here."""

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import backend, naive
from handgrad.kernels.sizes import PARTS, TILES, conv_scratch, winograd_scratch
from handgrad.kernels.vector.winograd_transform import from_points, of_inputs, to_points
from kernels.test_twins import guarded, random
from tolerance import assert_close

Array = Any
WINOGRAD_TIMES = 3.0  # its sums are of products up to 25 times as large as their total: the price of fewer of them

# (n, height, width, channels, filters, kernel, stride, pad)
DIRECT = [
    (1, 1, 1, 1, 1, 1, 1, 0), (2, 28, 28, 1, 32, 3, 1, 1), (3, 28, 28, 1, 24, 5, 1, 0), (9, 10, 6, 6, 40, 5, 2, 2),
    (4, 7, 5, 3, 16, 1, 1, 0), (10, 8, 9, 2, 33, 3, 2, 1), (3, 9, 9, 5, 7, 7, 1, 3),
]  # fmt: skip
# stride 1, kernel 3; tiles that hang over the edge, channels that are no multiple of a vector, more than a block
WINOGRAD = [
    (1, 1, 1, 8, 8, 3, 1, 1), (1, 28, 28, 32, 32, 3, 1, 1), (3, 9, 6, 9, 23, 3, 1, 1), (4, 7, 7, 20, 33, 3, 1, 0),
    (40, 4, 5, 48, 16, 3, 1, 1), (2, 14, 14, 64, 96, 3, 1, 1), (60, 14, 14, 9, 11, 3, 1, 1),
]  # fmt: skip


@pytest.fixture(params=["serial", "parallel"])
def kernels(request: pytest.FixtureRequest) -> Any:
    return backend(request.param)


def check(kernels: Any, kind: str, case: tuple[int, ...]) -> list[bytes]:
    n, height, width, n_in, n_out, size, stride, pad = case
    down, across = ((side + 2 * pad - size) // stride + 1 for side in (height, width))
    x, w, b = random(n, height, width, n_in), random(size, size, n_in, n_out, seed=1), random(n_out, seed=2)
    dy = random(n, down, across, n_out, seed=3)
    by_conv = conv_scratch((height, width, n_in), (down, across, n_out), size, pad)
    numbers = winograd_scratch(n_in, n_out) if kind == "winograd" else by_conv
    scratch, whole_scratch = guarded(kernels.threads(), numbers)
    made = [guarded(*shape) for shape in (dy.shape, x.shape, w.shape, b.shape, (PARTS, *w.shape), (PARTS, n_out))]
    out, dx, dw, db, w_parts, b_parts = (array for array, _ in made)
    exact = [a.astype(np.float64) for a in (x, w, b, dy)]
    x64, w64, b64, dy64 = exact
    want, terms = ([np.empty(a.shape) for a in (out, dx, dw, db)] for _ in range(2))
    times, outputs = WINOGRAD_TIMES if kind == "winograd" else 1.0, []
    passes = ("forward", "input_gradient", "weight_gradient")
    mine, mine_dx, mine_dw = (getattr(kernels, f"{kind}_{name}") for name in passes)
    twin, twin_dx, twin_dw = (getattr(naive, f"{kind}_{name}") for name in passes)
    ax, aw, ab, ady = (np.abs(a) for a in exact)
    twin(terms[0], ax, aw, ab, 0.0, stride, pad, scratch)
    twin_dx(terms[1], ady, aw, stride, pad, scratch)
    twin_dw(terms[2], terms[3], ax, ady, stride, pad, w_parts, b_parts, scratch)
    for floor in (0.0, -np.inf):
        scratch[:] = np.nan  # what the last kernel left there must not matter
        mine(out, x, w, b, floor, stride, pad, scratch)
        twin(want[0], x64, w64, b64, floor, stride, pad, scratch)
        assert_close(out, want[0], times, terms[0])
        outputs.append(out.tobytes())
    scratch[:] = np.nan
    mine_dx(dx, dy, w, stride, pad, scratch)
    twin_dx(want[1], dy64, w64, stride, pad, scratch)
    scratch[:] = np.nan
    mine_dw(dw, db, x, dy, stride, pad, w_parts, b_parts, scratch)
    twin_dw(want[2], want[3], x64, dy64, stride, pad, w_parts, b_parts, scratch)
    for got, wanted, size in zip((dx, dw, db), want[1:], terms[1:], strict=True):
        assert_close(got, wanted, times, size)
    for whole in (whole_scratch, *(each for _, each in made)):
        whole()
    assert all((a == e).all() for a, e in zip((x, w, b, dy), exact, strict=True)), "an input was written to"
    return [*outputs, dx.tobytes(), dw.tobytes(), db.tobytes()]


CASES = [("conv", case) for case in DIRECT] + [("winograd", case) for case in WINOGRAD]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=str)
def test_convolution(kernels: Any, kind: str, case: tuple[int, ...]) -> None:
    check(kernels, kind, case)


@pytest.mark.parametrize(("kind", "case"), CASES, ids=str)
def test_convolution_gives_the_same_bytes_for_any_threads(kind: str, case: tuple[int, ...]) -> None:
    before, found = numba.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            numba.set_num_threads(count)
            found.append(check(backend("parallel"), kind, case))
    finally:
        numba.set_num_threads(before)
    assert found[0] == found[1] == found[2]


def test_cases_fill_more_than_a_block() -> None:
    tiles = [n * -(-height // 4) * -(-width // 4) for n, height, width, *_ in WINOGRAD]
    assert min(tiles) < TILES and max(tiles) > PARTS * TILES, "more than one block a part, too"


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(1, 40)),
    st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]), st.booleans(),
)  # fmt: skip
def test_convolution_of_any_shape(shape: tuple[int, ...], size: int, stride: int, same: bool) -> None:
    pad = size // 2 if same else 0
    if min(shape[1:3]) + 2 * pad < size:
        return
    check(backend("serial"), "conv", (*shape, size, stride, pad))
    if (size, stride) == (3, 1):
        check(backend("serial"), "winograd", (*shape, size, stride, pad))


@pytest.mark.parametrize(("outputs", "weights"), [(4, 3), (3, 4)])
def test_transforms_are_exact(outputs: int, weights: int) -> None:
    generator = np.random.Generator(np.random.Philox(1))
    x, w = generator.integers(-9, 9, 6), generator.integers(-9, 9, weights)
    there = [np.array(m, dtype=object) for m in (of_inputs(), to_points(weights), from_points(outputs))]
    assert (there[2] @ ((there[1] @ w) * (there[0] @ x))).tolist() == np.correlate(x, w, "valid").tolist()


POOLS = [(1, 2, 2, 1), (3, 9, 8, 5), (2, 28, 28, 32), (3, 10, 11, 17)]


def check_max_pool(kernels: Any, case: tuple[int, ...], floor: float) -> None:
    n, height, width, channels = case
    x = np.round(random(n, height, width, channels))  # with equals, of which the first counts
    shape = (n, height // 2, width // 2, channels)
    (out, whole_out), (dx, whole_dx), want_dx = guarded(*shape), guarded(*x.shape), np.empty(x.shape)
    which, want, want_which = np.zeros(shape, np.uint8), np.empty(shape), np.zeros(shape, np.uint8)
    kernels.max_pool_forward(out, which, x, floor)
    naive.max_pool_forward(want, want_which, x.astype(np.float64), floor)
    assert (out == want).all() and (which == want_which).all()
    dy = random(*shape, seed=1)
    kernels.max_pool_backward(dx, dy, which)
    naive.max_pool_backward(want_dx, dy.astype(np.float64), which)
    assert (dx == want_dx).all()
    whole_out()
    whole_dx()


@pytest.mark.parametrize("floor", [0.0, -np.inf])
@pytest.mark.parametrize("case", POOLS, ids=str)
def test_max_pool(kernels: Any, case: tuple[int, ...], floor: float) -> None:
    check_max_pool(kernels, case, floor)


@pytest.mark.parametrize("case", POOLS, ids=str)
def test_mean_pool(kernels: Any, case: tuple[int, ...]) -> None:
    n, height, width, channels = case
    x, dy = random(n, height, width, channels), random(n, channels, seed=1)
    (out, whole_out), (dx, whole_dx) = guarded(n, channels), guarded(*x.shape)
    kernels.mean_pool_forward(out, x)
    kernels.mean_pool_backward(dx, dy)
    assert_close(out, x.astype(np.float64).mean(axis=(1, 2)))
    assert_close(dx, np.broadcast_to(dy[:, None, None] / (height * width), x.shape))
    whole_out()
    whole_dx()
