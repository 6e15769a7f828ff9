import math

import pytest

from handgrad.errors import UserError
from handgrad.training.schedules import SCHEDULES, constant, cosine, one_cycle, step_decay, warm_up

LR, STEPS = 0.4, 120


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("constant", LR, LR),
        ("step", LR, LR * 1e-3),
        ("cosine", LR, LR * (1 + math.cos(math.pi * (STEPS - 1) / STEPS)) / 2),
        ("one-cycle", LR / 25, None),
    ],
)
def test_end_points(name: str, first: float, last: float | None) -> None:
    schedule = SCHEDULES[name](LR, STEPS)
    assert schedule(0) == pytest.approx(first)
    if last is not None:
        assert schedule(STEPS - 1) == pytest.approx(last)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 1000])
def test_always_above_zero_and_at_most_the_rate(name: str, steps: int) -> None:
    schedule = SCHEDULES[name](LR, steps)
    rates = [schedule(step) for step in range(steps)]
    assert all(0 < rate <= LR * (1 + 1e-12) for rate in rates)
    assert rates == [schedule(step) for step in range(steps)], "a schedule is a pure function"


@pytest.mark.parametrize("name", SCHEDULES)
def test_beyond_the_end_it_stays_low(name: str) -> None:
    schedule = SCHEDULES[name](LR, STEPS)
    assert 0 <= schedule(10 * STEPS) <= schedule(STEPS - 1) * (1 + 1e-12)
    assert schedule(10 * STEPS) == schedule(STEPS)


def test_step_decay_falls_into_equal_runs() -> None:
    schedule = step_decay(1.0, 8)
    assert [schedule(step) for step in range(8)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_cosine_is_half_way_in_the_middle_and_falls() -> None:
    schedule = cosine(LR, STEPS)
    assert schedule(STEPS // 2) == pytest.approx(LR / 2)
    assert schedule(STEPS // 3) == pytest.approx(LR * 0.75)  # cos 60 degrees is 1/2
    rates = [schedule(step) for step in range(STEPS)]
    assert rates == sorted(rates, reverse=True)


def test_one_cycle_rises_to_its_peak_and_falls_to_nearly_nothing() -> None:
    schedule = one_cycle(LR, 100)
    rates = [schedule(step) for step in range(101)]
    assert rates[30] == max(rates) == pytest.approx(LR)
    assert rates[15] == pytest.approx((LR / 25 + LR) / 2)
    assert rates[65] == pytest.approx((LR / 250_000 + LR) / 2)
    assert rates[100] == pytest.approx(LR / 250_000)
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)


def test_warm_up_scales_the_first_steps() -> None:
    schedule = warm_up(constant(1.0, 10), 4)
    assert [schedule(step) for step in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert warm_up(constant(LR, 10), 0)(0) == LR
    assert warm_up(cosine(LR, 10), 4)(2) == pytest.approx(cosine(LR, 10)(2) * 0.6)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(("lr", "steps"), [(0, 5), (-1, 5), (math.nan, 5), (math.inf, 5), (0.1, 0), (0.1, -1)])
def test_bad_rates_and_lengths(name: str, lr: float, steps: int) -> None:
    with pytest.raises(UserError, match="expected"):
        SCHEDULES[name](lr, steps)


def test_a_warm_up_of_less_than_nothing() -> None:
    with pytest.raises(UserError, match="expected"):
        warm_up(constant(1.0, 5), -1)
