"""NumPy twins of the kernels that pass over each number once, and of the random bits that several kernels draw."""

import numpy as np

from handgrad.kernels.protocol import Array, Integer, Matrix, Vector


def hash32(counter: Array, key: Integer) -> Array:
    """Draw 32 random bits for each counter: the lowbias32 mixer (Wellons 2018), keyed before and between its rounds.

    Parameters
    ----------
    counter : array of int
        Which of the numbers of this key to draw; 32 bits of it count.
    key : int
        Names the stream, 0 to 2**64 - 1.

    Returns
    -------
    array of uint32
        The bits, in the shape of `counter`.
    """
    h = counter.astype(np.uint32) ^ np.uint32(key & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h ^= np.uint32(key >> 32)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    return h ^ (h >> np.uint32(16))


def relu_forward(out: Vector, x: Vector) -> None:
    """Compute out = max(0, x) (Nair and Hinton 2010); a NaN stays a NaN.

    Parameters
    ----------
    out, x : arrays of float32 of one shape
        Output, written, and input.
    """
    np.maximum(x, 0, out=out)


def relu_backward(dy: Vector, out: Vector) -> None:
    """Set the gradient to 0 where the output was not above 0, in place.

    Parameters
    ----------
    dy : array of float32
        Gradient with respect to the output; becomes that with respect to the input.
    out : array of float32 of the same shape
        Output of the forward pass.
    """
    dy *= out > 0


def add(out: Vector, x: Vector, y: Vector, floor: float) -> None:
    """Compute out = max(floor, x + y).

    Parameters
    ----------
    out : array of float32
        Written; may be `x` or `y` itself.
    x, y : arrays of float32 of the same shape
        Terms of the sum.
    floor : float
        0 folds a ReLU in, minus infinity does not.
    """
    np.maximum(x + y, floor, out=out)


def dropout(out: Vector, x: Vector, rate: float, key: Integer) -> None:
    """Set random numbers to 0 and divide the others by 1 - rate (Srivastava et al. 2014).

    The same key gives the same mask, so the backward pass is this pass over the gradient.

    Parameters
    ----------
    out : array of float32
        Written; may be `x` itself.
    x : array of float32 of the same shape
        Input.
    rate : float
        Probability of a 0, from 0 up to, not including, 1.
    key : int
        Names the mask, 0 to 2**64 - 1.
    """
    keep = hash32(np.arange(x.size), key).reshape(x.shape) >= np.uint32(rate * 2**32)
    np.multiply(x, keep * x.dtype.type(1 / (1 - rate)), out=out)


def take_rows(out: Matrix, x: Matrix, first: int, step: int) -> None:
    """Copy some rows of a matrix: row i of out is row first + i * step of x.

    Parameters
    ----------
    out : array of float32, shape (N, C)
        Written.
    x : array of float32, shape (M, C)
        Where the rows are.
    first, step : int
        The first row to take, and the distance to the next.
    """
    out[:] = x[first : first + len(out) * step : step]


def put_rows(out: Matrix, x: Matrix, first: int, step: int) -> None:
    """Copy a matrix to some rows of another: row first + i * step of out is row i of x.

    Parameters
    ----------
    out : array of float32, shape (M, C)
        Some of its rows are written.
    x : array of float32, shape (N, C)
        What they become.
    first, step : int
        The first row to write, and the distance to the next.
    """
    out[first : first + len(x) * step : step] = x
