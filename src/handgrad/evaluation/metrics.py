"""Measures of a classifier: pure functions of its probabilities and the true labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.evaluation.calibration import calibration_error

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FLOOR = 1e-12  # probabilities below count as this in a logarithm: one hopeless image costs 27.6 nats, not infinity
Z95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution


@dataclass(frozen=True, eq=False)  # arrays have no single truth value, so == would raise
class Evaluation:
    """What `evaluate` found for N images of K classes; all rates are in 0..1.

    Parameters
    ----------
    n : int
        Number of images.
    accuracy : float
        Share of the images that were classified correctly.
    interval : tuple of float
        95 % score interval of the accuracy, see `wilson`.
    confusion : ndarray of int64, (K, K)
        Counts of images: rows are true classes, columns predicted ones.
    precision, recall, f1 : ndarray of float64, (K,)
        Rates of each class; 0 where the quotient is 0/0.
    nll : float
        Mean negative log-likelihood, in nats.
    ece : float
        Expected calibration error, see `calibration_error`.
    mistakes : ndarray of int64, (M,)
        Indices of the wrong images, the worst first: sorted by falling confidence in the wrong class.
    classes : tuple of str
        Names of the K classes.
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
        """Return the measures as values that JSON knows, without the single images.

        Returns
        -------
        dict
            Numbers and nested lists under the names of the fields.
        """
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
    """Compare predicted probabilities with true labels.

    The prediction is the most probable class; of equally probable classes, the first.

    Parameters
    ----------
    probabilities : ndarray of floats, (N, K)
        A row for each image that sums to 1, as `predict_proba` returns it; N is at least 1.
    labels : ndarray of integers, (N,)
        True classes, in 0..K-1.
    classes : tuple of str
        Names of the K classes.

    Returns
    -------
    Evaluation
        All measures.

    Raises
    ------
    UserError
        If shapes, types or values do not fit.

    Examples
    --------
    >>> found = evaluate(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]), ("cat", "dog"))
    >>> found.accuracy, found.mistakes.tolist()
    (0.5, [1])
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
    """Return the 95 % score interval of a proportion (Wilson 1927).

    It holds near 0 and 1 too, where the interval of twice the standard error does not.

    Parameters
    ----------
    successes : int
        Number of successes, from 0 to `n`.
    n : int
        Number of trials, at least 1.

    Returns
    -------
    tuple of float
        Lower and upper end, in 0..1.

    Raises
    ------
    UserError
        If the numbers are out of range.

    Examples
    --------
    >>> low, high = wilson(99, 100)
    >>> round(low, 3), round(high, 3)
    (0.946, 0.998)
    """
    if not 0 <= successes <= n or n == 0:
        raise UserError(f"got {successes} successes of {n}; an interval needs 0 <= successes <= n and n >= 1")
    p, z2 = successes / n, Z95**2
    centre = p + z2 / (2 * n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    shrink = 1 + z2 / n
    return max(0.0, (centre - half) / shrink), min(1.0, (centre + half) / shrink)


def mcnemar(correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_]) -> float:
    """Test whether two models are equally accurate, on the same images (McNemar 1947).

    Only the images that exactly one model got right count. If the models are equally good, each of them is a fair
    coin, so the number that model A got right is binomial, and the p-value is exact.

    Parameters
    ----------
    correct_a, correct_b : ndarray of bool, (N,)
        Which of the N images each model got right.

    Returns
    -------
    float
        The two-sided p-value.

    Raises
    ------
    UserError
        If the arrays are not two bool arrays of one length.

    Examples
    --------
    Of ten images, both models get four right; five more are right with A alone, one with B alone.

    >>> a = np.array([True] * 9 + [False])
    >>> b = np.array([True] * 4 + [False] * 5 + [True])
    >>> mcnemar(a, b)
    0.21875

    With two models and the test images, `model.predict(test.pixels) == test.labels` gives such an array.
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
    term = tail = 1  # Python integers of any size: the binomial coefficients are exact
    for i in range(min(a_only, b_only)):
        term = term * (n - i) // (i + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << n))


def class_rates(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], classes: int
) -> tuple[float, tuple[float | None, ...]]:
    """Return how well the classes are found, all together and each.

    Parameters
    ----------
    labels : ndarray of integers, (N,)
        True classes, in 0..K-1; N is at least 1.
    predicted : ndarray of integers, (N,)
        Answers, in 0..K-1; K or more stands for none of the classes.
    classes : int
        K.

    Returns
    -------
    f1 : float
        Mean F1, from 0 to 1, of the classes that there are images or answers of.
    accuracies : tuple of float or None, (K,)
        Of the images of each class, the share that is answered rightly; None where there are no images.

    Examples
    --------
    >>> class_rates(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    (0.6666666666666666, (0.5, 1.0, None))
    """
    k = max(classes, int(predicted.max()) + 1)
    confusion = np.bincount(k * labels.astype(np.int64) + predicted, minlength=k * k).reshape(k, k)
    _, recall, f1 = (rates[:classes] for rates in _rates(confusion))
    images, answers = confusion.sum(axis=1)[:classes], confusion.sum(axis=0)[:classes]
    accuracies = tuple(rate if count else None for rate, count in zip(recall.tolist(), images, strict=True))
    return float(f1[images + answers > 0].mean()), accuracies


def _rates(confusion: Ints) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 (K,); 0/0, as for a class that was never predicted, is 0."""
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
