"""The learning-rate range test (Smith 2017, "Cyclical Learning Rates for Training Neural Networks")."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Step, Trainer

SMOOTH = 0.9  # weight of the past in the running mean of the loss
TOO_HIGH = 3.0  # the test ends where the smoothed loss is this many times the lowest


@dataclass(frozen=True)
class RangeTest:
    """Learning rates and the smoothed losses met at them, and the rate to train with."""

    rates: list[float]
    losses: list[float]
    suggestion: float


def range_test(
    recipe: Recipe, data: Images, valid: Images, seed: int = 0, low: float = 1e-5, high: float = 10.0, steps: int = 300
) -> RangeTest:
    """Train a few steps while the rate rises from low to high by the same factor each step.

    The suggestion is the rate at which the smoothed loss falls fastest against the logarithm of the rate: well below
    the one at which training breaks. Raises UserError where the loss never falls.
    """
    if not 0 < low < high or steps < 20:
        raise UserError(f"range test from {low:g} to {high:g} in {steps} steps: expected 0 < low < high, steps >= 20")
    rates, losses = [], []
    smooth, norm = 0.0, 0.0
    for rate, loss in _losses(recipe, data, valid, seed, low, high, steps):
        smooth, norm = SMOOTH * smooth + (1 - SMOOTH) * loss, SMOOTH * norm + (1 - SMOOTH)
        rates.append(rate)
        losses.append(smooth / norm)
        if losses[-1] > TOO_HIGH * min(losses):
            break
    return RangeTest(rates, losses, _steepest(rates, losses))


def _losses(
    recipe: Recipe, data: Images, valid: Images, seed: int, low: float, high: float, steps: int
) -> Iterator[tuple[float, float]]:
    """(rate, loss) of each step until the loss is no longer finite."""
    per_epoch = max(1, len(data) // min(recipe.batch, len(data)))
    trainer = Trainer(recipe.change(epochs=math.ceil(steps / per_epoch), all_data=False), data, valid, seed)
    trainer.valid = None
    trainer.schedule = lambda step: low * (high / low) ** (step / (steps - 1))
    try:
        for event in trainer.run():
            if isinstance(event, Step):
                yield trainer.schedule(event.step - 1), event.loss
                if event.step == steps:
                    return
    except UserError:  # the loss became infinite: the end of the range
        return


def _steepest(rates: list[float], losses: list[float]) -> float:
    low = int(np.argmin(losses))
    if low < 2:
        raise UserError("the loss never fell in the range test; start from a lower rate, with --low")
    slopes = np.gradient(np.array(losses[: low + 1]), np.log(rates[: low + 1]))
    return float(f"{rates[int(np.argmin(slopes))]:.1e}")
