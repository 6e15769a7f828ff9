"""Learning-rate schedules: pure functions from the step, 0 .. steps - 1, to the learning rate."""

import math
from collections.abc import Callable

from handgrad.errors import UserError

Schedule = Callable[[int], float]


def _check(lr: float, steps: int) -> None:
    if not (math.isfinite(lr) and lr > 0):
        raise UserError(f"learning rate is {lr}: expected a number above 0")
    if steps < 1:
        raise UserError(f"a schedule over {steps} steps: expected at least 1")


def constant(lr: float, steps: int) -> Schedule:
    """Return the schedule lr.

    Parameters
    ----------
    lr : float
        Learning rate, above 0.
    steps : int
        How many steps there are, 1 or more.

    Returns
    -------
    callable
        From the step to the learning rate.
    """
    _check(lr, steps)
    return lambda step: lr


def step_decay(lr: float, steps: int) -> Schedule:
    """Return the schedule lr / 10^i, where the steps fall into four equal runs, i = 0 .. 3.

    Parameters
    ----------
    lr : float
        Learning rate of the first run, above 0.
    steps : int
        How many steps there are, 1 or more.

    Returns
    -------
    callable
        From the step to the learning rate.
    """
    _check(lr, steps)
    return lambda step: lr * 0.1 ** (min(step, steps - 1) * 4 // steps)


def cosine(lr: float, steps: int) -> Schedule:
    """Return the schedule lr (1 + cos(pi step / steps)) / 2 (Loshchilov and Hutter 2017, equation 5).

    Parameters
    ----------
    lr : float
        Learning rate of the first step, above 0.
    steps : int
        How many steps there are, 1 or more.

    Returns
    -------
    callable
        From the step to the learning rate.
    """
    _check(lr, steps)
    return lambda step: lr * 0.5 * (1 + math.cos(math.pi * min(step, steps) / steps))


def one_cycle(lr: float, steps: int) -> Schedule:
    """Return a schedule that rises from lr / 25 to lr over 30 % of the steps, then falls towards lr / 250,000.

    Both are half a cosine; after Smith and Topin 2018, "Super-Convergence".

    Parameters
    ----------
    lr : float
        The highest learning rate, above 0.
    steps : int
        How many steps there are, 1 or more.

    Returns
    -------
    callable
        From the step to the learning rate.
    """
    _check(lr, steps)
    peak, low, end = 0.3 * steps, lr / 25, lr / 250_000

    def schedule(step: int) -> float:
        if step < peak:
            return lr + (low - lr) * 0.5 * (1 + math.cos(math.pi * step / peak))
        return end + (lr - end) * 0.5 * (1 + math.cos(math.pi * (min(step, steps) - peak) / (steps - peak)))

    return schedule


def warm_up(schedule: Schedule, steps: int) -> Schedule:
    """Return a schedule whose first steps are scaled by (step + 1) / (steps + 1) (Goyal et al. 2017).

    Parameters
    ----------
    schedule : callable
        From the step to the learning rate.
    steps : int
        How many steps are scaled, 0 or more.

    Returns
    -------
    callable
        From the step to the learning rate.
    """
    if steps < 0:
        raise UserError(f"warm-up over {steps} steps: expected 0 or more")
    return lambda step: schedule(step) * min(1.0, (step + 1) / (steps + 1))


SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "constant": constant,
    "step": step_decay,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
