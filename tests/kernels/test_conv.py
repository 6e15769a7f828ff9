"""Convolution by patches against its twin."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import Kernels, backend
from kernels.convolution import check_convolution

# (n, height, width, channels, filters, kernel, stride, pad)
CASES = [
    (1, 1, 1, 1, 1, 1, 1, 0), (2, 28, 28, 1, 32, 3, 1, 1), (3, 28, 28, 1, 24, 5, 1, 0), (9, 10, 6, 6, 40, 5, 2, 2),
    (4, 7, 5, 3, 16, 1, 1, 0), (10, 8, 9, 2, 33, 3, 2, 1), (3, 9, 9, 5, 7, 7, 1, 3),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_against_the_twin(kernels: Kernels, case: tuple[int, ...]) -> None:
    check_convolution(kernels, "conv", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_bytes_for_any_threads(case: tuple[int, ...], threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(check_convolution(backend("compiled"), "conv", case))
    assert found[0] == found[1] == found[2] == found[3]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(1, 40)),
    st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]), st.booleans(),
)  # fmt: skip
def test_any_shape(shape: tuple[int, ...], size: int, stride: int, same: bool) -> None:
    pad = size // 2 if same else 0
    if min(shape[1:3]) + 2 * pad >= size:
        check_convolution(backend("compiled"), "conv", (*shape, size, stride, pad))
