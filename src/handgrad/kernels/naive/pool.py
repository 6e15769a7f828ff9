"""NumPy twins of pooling."""

import numpy as np

from handgrad.kernels.protocol import Array, ByteImages, Images, Matrix
from handgrad.kernels.sizes import NO_ARGMAX


def max_pool_forward(out: Images, argmax: ByteImages, x: Images, floor: float) -> None:
    """Take the largest pixel of each 2x2 square, channel by channel, and raise it to the floor.

    An odd last row or column is dropped. The first of equal pixels counts, row by row. In compiled code nothing is
    larger than a NaN that comes first in its square, and one that comes later is passed over.

    Parameters
    ----------
    out : array of float32, shape (N, H // 2, W // 2, C)
        Written.
    argmax : array of uint8, shape (N, H // 2, W // 2, C)
        Written: the place of the largest pixel, 0 to 3; NO_ARGMAX where none was above the floor.
    x : array of float32, shape (N, H, W, C)
        Input.
    floor : float
        0 folds a ReLU in, minus infinity does not.
    """
    squares = _squares(x)
    out[:] = squares.max(axis=3)
    argmax[:] = np.where(out > floor, squares.argmax(axis=3), NO_ARGMAX)
    np.maximum(out, floor, out=out)


def max_pool_backward(dx: Images, dy: Images, argmax: ByteImages) -> None:
    """Pass each gradient to the pixel that was the largest; the others get 0.

    Parameters
    ----------
    dx : array of float32, shape (N, H, W, C)
        Written: gradient with respect to the input.
    dy : array of float32, shape (N, H // 2, W // 2, C)
        Gradient with respect to the output.
    argmax : array of uint8, shape (N, H // 2, W // 2, C)
        Where the largest pixels were, from `max_pool_forward`.
    """
    dx[:] = 0
    n, height, width, channels = dy.shape
    squares = dy[:, :, :, None] * (argmax[:, :, :, None] == np.arange(4)[:, None])
    squares = squares.reshape(n, height, width, 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    dx[:, : height * 2, : width * 2] = squares.reshape(n, height * 2, width * 2, channels)


def _squares(x: Array) -> Array:
    """(N, H // 2, W // 2, 4, C)"""
    n, height, width, channels = x.shape
    height, width = height // 2, width // 2
    cut = x[:, : height * 2, : width * 2].reshape(n, height, 2, width, 2, channels)
    squares: Array = cut.transpose(0, 1, 3, 2, 4, 5).reshape(n, height, width, 4, channels)
    return squares


def mean_pool_forward(out: Matrix, x: Images) -> None:
    """Average each channel over the whole image.

    Parameters
    ----------
    out : array of float32, shape (N, C)
        Written.
    x : array of float32, shape (N, H, W, C)
        Input.
    """
    np.mean(x, axis=(1, 2), out=out)


def mean_pool_backward(dx: Images, dy: Matrix) -> None:
    """Pass 1 / (H W) of each gradient to every pixel.

    Parameters
    ----------
    dx : array of float32, shape (N, H, W, C)
        Written: gradient with respect to the input.
    dy : array of float32, shape (N, C)
        Gradient with respect to the output.
    """
    dx[:] = (dy / (dx.shape[1] * dx.shape[2]))[:, None, None]
