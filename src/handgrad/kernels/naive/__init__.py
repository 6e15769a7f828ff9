"""The kernels once more in plain NumPy: their specification, the path of a single image, and the float64 of gradient
checks.

Names, arguments and results are those of the compiled bodies; here nothing is compiled, and any float type works.
"""

from typing import Any

import numpy as np

from handgrad.kernels.naive.images import hash32
from handgrad.kernels.naive.images import soil as soil
from handgrad.kernels.naive.images import warp as warp
from handgrad.kernels.sizes import NONE

Array = Any  # NumPy arrays of one float type


def threads() -> int:
    """How many threads these functions use."""
    return 1


def dense_forward(out: Array, x: Array, w: Array, b: Array, floor: float, scratch: Array) -> None:
    np.matmul(x, w, out=out)
    out += b
    np.maximum(out, floor, out=out)


def dense_input_gradient(dx: Array, dy: Array, w: Array, scratch: Array) -> None:
    np.matmul(dy, w.T, out=dx)


def dense_weight_gradient(dw: Array, db: Array, x: Array, dy: Array, scratch: Array) -> None:
    np.matmul(x.T, dy, out=dw)
    np.sum(dy, axis=0, out=db)


def _patches(x: Array, size: int, stride: int, pad: int) -> Array:
    """(N, H', W', size, size, C): the patch of x (N, H, W, C) under each output; a view where no frame is needed."""
    framed = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, (size, size), (1, 2))
    patches: Array = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    return patches


def conv_forward(out: Array, x: Array, w: Array, b: Array, floor: float, stride: int, pad: int, scratch: Array) -> None:
    patches = _patches(x, len(w), stride, pad).reshape(*out.shape[:3], -1)
    np.matmul(patches, w.reshape(-1, w.shape[-1]), out=out)
    out += b
    np.maximum(out, floor, out=out)


