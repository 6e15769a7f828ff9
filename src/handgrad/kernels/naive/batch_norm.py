"""NumPy twins of batch normalisation (Ioffe and Szegedy 2015)."""

import numpy as np

from handgrad.kernels.protocol import Matrix, Vector


def batch_norm_forward(
    out: Matrix, mean: Vector, rstd: Vector, x: Matrix, gamma: Vector, beta: Vector, eps: float, floor: float,
    scratch: Matrix,
) -> None:  # fmt: skip
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
    scratch : array of float32, shape (threads, floats)
        Room to work, at least `batch_norm_scratch` floats a thread.
    """
    mean[:], var = x.mean(axis=0), x.var(axis=0)
    rstd[:] = 1 / np.sqrt(var + eps)
    batch_norm_apply(out, x, mean, var, gamma, beta, eps, floor, scratch)


def batch_norm_running(
    running_mean: Vector, running_var: Vector, mean: Vector, rstd: Vector, momentum: float, eps: float, count: int
) -> None:
    """Move the running averages towards the mean and variance of a batch.

    running = momentum * running + (1 - momentum) * batch; a factor count / (count - 1) makes the batch's variance an
    unbiased estimate.

    Parameters
    ----------
    running_mean, running_var : arrays of float32, shape (C,)
        Averages; changed in place.
    mean, rstd : arrays of float32, shape (C,)
        Of the batch, as `batch_norm_forward` wrote them.
    momentum : float
        From 0 up to, not including, 1.
    eps : float
        What was added to the batch's variance.
    count : int
        Rows of the batch.
    """
    unbiased = (1 / rstd**2 - eps) * (count / max(count - 1, 1))
    for running, batch in ((running_mean, mean), (running_var, unbiased)):
        running *= momentum
        running += (1 - momentum) * batch


def batch_norm_apply(
    out: Matrix, x: Matrix, mean: Vector, var: Vector, gamma: Vector, beta: Vector, eps: float, floor: float,
    scratch: Matrix,
) -> None:  # fmt: skip
    """Normalise each channel by a given mean and deviation: how a trained network predicts.

    Parameters
    ----------
    out : array of float32, shape (M, C)
        Written: max(floor, (x - mean) / sqrt(var + eps) * gamma + beta).
    x : array of float32, shape (M, C)
        Input.
    mean, var, gamma, beta : arrays of float32, shape (C,)
        Mean, variance, scale and shift.
    eps : float
        Added to the variance.
    floor : float
        0 folds a ReLU in, minus infinity does not.
    scratch : array of float32, shape (threads, floats)
        Room to work, as in `batch_norm_forward`.
    """
    out[:] = np.maximum((x - mean) / np.sqrt(var + eps) * gamma + beta, floor)


def batch_norm_backward(
    dx: Matrix, dgamma: Vector, dbeta: Vector, dy: Matrix, x: Matrix, mean: Vector, rstd: Vector, gamma: Vector,
    beta: Vector, floor: float, scratch: Matrix,
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
    scratch : array of float32, shape (threads, floats)
        Room to work, as in the forward pass.
    """
    normal = (x - mean) * rstd
    dy = np.where(normal * gamma + beta > floor, dy, 0)
    dbeta[:] = dy.sum(axis=0)
    dgamma[:] = (dy * normal).sum(axis=0)
    dx[:] = gamma * rstd * (dy - dy.mean(axis=0) - normal * (dy * normal).mean(axis=0))
