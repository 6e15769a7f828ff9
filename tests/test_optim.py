"""Every rule must solve a parabola and Rosenbrock's valley, and its steps are worked by hand once."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.kernels import backend, naive
from handgrad.nn.params import Layout, Param, aligned
from handgrad.training.optim import EMA, RULES, SGD, Adam, AdamW, Optimiser, Rule
from tolerance import assert_close

Array = Any
PLAIN = Layout([Param("x", (2,))])


def parabola(x: Array) -> Array:
    """Gradient of (x - 3)^2 / 2 + 5 (y + 1)^2, least at (3, -1)."""
    return np.array([x[0] - 3, 10 * (x[1] + 1)])


def rosenbrock(x: Array) -> Array:
    """Gradient of (1 - x)^2 + 100 (y - x^2)^2, least at (1, 1)."""
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])


SOLVERS: dict[str, Rule] = {
    **{name: make(0.9, False, 0.999) for name, make in RULES.items()},  # as recipes make them
    "sgd without momentum": SGD(),
    "nesterov": SGD(0.9, nesterov=True),
    "adam, other betas": Adam(0.8, 0.9, 1e-6),
}
RATES = {"parabola": (0.02, 0.05), "rosenbrock": (2e-3, 1e-3, 0.01)}  # tried in turn: a rule must solve with one
PROBLEMS: dict[str, tuple[Callable[[Array], Array], tuple[float, float], int]] = {
    "parabola": (parabola, (3, -1), 1000),
    "rosenbrock": (rosenbrock, (1, 1), 12000),
}


@pytest.mark.parametrize("kind", ["naive", "compiled"])
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", SOLVERS)
def test_every_rule_solves(name: str, problem: str, kind: str) -> None:
    _, answer, _ = PROBLEMS[problem]
    found = (solved(SOLVERS[name], problem, kind, lr) for lr in RATES[problem])
    assert any(theta == pytest.approx(answer, abs=1e-2) for theta in found)


def solved(rule: Rule, problem: str, kind: str, lr: float) -> Array:
    """Where a rule ends, with a rate that falls to nothing."""
    slope, _, steps = PROBLEMS[problem]
    dtype = np.float64 if kind == "naive" else np.float32
    optimiser = Optimiser(rule, PLAIN, backend(kind), dtype=dtype)
    theta, grad = aligned((PLAIN.size,), dtype), aligned((PLAIN.size,), dtype)
    with np.errstate(all="ignore"):  # with too high a rate it diverges
        for step in range(steps):
            grad[:2] = slope(theta)
            optimiser.update(theta, grad, lr * (1 + math.cos(math.pi * step / steps)) / 2, step + 1)
    return theta[:2]


@pytest.mark.parametrize("size", [1, 37, 40_000])
@pytest.mark.parametrize("name", SOLVERS)
def test_compiled_steps_are_those_of_the_twins(name: str, size: int) -> None:
    layout, found = Layout([Param("w", (size,), decay=True)]), []
    for kind in ("naive", "compiled"):
        random = np.random.default_rng(0)
        optimiser = Optimiser(SOLVERS[name], layout, backend(kind), weight_decay=0.1)
        theta, grad = aligned((layout.size,)), aligned((layout.size,))
        theta[:] = random.standard_normal(layout.size)
        for step in range(1, 4):
            grad[:] = random.standard_normal(layout.size)
            optimiser.update(theta, grad, 0.01, step)
        found.append(theta.copy())
    assert_close(found[1], found[0])


def two_steps(rule: Rule, weight_decay: float = 0.0) -> list[float]:
    """theta from 1, after gradient 0.5 and after gradient 0.1, at a learning rate of 0.1."""
    layout = Layout([Param("w", (1,), decay=True)])
    optimiser = Optimiser(rule, layout, naive, weight_decay, dtype=np.float64)
    theta, grad, seen = np.ones(layout.size), np.zeros(layout.size), []
    for step, slope in enumerate((0.5, 0.1), 1):
        grad[:] = slope
        optimiser.update(theta, grad, 0.1, step)
        seen.append(float(theta[0]))
    return seen


def test_sgd_by_hand() -> None:
    # 1 - 0.1 * 0.5 = 0.95;  0.95 - 0.1 * 0.1 = 0.94
    assert two_steps(SGD()) == pytest.approx([0.95, 0.94])
    # decay 0.2: 1 * (1 - 0.1 * 0.2) - 0.05 = 0.93;  0.93 * 0.98 - 0.01 = 0.9014
    assert two_steps(SGD(), weight_decay=0.2) == pytest.approx([0.93, 0.9014])


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
    assert two_steps(AdamW(), weight_decay=0.2) == pytest.approx([0.88, 0.7820959], abs=1e-7)
    # coupled, the slope is 0.5 + 0.2 * 1 = 0.7, and a first step of Adam is 0.1 whatever the slope
    assert two_steps(Adam(), weight_decay=0.2)[0] == pytest.approx(0.9, abs=1e-7)
    # then 0.1 + 0.2 * 0.9 = 0.28: m = 0.063 + 0.028 = 0.091, / 0.19 = 0.4789474
    # v = 0.999 * 0.00049 + 0.001 * 0.0784 = 0.00056791, / 0.001999 = 0.2840970; 0.1 * 0.4789474 / 0.5330075 = 0.0898575
    assert two_steps(Adam(), weight_decay=0.2)[1] == pytest.approx(0.8101425, abs=1e-6)


@pytest.mark.parametrize("rule", [SGD(0.9), Adam(), AdamW()])
def test_decay_is_for_decayed_parameters(rule: Rule) -> None:
    layout = Layout([Param("w", (3,), decay=True), Param("b", (3,))])
    optimiser = Optimiser(rule, layout, naive, weight_decay=0.5, dtype=np.float64)
    theta = np.ones(layout.size)
    optimiser.update(theta, np.zeros(layout.size), 0.1, 1)
    assert (layout.view(theta, "b") == 1).all()
    assert (layout.view(theta, "w") < 1).all()


def test_what_is_not_asked_for_is_not_done() -> None:
    layout = Layout([Param("w", (3,), decay=True)])
    optimiser = Optimiser(SGD(), layout, naive, dtype=np.float64)
    theta, grad = np.ones(layout.size), np.zeros(layout.size)
    optimiser.update(theta, grad, 0.1, 1)
    assert (theta == 1).all()
    grad[:3] = 300
    optimiser.update(theta, grad, 0.1, 2)
    assert theta[:3] == pytest.approx([-29] * 3)


@pytest.mark.parametrize("kind", ["naive", "compiled"])
def test_each_layer_has_its_share_of_the_rate(kind: str) -> None:
    layout = Layout([Param("a", (3,), lr_scale=0.5), Param("b", (20,)), Param("c", (2,), lr_scale=0.0, decay=True)])
    optimiser = Optimiser(SGD(), layout, backend(kind))
    theta, grad = aligned((layout.size,)), aligned((layout.size,))
    grad[:] = 1
    optimiser.update(theta, grad, 0.1, 1)
    found = {name: set(view.tolist()) for name, view in layout.views(theta)}
    assert found == {"a": {float(np.float32(-0.05))}, "b": {float(np.float32(-0.1))}, "c": {0.0}}


@pytest.mark.parametrize(("clip", "wanted"), [(0.0, [3, 4]), (10.0, [3, 4]), (5.0, [3, 4]), (1.0, [0.6, 0.8])])
def test_clip_by_hand(clip: float, wanted: list[float]) -> None:
    optimiser = Optimiser(SGD(), PLAIN, naive, clip_norm=clip, dtype=np.float64)
    theta, grad = np.zeros(PLAIN.size), np.zeros(PLAIN.size)
    grad[:2] = 3, 4  # of length 5
    optimiser.update(theta, grad, 1.0, 1)
    assert -theta[:2] == pytest.approx(wanted)


def test_the_moving_average_by_hand() -> None:
    theta, state = aligned((16,)), aligned((16,))
    ema = EMA(0.99, theta, state, naive)
    theta[:], state[:] = 1, 2
    for step in range(1, EMA.EVERY):
        ema.update(theta, state, step)
    assert (ema.theta == 0).all()  # between times nothing is done
    ema.update(theta, state, 8)
    # 0.99^8 = 0.9227 is more than 8 / (8 + 80) = 1 / 11, which is kept of the start
    assert ema.theta == pytest.approx(np.full(16, 10 / 11))
    assert ema.state == pytest.approx(np.full(16, 20 / 11))
    theta[:] = 0
    ema.update(theta, state, 8000)  # 8000 / 8080 = 0.990: now the decay is the smaller
    assert ema.theta == pytest.approx(np.full(16, 0.99**8 * 10 / 11))


def test_the_moving_average_is_its_own_copy() -> None:
    theta = aligned((16,))
    ema = EMA(0.5, theta, aligned((0,)), naive)
    theta[:] = 7
    assert (ema.theta == 0).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(1.0),
        lambda: SGD(-0.1),
        lambda: SGD(math.nan),
        lambda: Adam(beta1=1.0),
        lambda: Adam(beta2=1.5),
        lambda: AdamW(eps=0.0),
        lambda: Optimiser(SGD(), PLAIN, naive, weight_decay=-1),
        lambda: Optimiser(SGD(), PLAIN, naive, weight_decay=float("nan")),
        lambda: Optimiser(SGD(), PLAIN, naive, weight_decay=float("inf")),
        lambda: Optimiser(SGD(), PLAIN, naive, clip_norm=float("inf")),
        lambda: Optimiser(SGD(), PLAIN, naive, clip_norm=-1),
        lambda: EMA(1.0, aligned((1,)), aligned((1,)), naive),
    ],
)
def test_bad_numbers(make: Callable[[], object]) -> None:
    with pytest.raises(UserError, match="expected"):
        make()
