"""Corruption of training images, in place: foreign marks, blur, lost contrast, noise; its twin tells how."""

import numpy as np

from handgrad.kernels.gemm import thread_range
from handgrad.kernels.jit import address, inlined, jit, view
from handgrad.kernels.naive.images import CORRUPT
from handgrad.kernels.pointwise import halves, hash32
from handgrad.kernels.protocol import Image, Images, Integer, Matrix, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import BYTES

# Places in `limits`, and of the draw that each one scales.
BLUR, NOISE, CONTRAST, CLUTTER = range(len(CORRUPT))
# Places of the other draws, the pixels' last; a place that moved would change what every seed gives.
LEVEL, KIND, VARIANT, SHADE, LINES, MARK = range(4, 10)
PIXELS = 32
MOST_LINES, PER_LINE = 3, 4  # lines across an image; draws for each
WHITE = 255.0
BELOW_ONE = np.float32(1 - 2.0**-24)


@jit
def _draw(first, which, key0, key1):
    # -> uniform in [0, 1): draw `which`; the largest hashes would be rounded to 1
    return min(np.float32(hash32(first + which, key0, key1)) * np.float32(2.0**-32), BELOW_ONE)


@inlined
def _lines(x, first, key0, key1):
    # x (H, W, C): straight lines across, solid or dashed
    height, width = x.shape[0], x.shape[1]
    shade = np.float32(WHITE) * (np.float32(0.5) + np.float32(0.5) * _draw(first, SHADE, key0, key1))
    dashed = _draw(first, VARIANT, key0, key1) < np.float32(0.5)
    count = 1 + int(np.float32(MOST_LINES) * _draw(first, LINES, key0, key1))
    steps = 2 * max(height, width)
    for line in range(count):
        at = MARK + PER_LINE * line
        x0, y0 = _draw(first, at, key0, key1) * (width - 1), _draw(first, at + 1, key0, key1) * (height - 1)
        x1, y1 = _draw(first, at + 2, key0, key1) * (width - 1), _draw(first, at + 3, key0, key1) * (height - 1)
        for i in range(steps + 1):
            if dashed and i % 8 >= 3:
                continue
            part = np.float32(i) / np.float32(steps)
            row = int(y0 + part * (y1 - y0) + np.float32(0.5))
            column = int(x0 + part * (x1 - x0) + np.float32(0.5))
            for c in range(x.shape[2]):
                x[row, column, c] = max(x[row, column, c], shade)


@inlined
def _patch(x, first, key0, key1):
    # x (H, W, C): a rectangle becomes its negative, or a small one is painted over
    height, width = x.shape[0], x.shape[1]
    negative = _draw(first, VARIANT, key0, key1) < np.float32(0.6)
    shade = np.float32(WHITE) * _draw(first, SHADE, key0, key1)
    part = np.float32(1) if negative else np.float32(0.35)
    tall = 1 + int(part * _draw(first, MARK, key0, key1) * height)
    wide = 1 + int(part * _draw(first, MARK + 1, key0, key1) * width)
    top = int(_draw(first, MARK + 2, key0, key1) * (height - tall + 1))
    left = int(_draw(first, MARK + 3, key0, key1) * (width - wide + 1))
    for row in range(top, top + tall):
        for column in range(left, left + wide):
            for c in range(x.shape[2]):
                x[row, column, c] = np.float32(WHITE) - x[row, column, c] if negative else shade


@jit
def _copy(to, x):
    # to (H, W, C) = x
    a, b = view(address(to), (to.size,)), view(address(x), (x.size,))
    for i in range(a.size):
        a[i] = b[i]


@jit
def _near(x, spare, row, column, c):
    # -> smallest, largest and mean of 3x3 pixels of spare (H, W, C); beyond the border lies the nearest pixel
    low, high, total = np.float32(1e9), np.float32(-1e9), np.float32(0)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            y, z = min(max(row + dy, 0), x.shape[0] - 1), min(max(column + dx, 0), x.shape[1] - 1)
            value = spare[y, z, c]
            low, high, total = min(low, value), max(high, value), total + value
    return low, high, total * np.float32(1 / 9)


