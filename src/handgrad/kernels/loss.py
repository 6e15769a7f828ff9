"""Softmax, and the cross-entropy of its answers."""

import numpy as np

from handgrad.kernels.protocol import Array
from handgrad.kernels.registry import kernel


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


@kernel(parallel=False)  # ten numbers a row are not worth a second thread
def softmax_cross_entropy(dlogits: Array, logits: Array, labels: Array, label_smoothing: float) -> tuple[float, int]:
    n, classes = logits.shape
    loss, right = 0.0, 0
    weight = np.float32(1.0 / n)
    low = np.float32(label_smoothing / classes)
    for row in range(n):
        z, d, label = logits[row], dlogits[row], labels[row]
        top, best, total, mean = z[0], 0, np.float32(0), np.float32(0)
        for k in range(classes):
            mean += z[k]
            if z[k] > top:
                top, best = z[k], k
        for k in range(classes):
            d[k] = np.exp(z[k] - top)
            total += d[k]
        at_label = np.float32(1 - label_smoothing) * (z[label] - top)
        loss += np.log(total) - at_label - np.float32(label_smoothing) * (mean / np.float32(classes) - top)
        right += best == label
        for k in range(classes):
            d[k] = (d[k] / total - low) * weight
        d[label] -= np.float32(1 - label_smoothing) * weight
    return loss / n, right
