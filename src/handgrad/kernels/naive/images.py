"""NumPy twins of the kernels that make training images: `warp.py` and `soil.py`."""

from typing import Any

import numpy as np

Array = Any  # NumPy arrays of one float type


def hash32(counter: Array, key: int) -> Array:
    """32 random bits for each counter: the lowbias32 mixer (Wellons 2018) keyed before and between its rounds."""
    h = counter.astype(np.uint32) ^ np.uint32(key & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h ^= np.uint32(key >> 32)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    return h ^ (h >> np.uint32(16))


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


def soil(x: Array, limits: Array, key: int, parts: int) -> None:
    blur, noise, contrast, clutter = (float(v) for v in limits)
    stride = 32 + 2 * x[0].size
    for i, image in enumerate(x):
        bits = hash32(np.arange(i * stride, (i + 1) * stride), key)
        draw = bits * 2.0**-32
        if draw[3] < clutter:
            mark = (_add_lines, _add_patch, _add_outline, _add_specks)[int(4 * draw[5])]
            mark(image, draw)
        for _ in range(2 if blur else 0):
            image += blur * draw[0] * (_around(image).mean(axis=0) - image)
        lost, grains = contrast * draw[2], bits[32 : 32 + image.size].view(np.uint8).reshape(-1, 4).sum(axis=1) - 510.0
        value = 255 * lost * draw[4] + (1 - lost) * image.reshape(-1) + 255 / 147.8 * noise * draw[1] * grains
        image[:] = value.clip(0, 255).reshape(image.shape)


def _around(image: Array) -> Array:
    """(9, H, W, C): each pixel's neighbours; beyond the border lies the nearest pixel."""
    framed = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    return np.stack([framed[y : y + height, x : x + width] for y in range(3) for x in range(3)])


def _add_lines(image: Array, draw: Array) -> None:
    height, width = image.shape[:2]
    at = np.arange(2 * max(height, width) + 1)
    at = at[at % 8 < 3] if draw[6] < 0.5 else at
    part = at / (2 * max(height, width))
    for x0, y0, x1, y1 in draw[9 : 9 + 4 * (1 + int(3 * draw[8]))].reshape(-1, 4) * ([width - 1, height - 1] * 2):
        rows, columns = (y0 + part * (y1 - y0) + 0.5).astype(int), (x0 + part * (x1 - x0) + 0.5).astype(int)
        image[rows, columns] = np.maximum(image[rows, columns], 127.5 + 127.5 * draw[7])


def _add_patch(image: Array, draw: Array) -> None:
    height, width = image.shape[:2]
    negative = draw[6] < 0.6
    part = 1 if negative else 0.35
    tall, wide = 1 + int(part * draw[9] * height), 1 + int(part * draw[10] * width)
    top, left = int(draw[11] * (height - tall + 1)), int(draw[12] * (width - wide + 1))
    patch = image[top : top + tall, left : left + wide]
    patch[:] = 255 - patch if negative else 255 * draw[7]


def _add_outline(image: Array, draw: Array) -> None:
    near = _around(image)
    image[:] = image - near.min(axis=0) if draw[6] < 0.5 else near.max(axis=0) - image


def _add_specks(image: Array, draw: Array) -> None:
    share, pixels = 0.25 * draw[7], draw[32 + image.size :].reshape(image.shape)
    image[pixels < share] = 0
    image[pixels < 0.5 * share] = 255
