"""Calibration: whether a classifier is right as often as its probabilities say, and the temperature that mends it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 15  # of the calibration error, as in Guo et al.
ENOUGH = 300  # right answers of a class from which it has a threshold of its own


def calibration_error(confidence: Floats, correct: NDArray[np.bool_]) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3).

    There are fifteen bins of equal width, open below and closed above. Each adds |accuracy - mean confidence|, weighted
    by its share of the images.

    Parameters
    ----------
    confidence : ndarray of float64, (N,)
        Probability of the predicted class, in 0..1.
    correct : ndarray of bool, (N,)
        Whether the prediction was right.

    Returns
    -------
    float
        The error, in 0..1.
    """
    bins = (np.ceil(confidence * BINS).astype(np.int64) - 1).clip(0, BINS - 1)
    # |share * (accuracy - confidence)| of a bin is |sum(correct - confidence)| / N: no empty bin is divided by
    gaps = np.bincount(bins, weights=correct - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def best_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Return the temperature at which the softmax of the logits has the least negative log-likelihood.

    One temperature for all classes leaves every prediction as it was (Guo et al. 2017, "On Calibration of Modern Neural
    Networks", section 4.2). The loss has one minimum in 1 / temperature; golden-section search finds it.

    Parameters
    ----------
    logits : ndarray of floats, (N, K)
        Outputs of the network before the softmax.
    labels : ndarray of integers, (N,)
        True classes, in 0..K-1.

    Returns
    -------
    float
        What to divide logits by, from 0.05 to 20.
    """
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    right = z[np.arange(len(z)), labels]

    def loss(log_temperature: float) -> float:
        scale = math.exp(-log_temperature)
        return float(np.mean(np.log(np.exp(z * scale).sum(axis=1)) - right * scale))

    return math.exp(_least(loss, math.log(0.05), math.log(20)))


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one minimum between `low` and `high` has it: by golden sections."""
    golden = (math.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    value_a, value_b = function(a), function(b)
    for _ in range(28):  # 6 * 0.618 ** 28: the temperature is right to a part in a hundred thousand
        if value_a <= value_b:
            high, b, value_b = b, a, value_a
            a = high - golden * (high - low)
            value_a = function(a)
        else:
            low, a, value_a = a, b, value_b
            b = low + golden * (high - low)
            value_b = function(b)
    return (low + high) / 2


def class_thresholds(scores: NDArray[np.floating], labels: NDArray[np.integer], refused: float) -> tuple[float, ...]:
    """Return the score of each class below which a small share of its right answers fall.

    Parameters
    ----------
    scores : ndarray of floats, (N, K)
        Probabilities of the classes.
    labels : ndarray of integers, (N,)
        True classes, in 0..K-1.
    refused : float
        The share, from 0 to 1.

    Returns
    -------
    tuple of float
        One for each class; for a class with few right answers the one that holds for all of them together.

    Examples
    --------
    >>> class_thresholds(np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]]), np.array([0, 1, 1]), 0.0)
    (0.7, 0.7)
    """
    best, score = scores.argmax(axis=1), scores.max(axis=1)
    right = best == labels
    overall = float(np.quantile(score[right], refused)) if right.any() else 0.0
    each = [score[right & (labels == label)] for label in range(scores.shape[1])]
    return tuple(float(np.quantile(found, refused)) if len(found) >= ENOUGH else overall for found in each)
