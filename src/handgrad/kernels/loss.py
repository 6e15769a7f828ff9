"""Softmax, and the cross-entropy of its answers."""

import numpy as np

from handgrad.kernels.protocol import Array, Labels, Matrix, Real, Totals
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import LEAST


def softmax(logits: Array) -> Array:
    """Turn scores into probabilities: exp(z) / sum exp(z) along the last axis.

    The largest score is subtracted first, so scores of any size are safe.

    Parameters
    ----------
    logits : array of float, shape (..., K)
        Scores of K classes.

    Returns
    -------
    array of float, shape (..., K)
        Probabilities, with a sum of 1 along the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.log([[1.0, 3.0]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


@kernel
def softmax_cross_entropy(
    dlogits: Matrix, totals: Totals, logits: Matrix, labels: Labels, label_smoothing: Real, team: Team
) -> None:
    if team.t:  # ten numbers a row are not worth a second thread
        return
    n, classes = logits.shape
    loss, right = 0.0, 0.0
    weight, kept = np.float32(1.0 / n), np.float32(1 - label_smoothing)
    share, low = np.float32(label_smoothing), np.float32(label_smoothing / classes)
    for row in range(n):
        label, top, best, total, mean = labels[row], logits[row, 0], 0, np.float32(0), np.float32(0)
        for k in range(classes):
            mean += logits[row, k]
            if logits[row, k] > top:
                top, best = logits[row, k], k
        for k in range(classes):
            dlogits[row, k] = np.exp(logits[row, k] - top)
            total += dlogits[row, k]
        loss += np.log(total) - kept * (logits[row, label] - top) - share * (mean / np.float32(classes) - top)
        right += best == label
        for k in range(classes):
            dlogits[row, k] = (dlogits[row, k] / total - low) * weight
        dlogits[row, label] -= kept * weight
    totals[0], totals[1] = loss / n, right


@kernel
def mean_softmax(out: Matrix, logits: Matrix, which: int, count: int, team: Team) -> None:
    if team.t:
        return
    n, classes = out.shape
    for row in range(n):
        top, total = logits[row, 0], np.float32(0)
        for k in range(classes):
            top = max(top, logits[row, k])
        for k in range(classes):
            total += np.exp(logits[row, k] - top)
        for k in range(classes):
            before = np.float32(0) if which == 0 else out[row, k]
            out[row, k] = before + np.exp(logits[row, k] - top) / total
            if which == count - 1:
                out[row, k] = np.log(max(out[row, k] / np.float32(count), np.float32(LEAST)))
