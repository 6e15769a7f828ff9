"""The fifteen corruptions of MNIST-C, written after Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer
Vision", with the strengths that its authors chose.

Each takes images (N, 28, 28) float64 from 0 to 1 and a generator, and returns images of that shape; `corrupted` rounds
them to grey levels. Where the authors call another library (motion blur, edges), the same operation is written out.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
Random = np.random.Generator
SIDE = 28
MIDDLE = (SIDE - 1) / 2


def corrupted(pixels: NDArray[np.uint8], name: str, seed: int = 0) -> NDArray[np.uint8]:
    random = np.random.default_rng([seed, sorted(CORRUPTIONS).index(name)])
    return np.rint(CORRUPTIONS[name](pixels / 255, random).clip(0, 1) * 255).astype(np.uint8)


def shot_noise(x: Floats, random: Random) -> Floats:
    return random.poisson(3 * x) / 3


def impulse_noise(x: Floats, random: Random) -> Floats:
    hit, white = random.random(x.shape) < 0.17, random.random(x.shape) < 0.5
    return np.where(hit, white, x)


def glass_blur(x: Floats, random: Random) -> Floats:
    """Half of the pixels change places with a near one, twice, between two blurs."""
    sigma = (0, 0.7, 0.7)
    x = np.floor(ndimage.gaussian_filter(x, sigma) * 255) / 255
    for _ in range(2):
        for row in range(SIDE - 1, 1, -1):
            for column in range(SIDE - 1, 1, -1):
                for i in np.flatnonzero(random.random(len(x)) < 0.5):
                    dx, dy = random.integers(-1, 1, 2)
                    there = (i, row + dy, column + dx)
                    x[i, row, column], x[there] = x[there], x[i, row, column]
    return ndimage.gaussian_filter(x, sigma)


def motion_blur(x: Floats, random: Random) -> Floats:
    """A trail of ten pixels to one side, in a direction of +-45 degrees; its weights fall off with a deviation of 3."""
    weights = np.exp(-(np.arange(11) ** 2) / (2 * 3**2))
    weights /= weights.sum()
    angles = np.radians(random.uniform(-45, 45, len(x)))
    out = np.zeros_like(x)
    for i, angle in enumerate(angles):
        for step, weight in enumerate(weights):
            move = step * np.sin(angle), step * np.cos(angle)
            out[i] += weight * ndimage.shift(x[i], move, order=1, mode="nearest")
    return out


def _affine(x: Floats, matrices: Floats, shifts: Floats) -> Floats:
    """out(p) = x(M (p - centre) + centre + shift), p = (row, column)."""
    out = np.empty_like(x)
    for i, (matrix, shift) in enumerate(zip(matrices, shifts, strict=True)):
        offset = MIDDLE - matrix @ (MIDDLE, MIDDLE) + shift
        ndimage.affine_transform(x[i], matrix, offset, output=out[i], order=1)
    return out


def _signs(n: int, random: Random) -> Floats:
    return random.choice([-1.0, 1.0], n)


def _no_shift(x: Floats) -> Floats:
    return np.zeros((len(x), 2))


def shear(x: Floats, random: Random) -> Floats:
    lean = np.tan(0.4 * _signs(len(x), random))
    return _affine(x, np.array([[[1, 0], [k, 1]] for k in lean]), _no_shift(x))


def scale(x: Floats, random: Random) -> Floats:
    return _affine(x, np.array([np.eye(2) / 0.7] * len(x)), _no_shift(x))


def rotate(x: Floats, random: Random) -> Floats:
    turns = 0.4 * _signs(len(x), random)
    matrices = [[[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]] for a in turns]
    return _affine(x, np.array(matrices), _no_shift(x))


def translate(x: Floats, random: Random) -> Floats:
    moves = 3 * np.stack([_signs(len(x), random), _signs(len(x), random)], axis=1)
    return _affine(x, np.array([np.eye(2)] * len(x)), moves)


def brightness(x: Floats, random: Random) -> Floats:
    return x + 0.5


def stripe(x: Floats, random: Random) -> Floats:
    """The left and the right quarter as negatives."""
    out = x.copy()
    out[:, :, :7], out[:, :, 21:] = 1 - x[:, :, :7], 1 - x[:, :, 21:]
    return out


def fog(x: Floats, random: Random) -> Floats:
    """Plasma, made by the diamond-square algorithm on a map of 256, of which a corner is seen."""
    top = x.max(axis=(1, 2), keepdims=True)
    clouds = np.stack([_plasma(random)[:SIDE, :SIDE] for _ in x])
    return (x + 2.5 * clouds) * top / (top + 2.5)


def _plasma(random: Random, size: int = 256, falling: float = 1.5) -> Floats:
    field = np.zeros((size, size))
    step, rough = size, 100.0
    while step >= 2:
        half, at = step // 2, slice(0, size, step)
        between = slice(half, size, step)

        def noisy(total: Floats, rough: float = rough) -> Floats:
            return total / 4 + rough * random.uniform(-rough, rough, total.shape)

        corners = field[at, at]
        rows = corners + np.roll(corners, -1, 0)
        field[between, between] = noisy(rows + np.roll(rows, -1, 1))
        centres = field[between, between]
        upper = centres + np.roll(centres, 1, 0)
        field[at, between] = noisy(upper + corners + np.roll(corners, -1, 1))
        field[between, at] = noisy(centres + np.roll(centres, 1, 1) + corners + np.roll(corners, -1, 0))
        step, rough = half, rough / falling
    field -= field.min()
    return field / field.max()


def spatter(x: Floats, random: Random) -> Floats:
    """Spots of mud, a quarter bright, where smoothed noise is high."""
    liquid = ndimage.gaussian_filter(random.normal(0.65, 0.3, x.shape), (0, 1, 1), mode="nearest")
    mud = ndimage.gaussian_filter((liquid > 0.65).astype(float), (0, 1.5, 1.5), mode="nearest")
    mud[mud < 0.8] = 0
    return x * (1 - mud) + 63 / 255 * mud


def _line(x0: float, y0: float, x1: float, y1: float) -> Floats:
    """A soft line (28, 28) from (x0, y0) to (x1, y1), x0 < x1: its light falls off as 1 + log(1 - distance / 2.3)."""
    columns, rows = np.arange(SIDE)[None, :], np.arange(SIDE)[:, None]
    away = np.abs(rows - y0 - (y1 - y0) / (x1 - x0) * (columns - x0)).clip(0, 2.3 - 1e-10)
    light: Floats = (np.log(1 - away / 2.3) + 1).clip(0, 1)
    light[:, : int(np.floor(x0))] = 0
    light[:, int(np.ceil(x1)) :] = 0
    return light


def dotted_line(x: Floats, random: Random) -> Floats:
    seen = np.arange(SIDE) // 2 % 2 == 1
    ends = random.integers(0, 27, (len(x), 2))
    return x + np.stack([_line(0, a, 27, b) * seen for a, b in ends])


def zigzag(x: Floats, random: Random) -> Floats:
    """A zigzag of teeth two long and two high about a line from one side to the other."""
    out = x.copy()
    for image in out:
        start = random.integers(0, 27)
        turn = np.arctan2(random.integers(-5, 5), 23)
        length = 23 / np.cos(turn)
        along = np.append([0.0], np.arange(2, length, 4))
        across = np.append([0.0], 2.0 * (-1) ** np.arange(len(along) - 1))
        along, across = np.append(along, length), np.append(across, 0)
        xs = 2 + np.cos(turn) * along - np.sin(turn) * across
        ys = start + np.sin(turn) * along + np.cos(turn) * across
        for x0, y0, x1, y1 in zip(xs[:-1], ys[:-1], xs[1:], ys[1:], strict=True):
            if x1 > x0:
                image[:] = (image + _line(x0, y0, x1, y1)).clip(0, 1)
    return out


def canny_edges(x: Floats, random: Random) -> Floats:
    """Canny 1986 with a Gaussian of deviation 1: thinned gradients from 0.2 on, and from 0.1 where they touch those."""
    out = np.zeros_like(x)
    for i, image in enumerate(x):
        smooth = ndimage.gaussian_filter(image, 1.0)
        gy, gx = ndimage.sobel(smooth, 0), ndimage.sobel(smooth, 1)
        size = np.hypot(gy, gx)
        unit_y, unit_x = gy / np.maximum(size, 1e-9), gx / np.maximum(size, 1e-9)
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        ahead = ndimage.map_coordinates(size, [rows + unit_y, columns + unit_x], order=1)
        behind = ndimage.map_coordinates(size, [rows - unit_y, columns - unit_x], order=1)
        ridge = (size >= ahead) & (size > behind)
        labels, count = ndimage.label(ridge & (size >= 0.1), np.ones((3, 3)))
        kept = np.zeros(count + 1)
        kept[labels[ridge & (size >= 0.2)]] = 1
        kept[0] = 0
        out[i] = kept[labels]
    return out


CORRUPTIONS: dict[str, Callable[[Floats, Random], Floats]] = {
    corruption.__name__: corruption
    for corruption in (
        shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness, translate, stripe, fog,
        spatter, dotted_line, zigzag, canny_edges,
    )
}  # fmt: skip
