"""Numbers of an evaluation against values worked by hand or published."""

import json
from math import log

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.evaluation import evaluate, mcnemar
from handgrad.evaluation.calibration import best_temperature, calibration_error
from handgrad.evaluation.metrics import FLOOR, wilson

CLASSES = ("a", "b", "c")
# five images; the second and the last are wrong
PROBABILITIES = np.array(
    [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.4, 0.5, 0.1], [0.9, 0.05, 0.05]], np.float32
)
LABELS = np.array([0, 0, 1, 1, 2], np.uint8)


def test_confusion_and_rates_by_hand() -> None:
    found = evaluate(PROBABILITIES, LABELS, CLASSES)
    assert found.n == 5
    assert found.accuracy == 3 / 5
    assert found.confusion.dtype == np.int64
    assert found.confusion.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]  # rows true, columns predicted
    assert found.precision.tolist() == [1 / 2, 2 / 3, 0.0]  # c was never predicted: 0/0 is 0
    assert found.recall.tolist() == [1 / 2, 1.0, 0.0]
    assert found.f1 == pytest.approx([1 / 2, 4 / 5, 0.0])


def test_nll_by_hand() -> None:
    expected = -(log(0.8) + log(0.3) + log(0.7) + log(0.5) + log(0.05)) / 5
    assert evaluate(PROBABILITIES, LABELS, CLASSES).nll == pytest.approx(expected, rel=1e-6)


def test_a_probability_of_zero_costs_a_finite_amount() -> None:
    certain = np.array([[1.0, 0.0]])
    assert evaluate(certain, np.array([1]), ("a", "b")).nll == pytest.approx(-log(FLOOR))
    right = evaluate(certain, np.array([0]), ("a", "b"))
    assert str(right.nll) == "0.0"
    assert right.ece == 0.0
    assert len(right.mistakes) == 0


def test_mistakes_come_worst_first() -> None:
    assert evaluate(PROBABILITIES, LABELS, CLASSES).mistakes.tolist() == [4, 1]


def test_calibration_error_by_hand() -> None:
    # bins of 1/15: 0.81 and 0.85 share (0.800, 0.867], 0.95 is alone
    # |2 right - 1.66| / 3 + |0 right - 0.95| / 3 = (0.34 + 0.95) / 3
    error = calibration_error(np.array([0.81, 0.85, 0.95]), np.array([True, True, False]))
    assert error == pytest.approx(1.29 / 3)


def test_calibration_bins_are_closed_above() -> None:
    # 0.2 = 3/15 is the upper end of its bin, with 0.15; the errors 0.8 and -0.15 cancel within it
    assert calibration_error(np.array([0.2, 0.15]), np.array([True, False])) == pytest.approx(0.65 / 2)
    # 0.21 is in the next bin: nothing cancels
    assert calibration_error(np.array([0.21, 0.15]), np.array([True, False])) == pytest.approx(0.94 / 2)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, table I, method 3."""
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=5e-5)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 3), (4, 3)])
def test_wilson_refuses(successes: int, n: int) -> None:
    with pytest.raises(UserError, match="an interval needs"):
        wilson(successes, n)


def _pairs(both: int, a_only: int, b_only: int) -> tuple[np.ndarray, np.ndarray]:
    a = [True] * both + [True] * a_only + [False] * b_only
    b = [True] * both + [False] * a_only + [True] * b_only
    return np.array(a, bool), np.array(b, bool)


@pytest.mark.parametrize(
    ("a_only", "b_only", "p"),
    [(1, 5, 2 * (1 + 6) / 64), (5, 1, 14 / 64), (0, 10, 2 / 1024), (3, 3, 1.0), (0, 0, 1.0), (0, 1, 1.0)],
)
def test_mcnemar_by_hand(a_only: int, b_only: int, p: float) -> None:
    assert mcnemar(*_pairs(4, a_only, b_only)) == p
    assert mcnemar(*_pairs(900, a_only, b_only)) == p  # images that both got right say nothing


def test_mcnemar_agrees_with_scipy_where_floats_would_overflow() -> None:
    from scipy.stats import binomtest

    assert mcnemar(*_pairs(0, 1200, 1350)) == pytest.approx(binomtest(1200, 2550).pvalue, rel=1e-9)
    assert mcnemar(*_pairs(0, 0, 5000)) == 0.0


def test_mcnemar_refuses_what_is_not_paired() -> None:
    with pytest.raises(UserError, match="expected two bool arrays"):
        mcnemar(np.array([True]), np.array([True, False]))
    with pytest.raises(UserError, match="int64"):
        mcnemar(np.array([1, 0], np.int64), np.array([True, False]))


def test_to_json_is_plain() -> None:
    found = evaluate(PROBABILITIES, LABELS, CLASSES).to_json()
    assert set(found) == {"accuracy", "n", "confusion", "nll", "ece", "interval", "precision", "recall", "f1"}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        (PROBABILITIES[:, :2], LABELS, r"shape \(5, 2\); expected \(N, 3\)"),
        (PROBABILITIES[:0], LABELS[:0], "N >= 1"),
        (np.eye(3, dtype=np.int64), LABELS[:3], "int64; expected floats"),
        (PROBABILITIES, LABELS[:4], r"expected integers \(5,\)"),
        (PROBABILITIES, LABELS.astype(np.float32), "float32"),
        (PROBABILITIES, LABELS + 1, "labels run from 1 to 3; expected 0..2"),
        (np.log(PROBABILITIES), LABELS, "not logits"),
        (2 * PROBABILITIES, LABELS, "do not sum to 1"),
        (np.full((5, 3), np.nan), LABELS, "not finite"),
    ],
)
def test_refuses_what_does_not_fit(probabilities: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(UserError, match=message) as refusal:
        evaluate(probabilities, labels, CLASSES)
    assert "\n" not in str(refusal.value)


def test_best_temperature_undoes_a_scale() -> None:
    generator = np.random.Generator(np.random.Philox(3))
    logits = generator.normal(0, 2, (4000, 5))
    powers = np.exp(logits)
    labels = np.array([generator.choice(5, p=row / row.sum()) for row in powers])  # the logits tell the truth
    found = best_temperature(logits, labels)
    assert found == pytest.approx(1, abs=0.1)
    for scale in (0.2, 4.0):
        assert best_temperature(logits * scale, labels) == pytest.approx(found * scale, rel=1e-4)


def test_best_temperature_stays_finite_where_all_are_right() -> None:
    assert best_temperature(np.eye(3), np.arange(3)) == pytest.approx(0.05, rel=1e-3)
