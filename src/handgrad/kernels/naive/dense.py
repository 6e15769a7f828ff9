"""NumPy twins of the dense layer's products."""

import numpy as np

from handgrad.kernels.protocol import Matrix, Vector


def dense_forward(out: Matrix, x: Matrix, w: Matrix, b: Vector, floor: float, scratch: Matrix) -> None:
    """Compute out = max(floor, x @ w + b).

    Parameters
    ----------
    out : array of float32, shape (N, O)
        Written.
    x : array of float32, shape (N, I)
        Input.
    w, b : arrays of float32, shapes (I, O) and (O,)
        Weights and bias.
    floor : float
        0 folds a ReLU in, minus infinity does not.
    scratch : array of float32, shape (threads, floats)
        Room to work, at least `dense_scratch` floats a thread.
    """
    np.matmul(x, w, out=out)
    out += b
    np.maximum(out, floor, out=out)


def dense_input_gradient(dx: Matrix, dy: Matrix, w: Matrix, scratch: Matrix) -> None:
    """Compute dx = dy @ w.T.

    Parameters
    ----------
    dx : array of float32, shape (N, I)
        Written: gradient with respect to the input.
    dy : array of float32, shape (N, O)
        Gradient with respect to the output.
    w : array of float32, shape (I, O)
        Weights.
    scratch : array of float32, shape (threads, floats)
        Room to work, as in `dense_forward`.
    """
    np.matmul(dy, w.T, out=dx)


def dense_weight_gradient(dw: Matrix, db: Vector, x: Matrix, dy: Matrix, scratch: Matrix) -> None:
    """Compute dw = x.T @ dy, and db = the sum of dy over the batch.

    Parameters
    ----------
    dw, db : arrays of float32, shapes (I, O) and (O,)
        Written: gradients with respect to the weights and the bias.
    x : array of float32, shape (N, I)
        Input of the forward pass.
    dy : array of float32, shape (N, O)
        Gradient with respect to the output.
    scratch : array of float32, shape (threads, floats)
        Room to work, as in `dense_forward`.
    """
    np.matmul(x.T, dy, out=dw)
    np.sum(dy, axis=0, out=db)
