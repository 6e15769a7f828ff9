"""Kernels that pass over each number once, against their twins."""

from typing import Any

import numpy as np
import pytest

from handgrad.kernels import Kernels, backend
from kernels.twins import SIZES, Cases, call, check_case, new, outputs, random

CASES: Cases = {
    "add": lambda n, c: [new(n, c), random(n, c), random(n, c, seed=1), -np.inf],
    "add relu": lambda n, c: [new(n, c), random(n, c), random(n, c, seed=1), 0.0],
    "relu_forward": lambda n, c: [new(n, c), random(n, c)],
    "relu_backward": lambda n, c: [random(n, c), np.maximum(random(n, c, seed=1), 0)],
    "dropout": lambda n, c: [new(n, c), random(n, c), 0.3, 0x1234567890ABCDEF],
    "take_rows": lambda n, c: [new(n, c), random(3 * n + 1, c), 1, 3],
    "take_rows all": lambda n, c: [new(n, c), random(n, c), 0, 1],
    "put_rows": lambda n, c: [random(3 * n + 1, c), random(n, c, seed=1), 2, 3],
    "dropout nothing": lambda n, c: [new(n, c), random(n, c), 0.0, 5],
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_against_the_twin(kernels: Kernels, name: str, size: tuple[int, int]) -> None:
    check_case(kernels, CASES, name, size)


@pytest.mark.parametrize("name", CASES)
def test_the_same_bytes_for_any_threads(name: str, threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(outputs(backend("compiled"), CASES, name))
    assert found[0] == found[1] == found[2] == found[3]


def test_a_nan_stays_a_nan(kernels: Kernels) -> None:
    arguments = CASES["relu_forward"](3, 20)
    arguments[1][1, 4] = np.nan
    call(kernels, "relu_forward", arguments)
    assert np.argwhere(np.isnan(arguments[0])).tolist() == [[1, 4]]


@pytest.mark.parametrize("backend_name", ["naive", "compiled"])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_rate_and_the_mean(backend_name: str, rate: float) -> None:
    shape, run = (1000, 200), backend(backend_name).dropout
    x, out, again, other = np.ones(shape, np.float32), *(np.empty(shape, np.float32) for _ in range(3))
    count = x.size
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
