"""The kernels once more in plain NumPy: their specification, the path of a single image, and the float64 of gradient
checks.

Names, arguments and results are those of the compiled bodies; here nothing is compiled, and any float type works.
"""

from typing import Any

import numpy as np

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


def hash32(counter: Array, key: int) -> Array:
    """32 random bits for each counter: the lowbias32 mixer (Wellons 2018) keyed before and between its rounds."""
    h = counter.astype(np.uint32) ^ np.uint32(key & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h ^= np.uint32(key >> 32)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    return h ^ (h >> np.uint32(16))


def dropout(out: Array, x: Array, rate: float, key: int) -> None:
    keep = hash32(np.arange(x.size), key).reshape(x.shape) >= np.uint32(rate * 2**32)
    np.multiply(x, keep * x.dtype.type(1 / (1 - rate)), out=out)


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


def warp(
    out: Array,
    pixels: Array,
    rows: Array,
    mean: Array,
    scale: Array,
    fields: Array,
    limits: Array,
    key: int,
    parts: int,
) -> None:
    clean_share, turn, shear, zoom, shift, elastic, stroke, flip = (float(v) for v in limits)
    for i, row in enumerate(rows):
        bits = hash32(np.arange(i * 16, i * 16 + 16), key)
        clean, d_turn, d_shear, d_wide, d_right, d_push, d_stroke, d_flip, d_tall, d_down = bits[:10] * 2.0**-31 - 1
        image = pixels[row].astype(np.float64)
        if 0.5 + 0.5 * clean >= clean_share:
            field = _field(fields, *bits[10:13]) * elastic * (0.75 + 0.25 * d_push)
            wide, tall = np.exp(-zoom * d_wide) * (-1 if flip and d_flip < 0 else 1), np.exp(-zoom * d_tall)
            inverse = np.diag([wide, tall]) @ [[1, shear * d_shear], [0, 1]] @ _rotation(turn * d_turn)
            image = _resample(_strokes(image, stroke * d_stroke), inverse, shift * np.array([d_right, d_down]), field)
        out[i] = (image - mean) * scale


def _rotation(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _field(fields: Array, which: np.uint32, roll: np.uint32, mirror: np.uint32) -> Array:
    """One of the fields, rolled and mirrored as three random words say."""
    field = fields[which % len(fields)]
    height, width = field.shape[:2]
    rolled = np.roll(field, (-(int(roll) % height), -((int(roll) >> 16) % width)), (0, 1))
    return rolled * np.array([1 if mirror & 1 else -1, 1 if mirror & 2 else -1])


def _strokes(image: Array, amount: float) -> Array:
    framed = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    height, width = image.shape[:2]
    near = np.stack([framed[y : y + height, x : x + width] for y in range(3) for x in range(3)])
    return image + abs(amount) * ((near.max(axis=0) if amount > 0 else near.min(axis=0)) - image)


def _resample(image: Array, inverse: Array, shift: Array, field: Array) -> Array:
    """Each output pixel from the four neighbours of the place it came from."""
    height, width = image.shape[:2]
    middle = np.array([width - 1, height - 1]) / 2
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - middle - shift
    places = places @ inverse.T + field + middle + 2
    x = places[..., 0].clip(0, width + 2)
    y = places[..., 1].clip(0, height + 2)
    left, top = x.astype(int), y.astype(int)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    framed = np.pad(image, ((2, 2), (2, 2), (0, 0)))
    above = (1 - fx) * framed[top, left] + fx * framed[top, left + 1]
    below = (1 - fx) * framed[top + 1, left] + fx * framed[top + 1, left + 1]
    return (1 - fy) * above + fy * below
