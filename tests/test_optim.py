"""Every rule must solve a parabola and Rosenbrock's valley, and its steps are worked by hand once."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.kernels import backend, naive
from handgrad.nn.params import Layout, Param, aligned
from handgrad.training.optim import SGD, Adam, AdamW, Average, Optimiser, Rule

Array = Any
PLAIN = Layout([Param("x", (2,))])


def parabola(x: Array) -> Array:
    """Gradient of (x - 3)^2 / 2 + 5 (y + 1)^2, least at (3, -1)."""
    return np.array([x[0] - 3, 10 * (x[1] + 1)])


def rosenbrock(x: Array) -> Array:
    """Gradient of (1 - x)^2 + 100 (y - x^2)^2, least at (1, 1)."""
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])


RULES: dict[str, tuple[Rule, float, float]] = {  # with the learning rates for the one and the other
    "sgd": (SGD(), 0.1, 2e-3),
    "sgd with momentum": (SGD(0.9), 0.02, 1e-3),
    "nesterov": (SGD(0.9, nesterov=True), 0.02, 1e-3),
    "adam": (Adam(), 0.1, 0.05),
    "adam, other betas": (Adam(0.8, 0.9, 1e-6), 0.05, 0.01),
    "adamw": (AdamW(), 0.1, 0.05),
}
PROBLEMS: dict[str, tuple[Callable[[Array], Array], tuple[float, float], int]] = {
    "parabola": (parabola, (3, -1), 1000),
    "rosenbrock": (rosenbrock, (1, 1), 12000),
}


@pytest.mark.parametrize("kind", ["naive", "serial"])
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", RULES)
def test_every_rule_solves(name: str, problem: str, kind: str) -> None:
    (rule, *rates), (slope, answer, steps) = RULES[name], PROBLEMS[problem]
    dtype = np.float64 if kind == "naive" else np.float32
    optimiser = Optimiser(rule, PLAIN, backend(kind), dtype=dtype)
    theta, grad = aligned((PLAIN.size,), dtype), aligned((PLAIN.size,), dtype)
    lr = rates[list(PROBLEMS).index(problem)]
    for step in range(steps):
        grad[:2] = slope(theta)
        optimiser.step(theta, grad, lr * (1 + math.cos(math.pi * step / steps)) / 2)
    assert theta[:2] == pytest.approx(answer, abs=1e-2)


def two_steps(rule: Rule, decay: float = 0.0) -> list[float]:
    """theta from 1, after gradient 0.5 and after gradient 0.1, at a learning rate of 0.1."""
    layout = Layout([Param("w", (1,), decay=True)])
    optimiser = Optimiser(rule, layout, naive, decay, dtype=np.float64)
    theta, grad, seen = np.ones(layout.size), np.zeros(layout.size), []
    for slope in (0.5, 0.1):
        grad[:] = slope
        optimiser.step(theta, grad, 0.1)
        seen.append(float(theta[0]))
    return seen


def test_sgd_by_hand() -> None:
    # 1 - 0.1 * 0.5 = 0.95;  0.95 - 0.1 * 0.1 = 0.94
    assert two_steps(SGD()) == pytest.approx([0.95, 0.94])
    # decay 0.2: 1 * (1 - 0.1 * 0.2) - 0.05 = 0.93;  0.93 * 0.98 - 0.01 = 0.9014
    assert two_steps(SGD(), decay=0.2) == pytest.approx([0.93, 0.9014])


def test_momentum_by_hand() -> None:
    # v = 0.5, 1 - 0.05 = 0.95;  v = 0.9 * 0.5 + 0.1 = 0.55, 0.95 - 0.055 = 0.895
    assert two_steps(SGD(0.9)) == pytest.approx([0.95, 0.895])


def test_nesterov_by_hand() -> None:
    # v = 0.5, 1 - 0.1 * (0.5 + 0.45) = 0.905;  v = 0.55, 0.905 - 0.1 * (0.1 + 0.9 * 0.55) = 0.8455
    assert two_steps(SGD(0.9, nesterov=True)) == pytest.approx([0.905, 0.8455])


def test_adam_by_hand() -> None:
    # m = 0.05 and v = 0.00025, corrected by 0.1 and 0.001 to 0.5 and 0.25: a step of 0.1 * 0.5 / 0.5 = 0.1
    # m = 0.045 + 0.01 = 0.055, / 0.19 = 0.2894737;  v = 0.00024975 + 0.00001 = 0.00025975, / 0.001999 = 0.1299400
    # a step of 0.1 * 0.2894737 / 0.3604719 = 0.0803041
    assert two_steps(Adam()) == pytest.approx([0.9, 0.8196959], abs=1e-7)


def test_adamw_and_adam_with_decay_by_hand() -> None:
    # decoupled: 1 * 0.98 - 0.1 = 0.88;  0.88 * 0.98 - 0.0803041 = 0.7820959
    assert two_steps(AdamW(), decay=0.2) == pytest.approx([0.88, 0.7820959], abs=1e-7)
    # coupled, the slope is 0.5 + 0.2 * 1 = 0.7, and a first step of Adam is 0.1 whatever the slope
    assert two_steps(Adam(), decay=0.2)[0] == pytest.approx(0.9, abs=1e-7)
    # then 0.1 + 0.2 * 0.9 = 0.28: m = 0.063 + 0.028 = 0.091, / 0.19 = 0.4789474
    # v = 0.999 * 0.00049 + 0.001 * 0.0784 = 0.00056791, / 0.001999 = 0.2840970; 0.1 * 0.4789474 / 0.5330075 = 0.0898575
    assert two_steps(Adam(), decay=0.2)[1] == pytest.approx(0.8101425, abs=1e-6)


@pytest.mark.parametrize("rule", [SGD(0.9), Adam(), AdamW()])
def test_decay_is_for_decayed_parameters(rule: Rule) -> None:
    layout = Layout([Param("w", (3,), decay=True), Param("b", (3,))])
    optimiser = Optimiser(rule, layout, naive, decay=0.5, dtype=np.float64)
    theta = np.ones(layout.size)
    optimiser.step(theta, np.zeros(layout.size), 0.1)
    assert (layout.view(theta, "b") == 1).all()
    assert (layout.view(theta, "w") < 1).all()


@pytest.mark.parametrize("kind", ["naive", "serial", "parallel"])
def test_each_layer_has_its_share_of_the_rate(kind: str) -> None:
    layout = Layout([Param("a", (3,), lr_scale=0.5), Param("b", (20,)), Param("c", (2,), lr_scale=0.0, decay=True)])
    optimiser = Optimiser(SGD(), layout, backend(kind))
    theta, grad = aligned((layout.size,)), aligned((layout.size,))
    grad[:] = 1
    optimiser.step(theta, grad, 0.1)
    found = {name: set(view.tolist()) for name, view in layout.views(theta)}
    assert found == {"a": {float(np.float32(-0.05))}, "b": {float(np.float32(-0.1))}, "c": {0.0}}


@pytest.mark.parametrize(("clip", "wanted"), [(0.0, [3, 4]), (10.0, [3, 4]), (5.0, [3, 4]), (1.0, [0.6, 0.8])])
def test_clip_by_hand(clip: float, wanted: list[float]) -> None:
    optimiser = Optimiser(SGD(), PLAIN, naive, clip=clip, dtype=np.float64)
    theta, grad = np.zeros(PLAIN.size), np.zeros(PLAIN.size)
    grad[:2] = 3, 4  # of length 5
    optimiser.step(theta, grad, 1.0)
    assert -theta[:2] == pytest.approx(wanted)


def test_average_by_hand() -> None:
    theta, state = aligned((16,)), aligned((16,))
    average = Average(0.99, theta, state, naive)
    theta[:], state[:] = 1, 2
    for step in range(1, Average.EVERY):
        average.update(theta, state, step)
    assert (average.theta == 0).all()  # between times nothing is done
    average.update(theta, state, 8)
    # 0.99^8 = 0.9227 is more than 8 / (8 + 80) = 1 / 11, which is kept of the start
    assert average.theta == pytest.approx(np.full(16, 10 / 11))
    assert average.state == pytest.approx(np.full(16, 20 / 11))
    theta[:] = 0
    average.update(theta, state, 8000)  # 8000 / 8080 = 0.990: now the decay is the smaller
    assert average.theta == pytest.approx(np.full(16, 0.99**8 * 10 / 11))


def test_average_is_its_own_copy() -> None:
    theta = aligned((16,))
    average = Average(0.5, theta, aligned((0,)), naive)
    theta[:] = 7
    assert (average.theta == 0).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(1.0),
        lambda: SGD(-0.1),
        lambda: SGD(math.nan),
        lambda: Adam(beta1=1.0),
        lambda: Adam(beta2=1.5),
        lambda: AdamW(eps=0.0),
        lambda: Optimiser(SGD(), PLAIN, naive, decay=-1),
        lambda: Optimiser(SGD(), PLAIN, naive, decay=float("nan")),
        lambda: Optimiser(SGD(), PLAIN, naive, clip=float("inf")),
        lambda: Optimiser(SGD(), PLAIN, naive, clip=-1),
        lambda: Average(1.0, aligned((1,)), aligned((1,)), naive),
    ],
)
def test_bad_numbers(make: Callable[[], object]) -> None:
    with pytest.raises(UserError, match="expected"):
        make()
