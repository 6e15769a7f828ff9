"""Pooling against its twins."""

import numpy as np
import pytest

from handgrad.kernels import Kernels, naive
from kernels.twins import guarded, random
from tolerance import assert_close

CASES = [(1, 2, 2, 1), (3, 9, 8, 5), (2, 28, 28, 32), (3, 10, 11, 17)]


def check_max_pool(kernels: Kernels, case: tuple[int, ...], floor: float) -> None:
    n, height, width, channels = case
    x = np.round(random(n, height, width, channels))  # with equals, of argmax the first counts
    shape = (n, height // 2, width // 2, channels)
    (out, whole_out), (dx, whole_dx), want_dx = guarded(*shape), guarded(*x.shape), np.empty(x.shape)
    argmax, want, want_argmax = np.zeros(shape, np.uint8), np.empty(shape), np.zeros(shape, np.uint8)
    kernels.max_pool_forward(out, argmax, x, floor)
    naive.max_pool_forward(want, want_argmax, x.astype(np.float64), floor)
    assert (out == want).all() and (argmax == want_argmax).all()
    dy = random(*shape, seed=1)
    kernels.max_pool_backward(dx, dy, argmax)
    naive.max_pool_backward(want_dx, dy.astype(np.float64), argmax)
    assert (dx == want_dx).all()
    whole_out()
    whole_dx()


@pytest.mark.parametrize("floor", [0.0, -np.inf])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_max_pool(kernels: Kernels, case: tuple[int, ...], floor: float) -> None:
    check_max_pool(kernels, case, floor)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_mean_pool(kernels: Kernels, case: tuple[int, ...]) -> None:
    n, height, width, channels = case
    x, dy = random(n, height, width, channels), random(n, channels, seed=1)
    (out, whole_out), (dx, whole_dx) = guarded(n, channels), guarded(*x.shape)
    kernels.mean_pool_forward(out, x)
    kernels.mean_pool_backward(dx, dy)
    assert_close(out, x.astype(np.float64).mean(axis=(1, 2)))
    assert_close(dx, np.broadcast_to(dy[:, None, None] / (height * width), x.shape))
    whole_out()
    whole_dx()
