"""Initial values: their standard deviations, and what these do to signals in a deep network."""

import math

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.nn.init import initial_array, std


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("he", math.sqrt(2 / 300)),
        ("glorot", math.sqrt(2 / (300 + 500))),
        ("lecun", math.sqrt(1 / 300)),
        ("normal:0.01", 0.01),
        ("normal:2", 2.0),
    ],
)
def test_standard_deviations(kind: str, wanted: float) -> None:
    assert std(kind, 300, 500) == pytest.approx(wanted)
    weights = initial_array(kind, (300, 500), generator())
    assert weights.std() == pytest.approx(wanted, rel=0.01)  # of 150,000 numbers: 5 standard errors
    assert abs(weights.mean()) < 5 * wanted / math.sqrt(weights.size)


def test_inputs_of_a_filter_are_all_axes_but_the_last() -> None:
    weights = initial_array("he", (3, 3, 64, 200), generator())
    assert weights.std() == pytest.approx(math.sqrt(2 / (3 * 3 * 64)), rel=0.01)


def test_constants() -> None:
    assert (initial_array("zeros", (3, 2), generator()) == 0).all()
    assert (initial_array("ones", (3,), generator()) == 1).all()


@pytest.mark.parametrize(
    "kind",
    ["", "hee", "He", "normal", "normal:", "normal:x", "normal:0", "normal:-1", "normal:nan", "normal:inf", "he:2"],
)
def test_unknown_kinds(kind: str) -> None:
    with pytest.raises(UserError, match="expected one of he, glorot, lecun or normal:DEVIATION"):
        std(kind, 3, 3)


def level(kind: str) -> list[float]:
    """Root mean square behind each of ten ReLU layers of 256, for inputs of level 1."""
    x, levels = generator(1).standard_normal((200, 256)), []
    for i in range(10):
        x = np.maximum(x @ initial_array(kind, (256, 256), generator(i + 2)), 0)
        levels.append(float(np.sqrt(np.mean(x**2))))
    return levels


def test_he_keeps_the_level_through_ten_relu_layers() -> None:
    assert all(0.5 < found < 2 for found in level("he"))


def test_small_numbers_collapse() -> None:
    levels = level("normal:0.01")
    assert levels[-1] < 1e-8
    assert levels == sorted(levels, reverse=True)
