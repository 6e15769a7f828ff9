"""How good a classifier is, as numbers: pure functions of its probabilities and the true labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 15  # of the calibration error, as in Guo et al.
FLOOR = 1e-12  # the least probability that a logarithm is taken of: one hopeless image costs 27.6 nats, not infinity
Z95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution


@dataclass(frozen=True, eq=False)  # arrays have no single truth value, so == would raise
class Evaluation:
    """What `evaluate` found for N images of K classes; all rates are in 0..1.

    `confusion` (K, K) counts images: rows are true classes, columns predicted ones. `precision`, `recall` and `f1` are
    (K,). `interval` is the 95 % score interval of `accuracy`, `nll` is in nats, `mistakes` (M,) holds the indices of
    the wrong images, worst first: sorted by falling confidence in the wrong class.
    """

    n: int
    accuracy: float
    interval: tuple[float, float]
    confusion: Ints
    precision: Floats
    recall: Floats
    f1: Floats
    nll: float
    ece: float
    mistakes: Ints
    classes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The numbers as plain Python types, without the single images."""
        return {
            "accuracy": self.accuracy,
            "n": self.n,
            "confusion": self.confusion.tolist(),
            "nll": self.nll,
            "ece": self.ece,
            "interval": list(self.interval),
            "precision": self.precision.tolist(),
            "recall": self.recall.tolist(),
            "f1": self.f1.tolist(),
        }


def evaluate(probabilities: NDArray[np.floating], labels: NDArray[np.integer], classes: tuple[str, ...]) -> Evaluation:
    """Compare predicted `probabilities` (N, K), rows that sum to 1, with the true `labels` (N,) in 0..K-1.

    The prediction is the most probable class, the first of them at a tie. Raises `UserError` where shapes, types or
    values do not fit.
    """
    _check(probabilities, labels, classes)
    proba = probabilities.astype(np.float64)
    n, k = proba.shape
    true = labels.astype(np.int64)
    predicted, confidence = proba.argmax(axis=1), proba.max(axis=1)
    correct = predicted == true
    confusion = np.bincount(k * true + predicted, minlength=k * k).reshape(k, k)
    precision, recall, f1 = _rates(confusion)
    wrong = np.flatnonzero(~correct)
    return Evaluation(
        n=n,
        accuracy=float(correct.mean()),
        interval=wilson(int(correct.sum()), n),
        confusion=confusion,
        precision=precision,
        recall=recall,
        f1=f1,
        nll=float(-np.log(proba[np.arange(n), true].clip(FLOOR)).mean()) + 0.0,  # + 0.0: a perfect score is no "-0.0"
        ece=calibration_error(confidence, correct),
        mistakes=wrong[np.argsort(-confidence[wrong], kind="stable")],
        classes=classes,
    )


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson 1927): honest near 0 and 1, where the usual p ± 2s is not."""
    if not 0 <= successes <= n or n == 0:
        raise UserError(f"got {successes} successes of {n}; an interval needs 0 <= successes <= n and n >= 1")
    p, z2 = successes / n, Z95**2
    centre = p + z2 / (2 * n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    shrink = 1 + z2 / n
    return max(0.0, (centre - half) / shrink), min(1.0, (centre + half) / shrink)


def calibration_error(confidence: Floats, correct: NDArray[np.bool_]) -> float:
    """Expected calibration error of `confidence` (N,) in 0..1 against `correct` (N,) (Guo et al. 2017, equation 3).

    Fifteen bins of equal width, open below and closed above; each adds |accuracy - mean confidence| by its share of N.
    """
    bins = (np.ceil(confidence * BINS).astype(np.int64) - 1).clip(0, BINS - 1)
    # |share * (accuracy - confidence)| of a bin is |sum(correct - confidence)| / N: no empty bin is divided by
    gaps = np.bincount(bins, weights=correct - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def mcnemar(correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_]) -> float:
    """Exact two-sided p-value that models A and B are equally often right on the same N images (McNemar 1947).

    `correct_a` and `correct_b` (N,) say which images each got right. Only images that one of them got wrong count; if
    the models are equally good, A wins each with probability 1/2, so the count is binomial.
    """
    both_bool = correct_a.dtype == bool and correct_b.dtype == bool
    if not both_bool or correct_a.ndim != 1 or correct_a.shape != correct_b.shape:
        raise UserError(
            f"got {correct_a.dtype} {correct_a.shape} and {correct_b.dtype} {correct_b.shape}; "
            "expected two bool arrays (N,): compare both models on the same images"
        )
    a_only = int((correct_a & ~correct_b).sum())
    b_only = int((correct_b & ~correct_a).sum())
    n = a_only + b_only
    term = tail = 1  # whole numbers of any size: the binomial coefficients are exact
    for i in range(min(a_only, b_only)):
        term = term * (n - i) // (i + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << n))


def _rates(confusion: Ints) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 (K,). 0/0, as for a class that was never predicted, is 0: the class was not found."""
    hits, predicted, true = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    return hits / predicted.clip(1), hits / true.clip(1), 2 * hits / (predicted + true).clip(1)


def _check(probabilities: NDArray[np.floating], labels: NDArray[np.integer], classes: tuple[str, ...]) -> None:
    shape, k = probabilities.shape, len(classes)
    if probabilities.ndim != 2 or shape[0] == 0 or shape[1] != k:
        raise UserError(f"probabilities have shape {shape}; expected (N, {k}), N >= 1: one column for each class")
    if not np.issubdtype(probabilities.dtype, np.floating):
        raise UserError(f"probabilities are {probabilities.dtype}; expected floats: pass predict_proba's output")
    if labels.shape != shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"labels are {labels.dtype} {labels.shape}; expected integers ({shape[0]},), one an image")
    if not 0 <= labels.min() <= labels.max() < k:
        raise UserError(f"labels run from {labels.min()} to {labels.max()}; expected 0..{k - 1}: check the classes")
    if not (probabilities >= 0).all() or not np.allclose(probabilities.sum(axis=1, dtype=np.float64), 1, atol=1e-3):
        raise UserError(
            "probabilities hold rows that are negative, not finite or do not sum to 1; "
            "expected a softmax: pass probabilities, not logits"
        )


def best_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The number that logits (N, K) are divided by for the least NLL on labels (N,); from 0.05 to 20.

    One number for all classes leaves every answer as it was (Guo et al. 2017, "On Calibration of Modern Neural
    Networks", section 4.2). The loss has one valley in 1 / temperature: it is narrowed down by golden sections.
    """
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    right = z[np.arange(len(z)), labels]

    def loss(log_temperature: float) -> float:
        scale = math.exp(-log_temperature)
        return float(np.mean(np.log(np.exp(z * scale).sum(axis=1)) - right * scale))

    low, high, golden = math.log(0.05), math.log(20), (math.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    loss_a, loss_b = loss(a), loss(b)
    for _ in range(28):  # 6 * 0.618 ** 28: within a part in a hundred thousand
        if loss_a <= loss_b:
            high, b, loss_b = b, a, loss_a
            a = high - golden * (high - low)
            loss_a = loss(a)
        else:
            low, a, loss_a = a, b, loss_b
            b = low + golden * (high - low)
            loss_b = loss(b)
    return math.exp((low + high) / 2)
