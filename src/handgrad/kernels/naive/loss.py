"""NumPy twin of the loss."""

import numpy as np

from handgrad.kernels.protocol import Array


def softmax_cross_entropy(dlogits: Array, logits: Array, labels: Array, label_smoothing: float) -> tuple[float, int]:
    """Compute the mean cross-entropy of a batch, its gradient, and the number of right answers.

    The target is 1 - label_smoothing on the label plus label_smoothing / K on every class (Szegedy et al. 2016). The
    largest logit is subtracted first, so logits of any size are safe.

    Parameters
    ----------
    dlogits : array of float32, shape (N, K)
        Written: gradient of the mean loss with respect to the logits.
    logits : array of float32, shape (N, K)
        Scores of the K classes before softmax.
    labels : array of uint8, shape (N,)
        The right classes.
    label_smoothing : float
        Share of the target that all classes divide among them, from 0 up to, not including, 1.

    Returns
    -------
    loss : float
        Mean loss of the batch, in nats.
    right : int
        Images whose largest logit is that of their label.
    """
    n, classes = logits.shape
    z = logits - logits.max(axis=1, keepdims=True)
    target = np.full_like(z, label_smoothing / classes)
    target[np.arange(n), labels] += 1 - label_smoothing
    log_probability = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    dlogits[:] = (np.exp(log_probability) - target) / n
    loss = -(target * log_probability).sum() / n
    return float(loss), int((logits.argmax(axis=1) == labels).sum())
