"""Compiled backends, and Numba's number of threads."""

from collections.abc import Callable, Iterator

import numba
import pytest

from backends import COMPILED
from handgrad.kernels import Kernels, backend


@pytest.fixture(params=COMPILED)
def kernels(request: pytest.FixtureRequest) -> Kernels:
    return backend(request.param)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of threads, which is as before after the test."""
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)
