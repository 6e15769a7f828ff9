"""The learning-rate range test (Smith 2017, "Cyclical Learning Rates for Training Neural Networks")."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.training.progress import Step
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer

SMOOTH = 0.9  # weight of the past in the running mean of the loss that decides when to stop
TOO_HIGH = 3.0  # the test ends where that mean is this many times its lowest value
SPREAD = 2.0  # factor in the rate within which losses are smoothed together
LEAST_STEPS = 40  # with fewer, the bottom of the curve is chance


@dataclass(frozen=True)
class RangeTest:
    """What a range test found.

    Parameters
    ----------
    rates : list of float
        The learning rate of each step, rising.
    losses : list of float
        The loss of each step's batch, in nats.
    suggestion : float
        The rate to train with.
    """

    rates: list[float]
    losses: list[float]
    suggestion: float


def range_test(
    recipe: Recipe, data: Images, seed: int = 0, low: float = 1e-5, high: float = 10.0, steps: int = 300
) -> RangeTest:
    """Train a few steps while the rate rises from low to high by the same factor each step.

    The suggestion is the rate at which the smoothed loss is lowest. The test warms up as it goes: it suits schedules
    that do the same, as one-cycle does; Adam at a constant rate, without batch normalisation, may need a lower one.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Images
        What to learn from.
    seed : int
        Of every random number.
    low, high : float
        The first and the last rate, above 0.
    steps : int
        How many steps lie between them, 40 or more.

    Returns
    -------
    RangeTest
        Rates, losses and the suggestion.

    Raises
    ------
    UserError
        For a range that is none, and where the loss is lowest at an end of it.
    """
    if not 0 < low < high or steps < LEAST_STEPS:
        raise UserError(
            f"range test from {low:g} to {high:g} in {steps} steps: expected 0 < low < high, steps >= {LEAST_STEPS}"
        )
    rates, losses = [], []
    smooth, norm, lowest = 0.0, 0.0, math.inf
    for rate, loss in _losses(recipe, data, seed, low, high, steps):
        rates.append(rate)
        losses.append(loss)
        smooth, norm = SMOOTH * smooth + (1 - SMOOTH) * loss, SMOOTH * norm + (1 - SMOOTH)
        lowest = min(lowest, smooth / norm)
        if smooth / norm > TOO_HIGH * lowest:
            break
    return RangeTest(rates, losses, _bottom(rates, losses))


def _losses(
    recipe: Recipe, data: Images, seed: int, low: float, high: float, steps: int
) -> Iterator[tuple[float, float]]:
    """(rate, loss) of each step until the loss is no longer finite."""

    def rate_of(step: int) -> float:
        return low * float((high / low) ** (step / (steps - 1)))

    per_epoch = max(1, len(data) // min(recipe.batch, len(data)))
    enough = recipe.change(epochs=math.ceil(steps / per_epoch), all_data=False)
    trainer = Trainer(enough, data, None, seed, schedule=rate_of)
    try:
        for event in trainer.run():
            if isinstance(event, Step):
                yield rate_of(event.step - 1), event.loss
                if event.step == steps:
                    return
    except UserError:  # the loss became infinite: the end of the range
        return


def _bottom(rates: list[float], losses: list[float]) -> float:
    """The rate at which the smoothed losses are lowest.

    Each is smoothed with those on both sides, by how near their rates are (kernel regression: Nadaraya 1964, Watson
    1964): a mean of the past alone would put the bottom too far right, and the steepest fall is mostly noise.
    """
    if len(rates) < 2:
        raise UserError("the loss became infinite at once in the range test; start from a lower rate, with --low")
    at = np.log(rates)
    near = np.exp(-0.5 * ((at[:, None] - at) / math.log(SPREAD)) ** 2)
    smooth = near @ np.log1p(losses) / near.sum(axis=1)  # logarithms: the explosion must not push the bottom left
    lowest = int(np.argmin(smooth))
    if lowest in (0, len(rates) - 1):
        raise UserError(
            f"the loss is lowest at an end of the rates tested, {rates[lowest]:.2g}: set --low and --high around it"
        )
    return float(f"{rates[lowest]:.1e}")
