"""The check of any gradient: the slope along a random direction, from two forwards (after HIPS autograd)."""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def slope_error(loss: Callable[[], float], at: Array, gradient: Array, seed: int = 17, h: float = 1e-5) -> float:
    """Relative difference of gradient . d and the central difference of `loss` along d; `at` is moved and put back."""
    direction = np.random.Generator(np.random.Philox(key=seed)).standard_normal(at.shape)
    before = at.copy()
    at[...] = before + h * direction
    above = loss()
    at[...] = before - h * direction
    below = loss()
    at[...] = before
    measured, claimed = (above - below) / (2 * h), float((gradient * direction).sum())
    return abs(measured - claimed) / max(abs(measured), abs(claimed), 1e-300)
