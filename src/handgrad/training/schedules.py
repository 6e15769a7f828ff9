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
    """lr at every step."""
    _check(lr, steps)
    return lambda step: lr


def step_decay(lr: float, steps: int, drops: int = 3, factor: float = 0.1) -> Schedule:
    """lr * factor^i: the steps fall into drops + 1 equal runs, each `factor` times the one before."""
    _check(lr, steps)
    if drops < 1 or not 0 < factor < 1:
        raise UserError(f"step schedule with {drops} drops of factor {factor}: expected drops >= 1, 0 < factor < 1")
    return lambda step: lr * factor ** (min(step, steps - 1) * (drops + 1) // steps)


def cosine(lr: float, steps: int) -> Schedule:
    """lr * (1 + cos(pi * step / steps)) / 2, from lr towards 0 (Loshchilov and Hutter 2017, equation 5)."""
    _check(lr, steps)
    return lambda step: lr * 0.5 * (1 + math.cos(math.pi * min(step, steps) / steps))


def one_cycle(lr: float, steps: int, rise: float = 0.3) -> Schedule:
    """From lr / 25 up to lr over the first `rise` of the steps, then down towards lr / 250,000, both as half a cosine.

    After Smith and Topin, "Super-Convergence" (2018).
    """
    _check(lr, steps)
    if not 0 < rise < 1:
        raise UserError(f"one-cycle with rise {rise}: expected a share between 0 and 1")
    peak, low, end = rise * steps, lr / 25, lr / 250_000

    def schedule(step: int) -> float:
        if step < peak:
            return lr + (low - lr) * 0.5 * (1 + math.cos(math.pi * step / peak))
        return end + (lr - end) * 0.5 * (1 + math.cos(math.pi * (min(step, steps) - peak) / (steps - peak)))

    return schedule


def warm_up(schedule: Schedule, steps: int) -> Schedule:
    """Scale the first `steps` of a schedule by (step + 1) / (steps + 1) (Goyal et al. 2017)."""
    if steps < 0:
        raise UserError(f"warm-up over {steps} steps: expected 0 or more")
    return lambda step: schedule(step) * min(1.0, (step + 1) / (steps + 1))


SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "constant": constant,
    "step": step_decay,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