@inlined
def _outline(x, spare, inside):
    # x, spare (H, W, C): strokes become outlines, a pixel wide, inside the stroke or around it
    _copy(spare, x)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            for c in range(x.shape[2]):
                low, high, _ = _near(x, spare, row, column, c)
                x[row, column, c] = x[row, column, c] - low if inside else high - x[row, column, c]


@inlined
def _specks(x, first, key0, key1):
    # x (H, W, C): some pixels turn black, as many white
    density = np.float32(0.25) * _draw(first, SHADE, key0, key1)
    flat = view(address(x), (x.size,))
    for i in range(flat.size):
        draw = _draw(first, PIXELS + flat.size + i, key0, key1)
        if draw < density:
            flat[i] = np.float32(WHITE) if draw < np.float32(0.5) * density else np.float32(0)


@inlined
def _blur(x, spare, weight):
    # x, spare (H, W, C): twice, part of the way to the mean of 3x3 pixels
    for _ in range(2):
        _copy(spare, x)
        for row in range(x.shape[0]):
            for column in range(x.shape[1]):
                for c in range(x.shape[2]):
                    mean = _near(x, spare, row, column, c)[2]
                    x[row, column, c] += weight * (mean - x[row, column, c])


@inlined
def _contrast_and_noise(x, contrast, level, noise, first, key0, key1):
    # x (H, W, C): grey levels shrink towards a level; then noise, the sum of a hash's four bytes: nearly normal
    flat = view(address(x), (x.size,))
    keep, rise, strength = np.float32(1 - contrast), level * np.float32(WHITE), noise * np.float32(WHITE / 147.8)
    for i in range(flat.size):
        bits = hash32(first + PIXELS + i, key0, key1)
        total = (bits & np.uint32(255)) + ((bits >> np.uint32(8)) & np.uint32(255))
        total += ((bits >> np.uint32(16)) & np.uint32(255)) + (bits >> np.uint32(24))
        value = rise + keep * flat[i] + strength * (np.float32(total) - np.float32(510))
        flat[i] = min(max(value, np.float32(0)), np.float32(WHITE))


@kernel
def corrupt(x: Images, limits: Vector, key: Integer, scratch: Matrix, team: Team) -> None:
    batch, height, width, channels = x.shape
    key0, key1 = halves(key)
    size = height * width * channels
    spare = view(address(scratch) + BYTES * team.t * scratch.shape[1], (height, width, channels))
    begin, end = thread_range(batch, 1, team.t, team.threads)
    for i in range(begin, end):
        image, first = view(address(x) + BYTES * i * size, (height, width, channels)), i * (PIXELS + 2 * size)
        if _draw(first, CLUTTER, key0, key1) < limits[CLUTTER]:
            _mark(image, spare, first, key0, key1)
        if limits[BLUR] > 0:
            _blur(image, spare, limits[BLUR] * _draw(first, BLUR, key0, key1))
        contrast = limits[CONTRAST] * _draw(first, CONTRAST, key0, key1)
        level = contrast * _draw(first, LEVEL, key0, key1)
        noise = limits[NOISE] * _draw(first, NOISE, key0, key1)
        _contrast_and_noise(image, contrast, level, noise, first, key0, key1)


@inlined
def _mark(image, spare, first, key0, key1):
    # image, spare (H, W, C): one of four kinds of foreign marks
    kind = int(np.float32(4) * _draw(first, KIND, key0, key1))
    if kind == 0:
        _lines(image, first, key0, key1)
    elif kind == 1:
        _patch(image, first, key0, key1)
    elif kind == 2:
        _outline(image, spare, _draw(first, VARIANT, key0, key1) < np.float32(0.5))
    else:
        _specks(image, first, key0, key1)


@kernel
def standardise(x: Images, mean: Image, scale: Image, team: Team) -> None:
    first, last = thread_range(x.shape[0], 1, team.t, team.threads)
    m, s = view(address(mean), (mean.size,)), view(address(scale), (scale.size,))
    for i in range(first, last):
        image = view(address(x) + BYTES * i * mean.size, (mean.size,))
        for k in range(image.size):
            image[k] = (image[k] - m[k]) * s[k]
