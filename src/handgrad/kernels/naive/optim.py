"""NumPy twins of the optimisers' steps, each over a run of the flat vector of parameters."""

import numpy as np

from handgrad.kernels.protocol import Integer, Real, Rows, Totals, Vector


def sgd_step(
    theta: Vector,
    grad: Vector,
    velocity: Vector,
    starts: Rows,
    lr: Real,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
) -> None:  # fmt: skip
    """Take a step of gradient descent with momentum (Polyak 1964; Nesterov's as in Sutskever et al. 2013).

    velocity = momentum * velocity + grad, then theta -= lr * (velocity, or grad + momentum * velocity with Nesterov's)
    + lr * weight_decay * theta.

    Parameters
    ----------
    theta : array of float32, shape (P,)
        Parameters; changed in place.
    grad : array of float32, shape (P,)
        Gradient with respect to them.
    velocity : array of float32, shape (P,)
        What momentum remembers; changed in place, but ignored by compiled code where momentum is 0.
    starts : array of int64, shape (parameters + 1,)
        Where each layer's parameters start in this run, and where the last one ends: each is shared among the threads.
    lr : float
        Learning rate.
    momentum : float
        From 0 up to, not including, 1.
    nesterov : bool
        Whether to look ahead.
    weight_decay : float
        Decoupled from the gradient, 0 or more.
    """
    velocity[:] = momentum * velocity + grad if momentum else 0
    step = grad if not momentum else grad + momentum * velocity if nesterov else velocity
    theta[:] = (1 - lr * weight_decay) * theta - lr * step


def adam_step(
    theta: Vector, grad: Vector, m: Vector, v: Vector, starts: Rows, lr: Real, beta1: float, beta2: float,
    eps: float, l2: float, weight_decay: float, step: Integer,
) -> None:  # fmt: skip
    """Take a step of Adam with bias correction (Kingma and Ba 2015, algorithm 1).

    Parameters
    ----------
    theta : array of float32, shape (P,)
        Parameters; changed in place.
    grad : array of float32, shape (P,)
        Gradient with respect to them.
    m, v : arrays of float32, shape (P,)
        Running means of the gradient and of its square; changed in place.
    starts : array of int64, shape (parameters + 1,)
        As in `sgd_step`.
    lr : float
        Learning rate.
    beta1, beta2 : float
        Decays of the running means, from 0 up to, not including, 1.
    eps : float
        Added to the square root, above 0.
    l2 : float
        Weight decay that is added to the gradient (L2 regularisation), 0 or more.
    weight_decay : float
        Weight decay that is decoupled from the gradient (Loshchilov and Hutter 2019), 0 or more.
    step : int
        Number of this step, from 1.
    """
    slope = grad + l2 * theta
    m[:] = beta1 * m + (1 - beta1) * slope
    v[:] = beta2 * v + (1 - beta2) * slope * slope
    corrected = np.sqrt(v / (1 - beta2**step)) + eps
    theta[:] = (1 - lr * weight_decay) * theta - lr / (1 - beta1**step) * m / corrected


def ema_step(ema: Vector, theta: Vector, decay: Real) -> None:
    """Compute ema = decay * ema + (1 - decay) * theta, an exponential moving average.

    Parameters
    ----------
    ema : array of float32, shape (P,)
        Average; changed in place.
    theta : array of float32, shape (P,)
        What is averaged.
    decay : float
        From 0 to 1.
    """
    ema[:] = decay * ema + (1 - decay) * theta


def clip_norm(grad: Vector, norm: Totals, max_norm: float, partial_sums: Totals) -> None:
    """Scale a gradient down to the Euclidean norm `max_norm` if it is longer (Pascanu et al. 2013).

    Parameters
    ----------
    grad : array of float32, shape (P,)
        Gradient; changed in place.
    norm : array of float64, shape (1,)
        Written: the norm before.
    max_norm : float
        Largest norm, above 0.
    partial_sums : array of float64, shape (at least P / CHUNK,)
        Room for the sum of squares of each chunk; overwritten.
    """
    norm[0] = np.sqrt(np.sum(grad.astype(np.float64) ** 2))
    if norm[0] > max_norm:
        grad *= grad.dtype.type(max_norm / norm[0])
