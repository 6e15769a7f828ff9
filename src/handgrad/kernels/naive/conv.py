"""NumPy twins of both kinds of convolution: by patches, and by Winograd's method."""

import numpy as np

from handgrad.kernels.protocol import Array, Images, Integer, Matrix, Vector


def _patches(x: Array, size: int, stride: int, pad: int) -> Array:
    """(N, H', W', size, size, C): the patch of x (N, H, W, C) under each output; a view where nothing is padded."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))
    patches: Array = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    return patches


def conv_forward(
    out: Images, x: Images, w: Images, b: Vector, floor: float, stride: int, pad: int, scratch: Matrix
) -> None:
    """Compute out = max(floor, x * w + b), where * is a convolution (in signal processing: a correlation).

    out[n, y, x, f] = b[f] + sum over i, j, c of x[n, stride y + i - pad, stride x + j - pad, c] w[i, j, c, f], where x
    is 0 outside the image. The `winograd` kernels compute the same for K = 3 and stride 1 with fewer multiplications
    (Lavin and Gray 2016).

    Parameters
    ----------
    out : array of float32, shape (N, H', W', F)
        Written; H' = (H + 2 pad - K) // stride + 1, and W' likewise.
    x : array of float32, shape (N, H, W, C)
        Input.
    w, b : arrays of float32, shapes (K, K, C, F) and (F,)
        Filters and bias.
    floor : float
        0 folds a ReLU in, minus infinity does not.
    stride, pad : int
        Pixels from one output to the next; rows and columns of zeros on each side of an image.
    scratch : array of float32, shape (threads, floats)
        Room to work, at least `conv_scratch` floats a thread.
    """
    patches = _patches(x, len(w), stride, pad).reshape(*out.shape[:3], -1)
    np.matmul(patches, w.reshape(-1, w.shape[-1]), out=out)
    out += b
    np.maximum(out, floor, out=out)


def conv_input_gradient(dx: Images, dy: Images, w: Images, stride: int, pad: int, scratch: Matrix) -> None:
    """Compute the gradient of a convolution with respect to its input.

    Parameters
    ----------
    dx : array of float32, shape (N, H, W, C)
        Written: gradient with respect to the input.
    dy : array of float32, shape (N, H', W', F)
        Gradient with respect to the output.
    w : array of float32, shape (K, K, C, F)
        Filters.
    stride, pad : int
        As in `conv_forward`.
    scratch : array of float32, shape (threads, floats)
        Room to work: `conv_scratch` floats a thread, `winograd_scratch` for the `winograd` kernels.
    """
    _, height, width, _ = dy.shape
    padded = np.pad(np.zeros_like(dx), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    for i in range(len(w)):
        for j in range(len(w)):
            rows, columns = (slice(k, k + stride * n, stride) for k, n in ((i, height), (j, width)))
            padded[:, rows, columns] += dy @ w[i, j].T
    dx[:] = padded[:, pad : pad + dx.shape[1], pad : pad + dx.shape[2]]


def conv_weight_gradient(
    dw: Images, db: Vector, x: Images, dy: Images, stride: int, pad: int, w_parts: Vector, b_parts: Vector,
    scratch: Matrix,
) -> None:  # fmt: skip
    """Compute the gradients of a convolution with respect to its filters and bias.

    Parameters
    ----------
    dw, db : arrays of float32, shapes (K, K, C, F) and (F,)
        Written: gradients with respect to the filters and the bias.
    x : array of float32, shape (N, H, W, C)
        Input of the forward pass.
    dy : array of float32, shape (N, H', W', F)
        Gradient with respect to the output.
    stride, pad : int
        As in `conv_forward`.
    w_parts, b_parts : arrays of float32, shapes (PARTS, K, K, C, F) and (PARTS, F)
        Room for the sums over each part of the batch; overwritten.
    scratch : array of float32, shape (threads, floats)
        Room to work: `conv_scratch` floats a thread, `winograd_scratch` for the `winograd` kernels.
    """
    patches = _patches(x, len(dw), stride, pad).reshape(-1, dw.size // dw.shape[-1])
    dw[:] = (patches.T @ dy.reshape(len(patches), -1)).reshape(dw.shape)
    np.sum(dy, axis=(0, 1, 2), out=db)


def winograd_forward(
    out: Images, x: Images, w: Images, b: Vector, floor: float, stride: int, pad: int, filters: Vector, kept: Integer,
    scratch: Matrix,
) -> None:  # fmt: skip
    """Compute what `conv_forward` does, for K = 3 and stride 1.

    Parameters
    ----------
    out, x : arrays of float32, shapes (N, H', W', F) and (N, H, W, C)
        As in `conv_forward`.
    w, b : arrays of float32, shapes (3, 3, C, F) and (F,)
        Filters and bias.
    floor : float
        As in `conv_forward`.
    stride, pad : int
        1, and as in `conv_forward`.
    filters : array of float32, `filters_size` numbers
        Written, if not `kept`: what the compiled kernel multiplies by, made of w.
    kept : int
        1 where `filters` are there from an earlier call with the same w, else 0.
    scratch : array of float32, shape (threads, floats)
        Room to work, at least `winograd_scratch` floats a thread.
    """
    conv_forward(out, x, w, b, floor, stride, pad, scratch)


winograd_input_gradient = conv_input_gradient
winograd_weight_gradient = conv_weight_gradient
