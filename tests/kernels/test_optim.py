"""Steps of the optimisers against their twins."""

from typing import Any

import numpy as np
import pytest

from handgrad.kernels import Array, Kernels, backend
from handgrad.kernels.sizes import CHUNK
from kernels.twins import SIZES, Cases, check_case, outputs, random


def updated(n: int, width: int, memory: int) -> list[Array]:
    vectors = [random(n * width, seed=i) for i in range(2 + memory)]
    if memory == 2:
        vectors[3][:] = np.abs(vectors[3])
    return vectors


def parts(size: int) -> Array:
    """Where a run begins, a small and a large parameter end, and the end."""
    return np.array([100, 100 + size // 7, 100 + size // 7, 100 + size])


CASES: Cases = {
    "sgd_step": lambda n, c: [*updated(n, c, 1)[:2], np.zeros(n * c, np.float32), parts(n * c), 0.1, 0.0, False, 0.2],
    "sgd_step momentum": lambda n, c: [*updated(n, c, 1), parts(n * c), 0.1, 0.9, False, 0.2],
    "sgd_step nesterov": lambda n, c: [*updated(n, c, 1), parts(n * c), 0.1, 0.9, True, 0.2],
    "adam_step first": lambda n, c: [*updated(n, c, 2), parts(n * c), 1e-2, 0.9, 0.999, 1e-8, 0.0, 0.1, 1],
    "adam_step later": lambda n, c: [*updated(n, c, 2), parts(n * c), 1e-2, 0.9, 0.99, 1e-3, 0.3, 0.0, 1000],
    "ema_step": lambda n, c: [*updated(n, c, 0), 0.99],
    "clip_norm": lambda n, c: [random(n * c), np.zeros(1), 0.7, np.zeros(n * c // CHUNK + 1)],
    "clip_norm short": lambda n, c: [random(n * c), np.zeros(1), 1e6, np.zeros(n * c // CHUNK + 1)],
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_against_the_twin(kernels: Kernels, name: str, size: tuple[int, int]) -> None:
    check_case(kernels, CASES, name, size, 20.0 if name.startswith("adam") else 1.0)


@pytest.mark.parametrize("name", CASES)
def test_the_same_bytes_for_any_threads(name: str, threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(outputs(backend("compiled"), CASES, name))
    assert found[0] == found[1] == found[2] == found[3]
