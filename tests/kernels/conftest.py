"""Compiled kernels, and the number of threads that they use."""

from collections.abc import Callable, Iterator

import pytest

from handgrad.kernels import Kernels, backend
from handgrad.kernels.threads import LIMIT


@pytest.fixture
def kernels() -> Kernels:
    return backend("compiled")


@pytest.fixture
def threads() -> Iterator[Callable[[int], object]]:
    """Sets the number of threads, which is as before after the test."""
    token = LIMIT.set(1)
    yield LIMIT.set
    LIMIT.reset(token)
