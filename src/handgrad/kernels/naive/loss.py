"""NumPy twin of the loss."""

import numpy as np

from handgrad.kernels.protocol import Labels, Matrix, Real, Totals
from handgrad.kernels.sizes import LEAST


def softmax_cross_entropy(
    dlogits: Matrix, totals: Totals, logits: Matrix, labels: Labels, label_smoothing: Real
) -> None:
    """Compute the mean cross-entropy of a batch, its gradient, and the number of right answers.

    The target is 1 - label_smoothing on the label plus label_smoothing / K on every class (Szegedy et al. 2016). The
    largest logit is subtracted first, so logits of any size are safe.

    Parameters
    ----------
    dlogits : array of float32, shape (N, K)
        Written: gradient of the mean loss with respect to the logits.
    totals : array of float64, shape (2,)
        Written: mean loss of the batch, in nats; how many images have their largest logit at their label.
    logits : array of float32, shape (N, K)
        Scores of the K classes before softmax.
    labels : array of uint8, shape (N,)
        The right classes.
    label_smoothing : float
        Share of the target that all classes divide among them, from 0 up to, not including, 1.
    """
    n, classes = logits.shape
    z = logits - logits.max(axis=1, keepdims=True)
    target = np.full_like(z, label_smoothing / classes)
    target[np.arange(n), labels] += 1 - label_smoothing
    log_probability = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    dlogits[:] = (np.exp(log_probability) - target) / n
    totals[0] = -(target * log_probability).sum() / n
    totals[1] = (logits.argmax(axis=1) == labels).sum()


def mean_softmax(out: Matrix, logits: Matrix, which: int, count: int) -> None:
    """Take one of several networks into the mean of their probabilities; the last makes it a logarithm.

    Parameters
    ----------
    out : array of float32, shape (N, K)
        Sum of the probabilities of those before; after the last, the logarithm of the mean of all.
    logits : array of float32, shape (N, K)
        What the network answers.
    which, count : int
        Which of the networks this is, from 0, and how many they are.
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    out[:] = (out if which else 0) + powers / powers.sum(axis=1, keepdims=True)
    if which == count - 1:
        np.log(np.maximum(out / count, LEAST), out=out)
