"""Softmax and the loss."""

import numpy as np
import pytest

from handgrad.kernels import Kernels, backend, naive
from handgrad.kernels.compiled import parallel
from handgrad.kernels.loss import softmax
from kernels.twins import new, random
from tolerance import assert_close


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("n", "classes"), [(1, 2), (1, 10), (7, 3), (64, 10), (5, 37)])
def test_softmax_cross_entropy(kernels: Kernels, n: int, classes: int, smoothing: float) -> None:
    logits, labels = 3 * random(n, classes), (np.arange(n) * 7 % classes).astype(np.uint8)
    got, want = new(n, classes), np.empty((n, classes))
    loss, right = kernels.softmax_cross_entropy(got, logits, labels, smoothing)
    expected, expected_right = naive.softmax_cross_entropy(want, logits.astype(np.float64), labels, smoothing)
    assert_close(got, want)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert right == expected_right == (logits.argmax(axis=1) == labels).sum()
    assert np.abs(got.sum(axis=1)).max() < 1e-6  # what one class gains the others lose


@pytest.mark.parametrize("backend_name", ["naive", "serial"])
def test_softmax_cross_entropy_of_huge_logits(backend_name: str) -> None:
    logits = np.array([[1e4, -1e4, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4]], np.float32)
    dlogits = np.empty_like(logits)
    # losses 0, 2e4 and log 3; gradients (p - target) / 3
    loss, right = backend(backend_name).softmax_cross_entropy(dlogits, logits, np.array([0, 1, 2], np.uint8), 0.0)
    assert loss == pytest.approx((2e4 + np.log(3)) / 3, rel=1e-6)
    assert right == 1
    assert_close(dlogits, np.array([[0, 0, 0], [1, -1, 0], [1 / 3, 1 / 3, -2 / 3]]) / 3)


def test_smoothing_is_the_cross_entropy_to_the_smoothed_target() -> None:
    logits, labels, smoothing = np.array([[2.0, 0.0, -1.0]]), np.array([1], np.uint8), 0.3
    p = np.exp(logits[0]) / np.exp(logits[0]).sum()
    target = np.array([0.1, 0.8, 0.1])  # 0.7 on the label and 0.3 / 3 on every class
    dlogits = np.empty((1, 3))
    loss, _ = naive.softmax_cross_entropy(dlogits, logits, labels, smoothing)
    assert loss == pytest.approx(-(target * np.log(p)).sum())
    assert_close(dlogits[0], p - target)


def test_softmax_gives_probabilities_of_scores_of_any_size() -> None:
    assert_close(softmax(np.log([[1.0, 3.0], [2.0, 2.0]])), [[0.25, 0.75], [0.5, 0.5]])
    assert softmax(np.array([1e4, -1e4, 1e4])).tolist() == [0.5, 0.0, 0.5]


def test_the_loss_is_never_compiled_parallel() -> None:
    assert not parallel.softmax_cross_entropy.targetoptions["parallel"]
    assert parallel.relu_forward.targetoptions["parallel"]
