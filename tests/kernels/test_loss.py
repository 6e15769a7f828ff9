"""Softmax and the loss."""

import numpy as np
import pytest

from handgrad.kernels import Kernels, backend, naive
from handgrad.kernels.loss import softmax
from kernels.twins import new, random
from tolerance import assert_close


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("n", "classes"), [(1, 2), (1, 10), (7, 3), (64, 10), (5, 37)])
def test_softmax_cross_entropy(kernels: Kernels, n: int, classes: int, smoothing: float) -> None:
    logits, labels = 3 * random(n, classes), (np.arange(n) * 7 % classes).astype(np.uint8)
    got, want = new(n, classes), np.empty((n, classes))
    totals, expected = np.full(2, np.nan), np.full(2, np.nan)
    kernels.softmax_cross_entropy(got, totals, logits, labels, smoothing)
    naive.softmax_cross_entropy(want, expected, logits.astype(np.float64), labels, smoothing)
    assert_close(got, want)
    assert totals[0] == pytest.approx(expected[0], rel=1e-5)
    assert totals[1] == expected[1] == (logits.argmax(axis=1) == labels).sum()
    assert np.abs(got.sum(axis=1)).max() < 1e-6  # what one class gains the others lose


@pytest.mark.parametrize("backend_name", ["naive", "compiled"])
def test_softmax_cross_entropy_of_huge_logits(backend_name: str) -> None:
    logits = np.array([[1e4, -1e4, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4]], np.float32)
    dlogits, totals = np.empty_like(logits), np.empty(2)
    # losses 0, 2e4 and log 3; gradients (p - target) / 3
    backend(backend_name).softmax_cross_entropy(dlogits, totals, logits, np.array([0, 1, 2], np.uint8), 0.0)
    loss, right = totals
    assert loss == pytest.approx((2e4 + np.log(3)) / 3, rel=1e-6)
    assert right == 1
    assert_close(dlogits, np.array([[0, 0, 0], [1, -1, 0], [1 / 3, 1 / 3, -2 / 3]]) / 3)


def test_smoothing_is_the_cross_entropy_to_the_smoothed_target() -> None:
    logits, labels, smoothing = np.array([[2.0, 0.0, -1.0]]), np.array([1], np.uint8), 0.3
    p = np.exp(logits[0]) / np.exp(logits[0]).sum()
    target = np.array([0.1, 0.8, 0.1])  # 0.7 on the label and 0.3 / 3 on every class
    dlogits, totals = np.empty((1, 3)), np.empty(2)
    naive.softmax_cross_entropy(dlogits, totals, logits, labels, smoothing)
    assert totals[0] == pytest.approx(-(target * np.log(p)).sum())
    assert_close(dlogits[0], p - target)


def test_softmax_gives_probabilities_of_scores_of_any_size() -> None:
    assert_close(softmax(np.log([[1.0, 3.0], [2.0, 2.0]])), [[0.25, 0.75], [0.5, 0.5]])
    assert softmax(np.array([1e4, -1e4, 1e4])).tolist() == [0.5, 0.0, 0.5]


@pytest.mark.parametrize("members", [1, 3])
def test_mean_softmax_is_the_logarithm_of_the_mean(kernels: Kernels, members: int) -> None:
    scores, out = [3 * random(5, 7, seed=i) for i in range(members)], new(5, 7)
    scores[0][0] = [1e4, *[-1e4] * 6]
    want = np.full((5, 7), np.nan)
    for i, logits in enumerate(scores):
        kernels.mean_softmax(out, logits, i, members)
        naive.mean_softmax(want, logits.astype(np.float64), i, members)
    assert_close(out, want)
    assert_close(np.exp(out), np.mean([softmax(logits.astype(np.float64)) for logits in scores], axis=0))
