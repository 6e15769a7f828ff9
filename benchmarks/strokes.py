"""The middle lines of characters: MNIST digits thinned to their skeletons, and punctuation as a pen makes it.

The unit of length is the height of a digit. x grows to the right from the left end; y grows downwards from the line
that the digits stand on.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Random = np.random.Generator

SCALE = 4  # skeletons are found at so many times MNIST's size
INK = 110  # grey level from which an enlarged digit has ink
SMOOTHINGS = 8
WIDEST = 1.0  # a digit is no wider than this
NEIGHBOURS = np.array([[1, 2, 4], [128, 0, 8], [64, 32, 16]])  # their bits, clockwise
LOOPS = {"0": 1, "6": 1, "8": 2, "9": 1}  # that a digit must keep: ink in MNIST may have filled them


@dataclass(frozen=True)
class Strokes:
    """Points (N, 2) and the pairs of them that lines join (M, 2)."""

    points: Floats
    joins: Integers

    def moved(self, right: float, down: float) -> "Strokes":
        """The same, somewhere else."""
        return replace(self, points=self.points + np.array([right, down]))

    def turned(self, matrix: Floats) -> "Strokes":
        """The points times the matrix (2, 2)."""
        return replace(self, points=self.points @ matrix.T)

    @property
    def loops(self) -> int:
        """How many closed loops the lines have."""
        count = len(self.points)
        links = coo_array((np.ones(len(self.joins)), tuple(self.joins.T)), shape=(count, count))
        return len(self.joins) - count + int(connected_components(links, directed=False)[0])


def skeleton(digit: Pixels) -> Strokes:
    """The middle lines of an MNIST digit."""
    side = digit.shape[0] * SCALE
    large = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))
    mask = large > min(INK, large.max() // 2)
    frame = ndimage.find_objects(mask.astype(int))[0]
    rows, columns = np.nonzero(_thinned(np.pad(mask[frame], 1)))
    points = np.stack([columns, rows], axis=1).astype(float)
    joins = _joins(rows, columns)
    points = _smoothed(points, joins)
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(high[1] - low[1], (high[0] - low[0]) / WIDEST, SCALE)
    return Strokes((points - (low[0], high[1])) / size, joins)


def _thinned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """One pixel wide, as connected as before (Zhang and Suen 1984)."""
    mask = mask.copy()
    while True:
        before = mask.sum()
        for table in _REMOVED:
            codes = ndimage.correlate(mask.astype(np.uint8), NEIGHBOURS.astype(np.uint8), mode="constant")
            mask &= ~table[codes]
        if mask.sum() == before:
            return mask


def _removed(half: int) -> NDArray[np.bool_]:
    """For each code of eight neighbours: may the pixel go, in this half of a pass?"""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    above, right, below, left = bits[:, 1], bits[:, 3], bits[:, 5], bits[:, 7]
    starts = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    count = bits.sum(axis=1)
    first, second = ((above, right, below), (right, below, left)) if half == 0 else (
        (above, right, left), (above, below, left))  # fmt: skip
    ends = [1 - a * b * c for a, b, c in (first, second)]
    return (count >= 2) & (count <= 6) & (starts == 1) & (ends[0] == 1) & (ends[1] == 1)


_REMOVED = (_removed(0), _removed(1))


def _joins(rows: Integers, columns: Integers) -> Integers:
    """Pairs of pixels that touch: side by side, or corner to corner where no third pixel lies between."""
    place = {(int(row), int(column)): i for i, (row, column) in enumerate(zip(rows, columns, strict=True))}
    found = []
    for (row, column), i in place.items():
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            other = place.get((row + down, column + right))
            between = down and right and ((row + down, column) in place or (row, column + right) in place)
            if other is not None and not between:
                found.append((i, other))
    return np.array(found, np.int64).reshape(-1, 2)


def _smoothed(points: Floats, joins: Integers) -> Floats:
    """Each point but the ends drawn towards the middle of its neighbours, time and again."""
    count = np.bincount(joins.ravel(), minlength=len(points))
    inner = count > 1
    for _ in range(SMOOTHINGS):
        total = np.zeros_like(points)
        np.add.at(total, joins[:, 0], points[joins[:, 1]])
        np.add.at(total, joins[:, 1], points[joins[:, 0]])
        points = points.copy()
        points[inner] = (points[inner] + total[inner] / count[inner, None]) / 2
    return points


def tailed(strokes: Strokes, length: float, random: Random) -> Strokes:
    """A digit whose lowest end goes on below the line, as some people write 7 and 9."""
    lowest = int(strokes.points[:, 1].argmax())
    near = np.linalg.norm(strokes.points - strokes.points[lowest], axis=1)
    back = strokes.points[near < 0.3].mean(axis=0)
    way = strokes.points[lowest] - back
    way = np.array([way[0], max(way[1], 0.05)]) / max(np.hypot(*way), 0.05)
    steps = np.linspace(0.1, 1, 8)[:, None]
    bend = random.uniform(-0.25, 0.05) * steps**2 * (1, 0)
    points = strokes.points[lowest] + length * (way * steps + bend)
    first = len(strokes.points)
    chain = [(lowest, first), *((first + i, first + i + 1) for i in range(len(points) - 1))]
    return Strokes(np.concatenate([strokes.points, points]), np.concatenate([strokes.joins, chain]))


def punctuation(mark: str, random: Random) -> Strokes:
    """The strokes of a mark, a little different each time."""
    lines = [_curve(ends, random) for ends in _MARKS[mark](random)]
    strokes = lines[0]
    for line in lines[1:]:
        first = len(strokes.points)
        strokes = Strokes(
            np.concatenate([strokes.points, line.points]), np.concatenate([strokes.joins, line.joins + first])
        )
    return strokes.moved(-strokes.points[:, 0].min(), 0)


def _curve(ends: tuple[float, ...], random: Random) -> Strokes:
    """A slightly bent line; `ends` are x and y of both ends, and how far it bulges to the right."""
    x, y, to_x, to_y, bulge = ends
    t = np.linspace(0, 1, 7)[:, None]
    length = np.hypot(to_x - x, to_y - y)
    start, end = np.array([x, y]), np.array([to_x, to_y]) + random.normal(0, 0.06 * length, 2)
    side = np.array([end[1] - start[1], start[0] - end[0]]) / max(length, 1e-6)
    bend = (bulge + random.normal(0, 0.04 * length)) * 4 * t * (1 - t)
    return Strokes(start + (end - start) * t + side * bend, np.stack([np.arange(6), np.arange(1, 7)], axis=1))


def _dot(y: float, random: Random) -> tuple[float, ...]:
    long = random.uniform(0.01, 0.06)
    return (0, y, long, y + random.uniform(-long, long), 0)


_MARKS = {
    ".": lambda random: [_dot(random.uniform(-0.05, 0), random)],
    ",": lambda random: [(0.08, -0.05, 0, random.uniform(0.1, 0.22), 0.03)],
    "/": lambda random: [(random.uniform(0.3, 0.5), random.uniform(-1.15, -0.9), 0, random.uniform(0, 0.2), 0)],
    "-": lambda random: [_dash(-0.45, random)],
    ":": lambda random: [_dot(-0.1, random), _dot(random.uniform(-0.65, -0.5), random)],
    "+": lambda random: [_dash(-0.45, random, 0.5), (0.24, random.uniform(-0.75, -0.65), 0.24, -0.2, 0)],
    "=": lambda random: [_dash(-0.35, random, 0.45), _dash(-0.6, random, 0.45)],
    "(": lambda random: [(0.15, -1.05, 0.15, 0.12, -0.14)],
    ")": lambda random: [(0, -1.05, 0, 0.12, 0.14)],
}


def _dash(y: float, random: Random, long: float = 0.38) -> tuple[float, ...]:
    y += random.uniform(-0.06, 0.06)
    return (0, y, long * random.uniform(0.75, 1.25), y + random.uniform(-0.05, 0.03), 0)
