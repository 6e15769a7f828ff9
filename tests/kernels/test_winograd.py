"""Convolution by Winograd's method against its twin."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import Kernels, backend
from handgrad.kernels.sizes import PARTS, TILES, ceil_div
from kernels.convolution import check_convolution

# (n, height, width, channels, filters, kernel, stride, pad)
# stride 1, kernel 3; tiles that hang over the edge, channels that are no multiple of a vector, more than a block
CASES = [
    (1, 1, 1, 8, 8, 3, 1, 1), (1, 28, 28, 32, 32, 3, 1, 1), (3, 9, 6, 9, 23, 3, 1, 1), (4, 7, 7, 20, 33, 3, 1, 0),
    (40, 4, 5, 48, 16, 3, 1, 1), (2, 14, 14, 64, 96, 3, 1, 1), (60, 14, 14, 9, 11, 3, 1, 1),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_against_the_twin(kernels: Kernels, case: tuple[int, ...]) -> None:
    check_convolution(kernels, "winograd", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_bytes_for_any_threads(case: tuple[int, ...], threads: Any) -> None:
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        found.append(check_convolution(backend("compiled"), "winograd", case))
    assert found[0] == found[1] == found[2] == found[3]


def test_cases_fill_more_than_a_block() -> None:
    tiles = [n * ceil_div(height, 4) * ceil_div(width, 4) for n, height, width, *_ in CASES]
    assert min(tiles) < TILES and max(tiles) > PARTS * TILES, "more than one block a part, too"


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(1, 40)),
    st.booleans(),
)  # fmt: skip
def test_any_shape(shape: tuple[int, ...], same: bool) -> None:
    if min(shape[1:3]) + 2 * same >= 3:
        check_convolution(backend("compiled"), "winograd", (*shape, 3, 1, int(same)))
