"""Every compiled kernel against its naive twin, which runs in float64 here."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import backend, naive
from handgrad.kernels.dense import SMALL
from handgrad.kernels.sizes import CHUNK, dense_scratch
from handgrad.nn.params import aligned
from tolerance import assert_close

Array = Any
GUARD = np.float32(-77)

# (n, n_in, n_out): one, odd, no multiple of a vector, powers of two (rows are then spread), both sides of SMALL
DENSE = [
    (1, 1, 1), (1, 784, 10), (2, 1, 61), (3, 5, 7), (12, 512, 32), (13, 256, 45), (49, 17, 65), (5, 1024, 1),
    (31, 15, 257), (1, 3136, 256), (3, 40, 77), (128, 784, 100), (128, 256, 256), (70, 300, 512), (33, 1024, 48),
]  # fmt: skip


@pytest.fixture(params=["serial", "parallel"])
def kernels(request: pytest.FixtureRequest) -> Any:
    return backend(request.param)


@pytest.fixture
def threads() -> Any:
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def random(*shape: int, seed: int = 0) -> Array:
    array = aligned(shape)
    array[...] = np.random.Generator(np.random.Philox(key=seed + len(shape))).standard_normal(shape)
    return array


def guarded(*shape: int) -> tuple[Array, Callable[[], None]]:
    """NaNs to write over, and a check that nothing behind them was written."""
    size = int(np.prod(shape))
    flat = aligned((size + 64,))
    flat[:size], flat[size:] = np.nan, GUARD

    def check() -> None:
        assert (flat[size:] == GUARD).all()

    return flat[:size].reshape(shape), check


def check_dense(kernels: Any, n: int, n_in: int, n_out: int) -> list[bytes]:
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


@pytest.mark.parametrize("shape", DENSE, ids=str)
def test_dense(kernels: Any, shape: tuple[int, int, int]) -> None:
    check_dense(kernels, *shape)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 80))
def test_dense_of_any_shape(n: int, n_in: int, n_out: int) -> None:
    check_dense(backend("serial"), n, n_in, n_out)


@pytest.mark.parametrize("shape", DENSE, ids=str)
def test_dense_gives_the_same_bytes_for_any_threads(shape: tuple[int, int, int], threads: Any) -> None:
    found = []
    for count in (1, 2, 3):
        threads(count)
        found.append(check_dense(backend("parallel"), *shape))
    assert found[0] == found[1] == found[2]


def test_dense_keeps_a_nan(kernels: Any) -> None:
    x, w = random(3, 20), random(20, 5, seed=1)
    x[1, 7] = np.nan
    out = aligned((3, 5))
    kernels.dense_forward(out, x, w, random(5), 0.0, aligned((kernels.threads(), dense_scratch(3, 20, 5))))
    assert np.isnan(out).all(axis=1).tolist() == [False, True, False]


# Kernels over rows of numbers: name -> how to make the arguments for (n, width). Arrays made by `new` are outputs.
def new(*shape: int) -> Array:
    array = aligned(shape)
    array[...] = np.nan
    return array


def norm_inputs(n: int, width: int) -> tuple[Array, Array, Array, Array]:
    mean, rstd = random(width, seed=4), np.abs(random(width, seed=5)) + 0.5
    return mean, rstd, random(width, seed=6) + 1, random(width, seed=7)


def norm_backward(n: int, width: int, floor: float) -> list[Any]:
    mean, rstd, gamma, beta = norm_inputs(n, width)
    x, out = random(n, width) + 3, aligned((n, width))
    naive.norm_forward(out, mean, rstd, x, gamma, beta, 1e-5, -np.inf)
    # where the output is a rounding error away from the floor the twins may differ: there no gradient comes in
    dy = random(n, width, seed=8) * (np.abs(out) > 1e-3)
    return [new(n, width), new(width), new(width), dy, x, mean, rstd, gamma, beta, floor]


def updated(n: int, width: int, memory: int) -> list[Array]:
    vectors = [random(n * width, seed=i) for i in range(2 + memory)]
    if memory == 2:
        vectors[3][:] = np.abs(vectors[3])
    return vectors


ROWWISE: dict[str, Callable[[int, int], list[Any]]] = {
    "add": lambda n, c: [new(n, c), random(n, c), random(n, c, seed=1), -np.inf],
    "add relu": lambda n, c: [new(n, c), random(n, c), random(n, c, seed=1), 0.0],
    "relu_forward": lambda n, c: [new(n, c), random(n, c)],
    "relu_backward": lambda n, c: [random(n, c), np.maximum(random(n, c, seed=1), 0)],
    "dropout": lambda n, c: [new(n, c), random(n, c), 0.3, 0x1234567890ABCDEF],
    "dropout nothing": lambda n, c: [new(n, c), random(n, c), 0.0, 5],
    "norm_forward": lambda n, c: [new(n, c), new(c), new(c), random(n, c) + 3, *norm_inputs(n, c)[2:], 1e-3, -np.inf],
    "norm_forward relu": lambda n, c: [new(n, c), new(c), new(c), random(n, c) + 3, *norm_inputs(n, c)[2:], 1e-3, 0.0],
    "norm_apply": lambda n, c: [new(n, c), random(n, c), *norm_inputs(n, c), -np.inf],
    "norm_apply relu": lambda n, c: [new(n, c), random(n, c), *norm_inputs(n, c), 0.0],
    "norm_backward": lambda n, c: norm_backward(n, c, -np.inf),
    "norm_backward relu": lambda n, c: norm_backward(n, c, 0.0),
    "sgd_step": lambda n, c: [*updated(n, c, 1)[:2], np.zeros(n * c, np.float32), 0.1, 0.0, False, 0.2],
    "sgd_step momentum": lambda n, c: [*updated(n, c, 1), 0.1, 0.9, False, 0.2],
    "sgd_step nesterov": lambda n, c: [*updated(n, c, 1), 0.1, 0.9, True, 0.2],
    "adam_step first": lambda n, c: [*updated(n, c, 2), 1e-2, 0.9, 0.999, 1e-8, 0.0, 0.1, 1],
    "adam_step later": lambda n, c: [*updated(n, c, 2), 1e-2, 0.9, 0.99, 1e-3, 0.3, 0.0, 1000],
    "average_step": lambda n, c: [*updated(n, c, 0), 0.99],
    "clip_norm": lambda n, c: [random(n * c), 0.7, np.zeros(n * c // CHUNK + 1)],
    "clip_norm short": lambda n, c: [random(n * c), 1e6, np.zeros(n * c // CHUNK + 1)],
}
SIZES = [(1, 1), (1, 37), (2, 16), (5, 33), (17, 64), (13, 256), (129, 130), (200, 257)]  # the last: several chunks
# where n = 1 the batch is its own mean, and 1 / std, up to a thousand, magnifies the rounding of x - mean
TIMES = {"adam_step first": 20.0, "adam_step later": 20.0, "norm_forward": 10.0, "norm_backward": 30.0}


def call(kernels: Any, name: str, arguments: list[Any]) -> Any:
    return getattr(kernels, name.split()[0])(*arguments)


def widened(arguments: list[Any]) -> list[Any]:
    return [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arguments]


def times(name: str) -> float:
    return max((factor for start, factor in TIMES.items() if name.startswith(start)), default=1.0)


@pytest.mark.parametrize("name", ["norm_backward", "norm_backward relu"])
def test_a_batch_of_one_has_next_to_no_gradient(kernels: Any, name: str) -> None:
    """It is its own mean: what is left is the rounding of what cancels."""
    arguments = ROWWISE[name](1, 37)
    call(kernels, name, arguments)
    dx, _, _, dy, _, _, rstd, gamma, _, _ = arguments
    assert (np.abs(dx) <= 1e-5 * np.abs(gamma * rstd * dy).max()).all()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ROWWISE)
def test_rowwise(kernels: Any, name: str, size: tuple[int, int]) -> None:
    if name.startswith("norm_backward") and size[0] == 1:
        return  # exactly 0 is no measure: see the test above
    check_rowwise(kernels, name, size)


def check_rowwise(kernels: Any, name: str, size: tuple[int, int]) -> None:
    got, want = ROWWISE[name](*size), widened(ROWWISE[name](*size))
    result, expected = call(kernels, name, got), call(naive, name, want)
    if expected is not None:
        assert result == pytest.approx(expected, rel=1e-6)
    for g, w in zip(got, want, strict=True):
        if isinstance(g, np.ndarray) and g.dtype == np.float32:  # clip_norm's partial sums are float64, and its own
            assert_close(g, w, times(name))


@pytest.mark.parametrize("name", ROWWISE)
def test_rowwise_gives_the_same_bytes_for_any_threads(name: str, threads: Any) -> None:
    found = []
    for count in (1, 2, 3):
        threads(count)
        arguments = ROWWISE[name](200, 257)
        result = call(backend("parallel"), name, arguments)
        found.append([result, *(a.tobytes() for a in arguments if isinstance(a, np.ndarray))])
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", ["relu_forward", "norm_apply relu"])
def test_a_nan_stays_a_nan(kernels: Any, name: str) -> None:
    arguments = ROWWISE[name](3, 20)
    arguments[1][1, 4] = np.nan
    call(kernels, name, arguments)
    assert np.argwhere(np.isnan(arguments[0])).tolist() == [[1, 4]]


@pytest.mark.parametrize("name", ["norm_backward", "norm_backward relu"])
def test_dx_may_be_dy(kernels: Any, name: str) -> None:
    apart, same = ROWWISE[name](17, 70), ROWWISE[name](17, 70)
    dy = next(i for i in range(1, 5) if apart[i].shape == (17, 70))
    same[0] = same[dy]
    call(kernels, name, apart)
    call(kernels, name, same)
    assert (apart[0] == same[0]).all()


@pytest.mark.parametrize("backend_name", ["naive", "serial", "parallel"])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_its_share_and_the_mean(backend_name: str, rate: float) -> None:
    count, run = 200_000, backend(backend_name).dropout
    x, out, again, other = np.ones(count, np.float32), *(np.empty(count, np.float32) for _ in range(3))
    run(out, x, rate, 11)
    run(again, x, rate, 11)
    run(other, x, rate, 12)
    deviation = np.sqrt(rate * (1 - rate) / count)
    assert abs((out > 0).mean() - (1 - rate)) < 5 * deviation
    assert abs(out.mean() - 1) < 5 * deviation / (1 - rate)
    assert (out == again).all()
    both = ((out > 0) & (other > 0)).mean()  # two keys: independent masks
    assert abs(both - (1 - rate) ** 2) < 5 * np.sqrt((1 - rate) ** 2 / count)
    assert set(np.unique(out)) == {np.float32(0), np.float32(1 / (1 - rate))}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("n", "classes"), [(1, 2), (1, 10), (7, 3), (64, 10), (5, 37)])
def test_softmax_cross_entropy(kernels: Any, n: int, classes: int, smoothing: float) -> None:
    logits, labels = 3 * random(n, classes), (np.arange(n) * 7 % classes).astype(np.uint8)
    got, want = new(n, classes), np.empty((n, classes))
    loss, right = kernels.softmax_cross_entropy(got, logits, labels, smoothing)
    expected, expected_right = naive.softmax_cross_entropy(want, logits.astype(np.float64), labels, smoothing)
    assert_close(got, want)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert right == expected_right == (logits.argmax(axis=1) == labels).sum()
    assert np.abs(got.sum(axis=1)).max() < 1e-6  # what one class gains the others lose


@pytest.mark.parametrize("backend_name", ["naive", "serial"])
def test_softmax_cross_entropy_of_huge_logits(backend_name: str) -> None:
    logits = np.array([[1e4, -1e4, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4]], np.float32)
    dlogits = np.empty_like(logits)
    # losses 0, 2e4 and log 3; gradients (p - target) / 3
    loss, right = backend(backend_name).softmax_cross_entropy(dlogits, logits, np.array([0, 1, 2], np.uint8), 0.0)
    assert loss == pytest.approx((2e4 + np.log(3)) / 3, rel=1e-6)
    assert right == 1
    assert_close(dlogits, np.array([[0, 0, 0], [1, -1, 0], [1 / 3, 1 / 3, -2 / 3]]) / 3)


def test_smoothing_is_the_cross_entropy_to_the_smoothed_target() -> None:
    logits, labels, smoothing = np.array([[2.0, 0.0, -1.0]]), np.array([1], np.uint8), 0.3
    p = np.exp(logits[0]) / np.exp(logits[0]).sum()
    target = np.array([0.1, 0.8, 0.1])  # 0.7 on the label and 0.3 / 3 on every class
    dlogits = np.empty((1, 3))
    loss, _ = naive.softmax_cross_entropy(dlogits, logits, labels, smoothing)
    assert loss == pytest.approx(-(target * np.log(p)).sum())
    assert_close(dlogits[0], p - target)
