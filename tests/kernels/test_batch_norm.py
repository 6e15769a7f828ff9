"""Batch normalisation against its twin."""

from typing import Any

import numpy as np
import pytest

from handgrad.kernels import Array, Kernels, backend, naive
from handgrad.nn.params import aligned
from kernels.twins import ROOM, SIZES, Cases, call, check_case, new, outputs, random

# where n = 1 the batch is its own mean, and 1 / std, up to a thousand, magnifies the rounding of x - mean
TIMES = {"batch_norm_forward": 10.0, "batch_norm_running": 3.0, "batch_norm_apply": 1.0, "batch_norm_backward": 30.0}


def norm_inputs(n: int, width: int) -> tuple[Array, Array, Array, Array]:
    mean, rstd = random(width, seed=4), np.abs(random(width, seed=5)) + 0.5
    return mean, rstd, random(width, seed=6) + 1, random(width, seed=7)


def forward(n: int, width: int, floor: float) -> list[Any]:
    _, _, gamma, beta = norm_inputs(n, width)
    return [new(n, width), new(width), new(width), random(n, width) + 3, gamma, beta, 1e-3, floor, ROOM[:]]


def backward(n: int, width: int, floor: float) -> list[Any]:
    mean, rstd, gamma, beta = norm_inputs(n, width)
    x, out = random(n, width) + 3, aligned((n, width))
    naive.batch_norm_forward(out, mean, rstd, x, gamma, beta, 1e-5, -np.inf, ROOM)
    # where the output is a rounding error away from the floor the twins may differ: there no gradient comes in
    dy = random(n, width, seed=8) * (np.abs(out) > 1e-3)
    return [new(n, width), new(width), new(width), dy, x, mean, rstd, gamma, beta, floor, ROOM[:]]


CASES: Cases = {
    "batch_norm_forward": lambda n, c: [
        new(n, c),
        new(c),
        new(c),
        random(n, c) + 3,
        *norm_inputs(n, c)[2:],
        1e-3,
        -np.inf,
        ROOM[:],
    ],
    "batch_norm_forward relu": lambda n, c: [
        new(n, c),
        new(c),
        new(c),
        random(n, c) + 3,
        *norm_inputs(n, c)[2:],
        1e-3,
        0.0,
        ROOM[:],
    ],
    "batch_norm_apply": lambda n, c: [new(n, c), random(n, c), *norm_inputs(n, c), 1e-3, -np.inf, ROOM[:]],
    "batch_norm_apply relu": lambda n, c: [new(n, c), random(n, c), *norm_inputs(n, c), 1e-3, 0.0, ROOM[:]],
    "batch_norm_running": lambda n, c: [*norm_inputs(n, c)[2:], *norm_inputs(n, c)[:2], 0.9, 1e-3, n],
    "batch_norm_backward": lambda n, c: backward(n, c, -np.inf),
    "batch_norm_backward relu": lambda n, c: backward(n, c, 0.0),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_against_the_twin(kernels: Kernels, name: str, size: tuple[int, int]) -> None:
    if name.startswith("batch_norm_backward") and size[0] == 1:
        return  # exactly 0 is no measure: see the test below
    check_case(kernels, CASES, name, size, TIMES[name.split()[0]])


@pytest.mark.parametrize("name", CASES)
def test_the_same_bytes_for_any_threads(name: str, threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(outputs(backend("compiled"), CASES, name))
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("name", ["batch_norm_backward", "batch_norm_backward relu"])
def test_a_batch_of_one_has_next_to_no_gradient(kernels: Kernels, name: str) -> None:
    """It is its own mean: what is left is the rounding of what cancels."""
    arguments = CASES[name](1, 37)
    call(kernels, name, arguments)
    dx, _, _, dy, _, _, rstd, gamma, *_ = arguments
    assert (np.abs(dx) <= 1e-5 * np.abs(gamma * rstd * dy).max()).all()


@pytest.mark.parametrize("name", ["batch_norm_backward", "batch_norm_backward relu"])
def test_dx_may_be_dy(kernels: Kernels, name: str) -> None:
    apart, same = CASES[name](17, 70), CASES[name](17, 70)
    dy = next(i for i in range(1, 5) if apart[i].shape == (17, 70))
    same[0] = same[dy]
    call(kernels, name, apart)
    call(kernels, name, same)
    assert (apart[0] == same[0]).all()


def test_a_nan_stays_a_nan(kernels: Kernels) -> None:
    arguments = CASES["batch_norm_apply relu"](3, 20)
    arguments[1][1, 4] = np.nan
    call(kernels, "batch_norm_apply", arguments)
    assert np.argwhere(np.isnan(arguments[0])).tolist() == [[1, 4]]