def conv_input_gradient(dx: Array, dy: Array, w: Array, stride: int, pad: int, scratch: Array) -> None:
    _, height, width, _ = dy.shape
    framed = np.pad(np.zeros_like(dx), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    for i in range(len(w)):
        for j in range(len(w)):
            rows, columns = (slice(k, k + stride * n, stride) for k, n in ((i, height), (j, width)))
            framed[:, rows, columns] += dy @ w[i, j].T
    dx[:] = framed[:, pad : pad + dx.shape[1], pad : pad + dx.shape[2]]


def conv_weight_gradient(
    dw: Array, db: Array, x: Array, dy: Array, stride: int, pad: int, w_parts: Array, b_parts: Array, scratch: Array
) -> None:
    patches = _patches(x, len(dw), stride, pad).reshape(-1, dw.size // dw.shape[-1])
    dw[:] = (patches.T @ dy.reshape(len(patches), -1)).reshape(dw.shape)
    np.sum(dy, axis=(0, 1, 2), out=db)


winograd_forward, winograd_input_gradient, winograd_weight_gradient = (
    conv_forward, conv_input_gradient, conv_weight_gradient,
)  # fmt: skip


def max_pool_forward(out: Array, which: Array, x: Array, floor: float) -> None:
    squares = _squares(x)
    out[:] = squares.max(axis=3)
    which[:] = np.where(out > floor, squares.argmax(axis=3), NONE)
    np.maximum(out, floor, out=out)


def max_pool_backward(dx: Array, dy: Array, which: Array) -> None:
    dx[:] = 0
    n, height, width, channels = dy.shape
    spread = dy[:, :, :, None] * (which[:, :, :, None] == np.arange(4)[:, None])
    spread = spread.reshape(n, height, width, 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    dx[:, : height * 2, : width * 2] = spread.reshape(n, height * 2, width * 2, channels)


def _squares(x: Array) -> Array:
    """(N, H // 2, W // 2, 4, C)"""
    n, height, width, channels = x.shape
    height, width = height // 2, width // 2
    cut = x[:, : height * 2, : width * 2].reshape(n, height, 2, width, 2, channels)
    squares: Array = cut.transpose(0, 1, 3, 2, 4, 5).reshape(n, height, width, 4, channels)
    return squares


def mean_pool_forward(out: Array, x: Array) -> None:
    np.mean(x, axis=(1, 2), out=out)


def mean_pool_backward(dx: Array, dy: Array) -> None:
    dx[:] = (dy / (dx.shape[1] * dx.shape[2]))[:, None, None]


def add(out: Array, x: Array, y: Array, floor: float) -> None:
    np.maximum(x + y, floor, out=out)


def norm_forward(
    out: Array, mean: Array, rstd: Array, x: Array, gamma: Array, beta: Array, eps: float, floor: float
) -> None:
    mean[:] = x.mean(axis=0)
    rstd[:] = 1 / np.sqrt(x.var(axis=0) + eps)
    norm_apply(out, x, mean, rstd, gamma, beta, floor)


def norm_apply(out: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array, floor: float) -> None:
    out[:] = np.maximum((x - mean) * rstd * gamma + beta, floor)


def norm_backward(
    dx: Array, dgamma: Array, dbeta: Array, dy: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array,
    floor: float,
) -> None:  # fmt: skip
    normal = (x - mean) * rstd
    dy = np.where(normal * gamma + beta > floor, dy, 0)
    dbeta[:] = dy.sum(axis=0)
    dgamma[:] = (dy * normal).sum(axis=0)
    dx[:] = gamma * rstd * (dy - dy.mean(axis=0) - normal * (dy * normal).mean(axis=0))


def relu_forward(out: Array, x: Array) -> None:
    np.maximum(x, 0, out=out)


def relu_backward(dy: Array, out: Array) -> None:
    dy *= out > 0


def dropout(out: Array, x: Array, rate: float, key: int) -> None:
    keep = hash32(np.arange(x.size), key).reshape(x.shape) >= np.uint32(rate * 2**32)
    np.multiply(x, keep * x.dtype.type(1 / (1 - rate)), out=out)


def softmax(logits: Array) -> Array:
    """exp(z) / sum exp(z) along the last axis; the largest z is taken out first, so any size is safe."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(dlogits: Array, logits: Array, labels: Array, smoothing: float) -> tuple[float, int]:
    n, classes = logits.shape
    z = logits - logits.max(axis=1, keepdims=True)
    target = np.full_like(z, smoothing / classes)
    target[np.arange(n), labels] += 1 - smoothing
    log_probability = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    dlogits[:] = (np.exp(log_probability) - target) / n
    loss = -(target * log_probability).sum() / n
    return float(loss), int((logits.argmax(axis=1) == labels).sum())


def sgd_step(
    theta: Array, grad: Array, velocity: Array, lr: float, momentum: float, nesterov: bool, decay: float
) -> None:
    velocity[:] = momentum * velocity + grad if momentum else 0
    step = grad if not momentum else grad + momentum * velocity if nesterov else velocity
    theta[:] = (1 - lr * decay) * theta - lr * step


def adam_step(
    theta: Array, grad: Array, m: Array, v: Array, lr: float, beta1: float, beta2: float, eps: float, coupled: float,
    decay: float, step: int,
) -> None:  # fmt: skip
    slope = grad + coupled * theta
    m[:] = beta1 * m + (1 - beta1) * slope
    v[:] = beta2 * v + (1 - beta2) * slope * slope
    corrected = np.sqrt(v / (1 - beta2**step)) + eps
    theta[:] = (1 - lr * decay) * theta - lr / (1 - beta1**step) * m / corrected


def average_step(average: Array, theta: Array, keep: float) -> None:
    average[:] = keep * average + (1 - keep) * theta


def clip_norm(grad: Array, limit: float, parts: Array) -> float:
    norm = float(np.sqrt(np.sum(grad.astype(np.float64) ** 2)))
    if norm > limit:
        grad *= grad.dtype.type(limit / norm)
    return norm
