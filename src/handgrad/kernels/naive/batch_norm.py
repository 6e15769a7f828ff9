"""NumPy twins of batch normalisation (Ioffe and Szegedy 2015)."""

import numpy as np

from handgrad.kernels.protocol import Array


def batch_norm_forward(
    out: Array, mean: Array, rstd: Array, x: Array, gamma: Array, beta: Array, eps: float, floor: float
) -> None:
    """Normalise each channel by the mean and deviation of the batch: how a network is trained.

    Parameters
    ----------
    out : array of float32, shape (M, C)
        Written: max(floor, (x - mean) * rstd * gamma + beta).
    mean, rstd : arrays of float32, shape (C,)
        Written: mean of x over its rows, and 1 / sqrt(variance + eps).
    x : array of float32, shape (M, C)
        Input.
    gamma, beta : arrays of float32, shape (C,)
        Scale and shift.
    eps : float
        Added to the variance.
    floor : float
        0 folds a ReLU in, minus infinity does not.
    """
    mean[:] = x.mean(axis=0)
    rstd[:] = 1 / np.sqrt(x.var(axis=0) + eps)
    batch_norm_apply(out, x, mean, rstd, gamma, beta, floor)


def batch_norm_apply(out: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array, floor: float) -> None:
    """Normalise each channel by a given mean and deviation: how a trained network predicts.

    Parameters
    ----------
    out : array of float32, shape (M, C)
        Written: max(floor, (x - mean) * rstd * gamma + beta).
    x : array of float32, shape (M, C)
        Input.
    mean, rstd, gamma, beta : arrays of float32, shape (C,)
        Mean, 1 / deviation, scale and shift.
    floor : float
        0 folds a ReLU in, minus infinity does not.
    """
    out[:] = np.maximum((x - mean) * rstd * gamma + beta, floor)


def batch_norm_backward(
    dx: Array, dgamma: Array, dbeta: Array, dy: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array,
    floor: float,
) -> None:  # fmt: skip
    """Compute the gradients of `batch_norm_forward`, where mean and rstd depend on x.

    With n = (x - mean) * rstd, and dy set to 0 where the output was not above the floor: dbeta = sum(dy),
    dgamma = sum(dy * n) and dx = gamma * rstd * (dy - mean(dy) - n * mean(dy * n)).

    Parameters
    ----------
    dx : array of float32, shape (M, C)
        Written: gradient with respect to the input. May be `dy` itself.
    dgamma, dbeta : arrays of float32, shape (C,)
        Written: gradients with respect to scale and shift.
    dy, x : arrays of float32, shape (M, C)
        Gradient with respect to the output, and input of the forward pass.
    mean, rstd, gamma, beta : arrays of float32, shape (C,)
        As in the forward pass.
    floor : float
        As in the forward pass.
    """
    normal = (x - mean) * rstd
    dy = np.where(normal * gamma + beta > floor, dy, 0)
    dbeta[:] = dy.sum(axis=0)
    dgamma[:] = (dy * normal).sum(axis=0)
    dx[:] = gamma * rstd * (dy - dy.mean(axis=0) - normal * (dy * normal).mean(axis=0))
