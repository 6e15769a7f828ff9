"""The range test of learning rates: where it ends, and what it says of a range that shows no bottom."""

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.training.lr_find import LEAST_STEPS, TOO_HIGH, range_test
from handgrad.training.recipes import recipe

DATA = load("mnist").train[:400]
SMALL = recipe("mlp").change(name="small", hidden=(8,), batch=20, optimiser="sgd", dropout=0.0)


def test_rates_rise_by_the_same_factor_until_the_loss_is_lost() -> None:
    found = range_test(SMALL, DATA, low=1e-4, high=1e4, steps=60)
    assert LEAST_STEPS / 2 < len(found.rates) == len(found.losses) < 60
    np.testing.assert_allclose(np.diff(np.log(found.rates)), np.log(1e8) / 59)
    assert found.rates[0] == 1e-4 < found.suggestion < found.rates[-1] and np.isfinite(found.losses).all()
    assert found.losses[-1] > TOO_HIGH * min(found.losses)
    assert range_test(SMALL, DATA, low=1e-4, high=1e4, steps=60) == found
    assert range_test(SMALL, DATA, seed=1, low=1e-4, high=1e4, steps=60).losses != found.losses


@pytest.mark.parametrize(("low", "high", "steps"), [(0, 1, 60), (1e-3, 1e-3, 60), (1e-3, 1e-4, 60), (1e-3, 1, 39)])
def test_a_range_that_is_none(low: float, high: float, steps: int) -> None:
    with pytest.raises(UserError, match=f"in {steps} steps: expected 0 < low < high, steps >= 40"):
        range_test(SMALL, DATA, low=low, high=high, steps=steps)


def test_a_range_without_a_bottom() -> None:
    with pytest.raises(UserError, match=r"lowest at an end of the rates tested, 0\.1: set --low and --high around it"):
        range_test(SMALL, DATA, low=1e-3, high=0.1, steps=60)
    with pytest.raises(UserError, match="became infinite at once in the range test; start from a lower rate"):
        range_test(SMALL, DATA, low=1e37, high=1e38, steps=60)
