"""Arrays to call kernels with, and the comparison of a kernel with its twin, which runs in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.kernels import Array, Kernels, naive
from handgrad.nn.params import aligned
from tolerance import assert_close

GUARD = np.float32(-77)
ROOM = np.full((4, 1 << 16), np.nan, np.float32)  # scratch memory for four threads

# Kernels over rows of numbers: name -> how to make the arguments for (n, width). Arrays made by `new` are outputs.
Cases = dict[str, Callable[[int, int], list[Any]]]
SIZES = [(1, 1), (1, 37), (2, 16), (5, 33), (17, 64), (13, 256), (129, 130), (200, 257)]  # the last: several chunks


def random(*shape: int, seed: int = 0) -> Array:
    array = aligned(shape)
    array[...] = np.random.Generator(np.random.Philox(key=seed + len(shape))).standard_normal(shape)
    return array


def new(*shape: int) -> Array:
    array = aligned(shape)
    array[...] = np.nan
    return array


def guarded(*shape: int) -> tuple[Array, Callable[[], None]]:
    """NaNs to write over, and a check that nothing behind them was written."""
    size = int(np.prod(shape))
    flat = aligned((size + 64,))
    flat[:size], flat[size:] = np.nan, GUARD

    def check() -> None:
        assert (flat[size:] == GUARD).all()

    return flat[:size].reshape(shape), check


def call(kernels: Kernels, name: str, arguments: list[Any]) -> Any:
    """The kernel that a case is named after: `add relu` is a case of `add`."""
    return getattr(kernels, name.split()[0])(*arguments)


def widened(arguments: list[Any]) -> list[Any]:
    return [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arguments]


def check_case(kernels: Kernels, cases: Cases, name: str, size: tuple[int, int], times: float = 1.0) -> None:
    got, want = cases[name](*size), widened(cases[name](*size))
    call(kernels, name, got)
    call(naive, name, want)
    for g, w in zip(got, want, strict=True):
        if isinstance(g, np.ndarray) and g.dtype == np.float32 and g.base is not ROOM:
            assert_close(g, w, times)
        elif isinstance(g, np.ndarray) and g.dtype == np.float64 and g is not got[-1]:  # the norm; then, its own room
            assert g == pytest.approx(w, rel=1e-6)


def outputs(kernels: Kernels, cases: Cases, name: str, size: tuple[int, int] = SIZES[-1]) -> list[Any]:
    """The bytes of all arrays of a kernel but its scratch, to compare with those of other threads."""
    arguments = cases[name](*size)
    call(kernels, name, arguments)
    return [a.tobytes() for a in arguments if isinstance(a, np.ndarray) and a.base is not ROOM]
