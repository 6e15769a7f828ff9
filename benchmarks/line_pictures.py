"""Lines of handwriting made of MNIST's training digits, as the line reader sees them, with what they say.

Digits are thinned, redrawn in other hands and set beside each other, close, apart or in cells, some with punctuation
between them and with what printed lines leave (`line_print.py`); one pen draws all of a line. Lengths are in pixels of
a canvas on which a digit is three times as large as in the finished picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from handgrad.datasets import Images
from handgrad.reading.fit import brightened
from handgrad.reading.strip import ABOVE, ROWS, TALL
from handgrad.rng import Stream, generator
from handgrad.training.hands import TAILS, lines_of
from handgrad.training.pens import CANVAS, drawn
from handgrad.training.strokes import draw_curves
from line_print import Cells, Printed, rule, sides, some_cells, without

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Random = np.random.Generator

COLUMNS, ZOOM = 192, 3  # of a finished picture; canvas pixels for one of its pixels
HIGH, WIDE = ROWS * ZOOM, COLUMNS * ZOOM
TOP, BASE = ABOVE * ZOOM, (ABOVE + TALL) * ZOOM  # where digits stand on the canvas
TALLEST = 68  # a taller digit has a tail
MOST = 10  # digits in a line, at most
BLOCK = 24  # lines that are made from one stream of random numbers
FIRST_BLOCK = 10_000_000  # of these streams: wrong cuts have those before
CELLS, RULED = 0.3, 0.2  # share of the lines in cells, and of the others with a printed line under them
STRAY = 0.12  # greatest standard deviation of a digit's place in its cell, as a share of the cell's height
RUNS = (0, 1, 2, 5)  # digits that people write several times in a row
NONE = -1  # fills the labels of a shorter line up


@dataclass(frozen=True)
class Manner:
    """How one line is written.

    gap is the usual distance of neighbours, lean columns for a row, first the column where it begins.
    """

    gap: float
    cells: Cells | None
    signs: bool
    lean: float
    first: int


@dataclass(frozen=True, eq=False)
class Written:
    """The middle lines of a line of digits, the digits, and what is printed there."""

    mask: Mask
    text: list[int]
    printed: list[Printed]


def pictures(data: Images, count: int, seed: int) -> tuple[Pixels, NDArray[np.int8]]:
    """So many pictures (N, ROWS, COLUMNS), bright ink on dark, and their digits (N, MOST), filled up with `NONE`."""
    made = np.zeros((count, ROWS, COLUMNS), np.uint8)
    labels = np.full((count, MOST), NONE, np.int8)
    number = block = 0
    while number < count:
        random = generator(seed, Stream.WRONG_CUTS, FIRST_BLOCK + block)
        written = _block(data, random)
        for ink, line in zip(drawn(np.stack([line.mask for line in written]), random), written, strict=True):
            if number < count and len(ink) == HIGH:  # small pictures have lost their place
                made[number] = _picture(ndimage.uniform_filter(without(ink, line.printed, random), ZOOM), random)
                labels[number, : len(line.text)] = line.text
                number += 1
        block += 1
    return made, labels


def _block(data: Images, random: Random) -> list[Written]:
    """Some lines of other digits each."""
    rows = random.integers(0, len(data), (BLOCK, MOST))
    repeat = random.random(BLOCK) < 0.2
    chosen = rows.ravel()
    digits = lines_of(data.pixels[chosen], data.labels[chosen], random).reshape(BLOCK, MOST, CANVAS, CANVAS)
    written = []
    for i in range(BLOCK):
        labels = data.labels[rows[i]]
        length = int(random.integers(1, MOST + 1)) if random.random() < 0.5 else MOST
        order = np.arange(length)
        if repeat[i] and np.isin(labels, RUNS).any():
            order[random.integers(length) :][:3] = np.flatnonzero(np.isin(labels, RUNS))[0]
        written.append(_written(digits[i][order], labels[order], random))
    return written


def _manner(random: Random) -> Manner:
    kind = random.random()
    if kind < 0.4:
        gap = random.uniform(-6, 2)
    elif kind < 0.75:
        gap = random.uniform(0, 16)
    else:
        gap = random.uniform(10, 60)
    cells = some_cells(BASE - TOP, random) if random.random() < CELLS else None
    signs = bool(random.random() < 0.25)
    lean = random.uniform(-0.15, 0.5) if random.random() < 0.4 else 0.0
    return Manner(gap, cells, signs, lean, int(random.uniform(2, 30)))


def _written(digits: Mask, labels: Pixels, random: Random) -> Written:
    """A line of those of its digits that it has room for."""
    manner = _manner(random)
    canvas = np.zeros((HIGH, WIDE), np.bool_)
    last, text = None, list[int]()
    for digit, label in zip(digits, labels.tolist(), strict=True):
        shape = _leaning(_standing(digit, label, random), manner.lean)
        if manner.cells:
            shape, left = _in_cell(shape, manner.cells, manner.first + len(text) * manner.cells.pitch, random)
        elif last is None:
            left = manner.first
        else:
            left = max(_beside(last, shape, _gap(manner, random)), last[0] + 6)
        if not _put(canvas, shape, left):
            break
        text.append(label)
        last = left, shape
        if manner.signs and not manner.cells and random.random() < 0.3:
            sign = _sign(random)
            left = int(left + shape.shape[1] - _room(shape, sign) * 0.6 + random.uniform(2, 14))
            if not _put(canvas, sign, left):
                break
            last = left, sign
    _damage(canvas, random)
    return Written(canvas, text, _lines(manner, len(text), last, random))


def _in_cell(shape: Mask, cells: Cells, start: float, random: Random) -> tuple[Mask, int]:
    """A shape near the middle of the cell that begins there, and the column where it begins itself."""
    (top, bottom), stray = _inked(shape, 1), random.uniform(0, STRAY) * cells.tall
    down = int(np.clip(random.normal(0, stray), -top, HIGH - bottom))
    return np.roll(shape, down, axis=0), max(
        int(start + (cells.wide - shape.shape[1]) / 2 + random.normal(0, stray)), 0
    )


def _lines(manner: Manner, count: int, last: tuple[int, Mask] | None, random: Random) -> list[Printed]:
    """The printed lines around what is written, or under it."""
    if manner.cells:
        return list(sides(manner.cells, count, manner.first, (TOP + BASE) / 2 + random.normal(0, 2), random))
    if last is None or random.random() > RULED:
        return []
    right = last[0] + last[1].shape[1]
    return [
        rule(BASE + random.normal(3, 5), manner.first - random.uniform(0, 60), right + random.uniform(0, 90), random)
    ]


def _gap(manner: Manner, random: Random) -> float:
    """The distance of the next digit; now and then a space is between."""
    gap = manner.gap + random.normal(0, 2.5)
    return gap + random.uniform(25, 60) if random.random() < 0.05 else gap


def _put(canvas: Mask, shape: Mask, left: int) -> bool:
    """Adds a shape, if there is room for it."""
    fits = left + shape.shape[1] <= WIDE - 2
    if fits:
        canvas[:, left : left + shape.shape[1]] |= shape
    return fits


def _inked(mask: Mask, axis: int) -> tuple[int, int]:
    """The first row or column with ink, and the one behind the last."""
    found = np.flatnonzero(mask.any(axis=axis))
    return (int(found[0]), int(found[-1]) + 1) if found.size else (0, 1)


def _standing(digit: Mask, label: int, random: Random) -> Mask:
    """A digit cut out at its sides that stands on the line; one with a tail hangs from its top."""
    (left, right), (top, bottom) = _inked(digit, 0), _inked(digit, 1)
    tall = bottom - top
    wanted = (TOP if label in TAILS and tall > TALLEST else BASE - tall) + int(random.normal(0, 2.5))
    return np.roll(digit[:, left:right], int(np.clip(wanted, -2, HIGH - tall)) - top, axis=0)


def _leaning(shape: Mask, lean: float) -> Mask:
    """A shape whose rows are moved aside, the higher the further."""
    if not lean:
        return shape
    aside = np.rint(lean * (BASE - np.arange(HIGH))).astype(int)
    aside -= aside.min()
    leaning = np.zeros((HIGH, shape.shape[1] + int(aside.max())), np.bool_)
    for row, start in enumerate(aside):
        leaning[row, start : start + shape.shape[1]] = shape[row]
    left, right = _inked(leaning, 0)
    return leaning[:, left:right]


def _beside(last: tuple[int, Mask], shape: Mask, gap: float) -> int:
    """Where a shape begins that is so far from the last one where they come nearest."""
    left, before = last
    return int(left + before.shape[1] - _room(before, shape) + gap)


def _room(left: Mask, right: Mask) -> int:
    """Columns of white between two shapes set edge to edge, where they come nearest; some part of their widths."""
    left, right = (ndimage.binary_dilation(each, np.ones((7, 1), bool)) for each in (left, right))
    behind = np.where(left.any(axis=1), left[:, ::-1].argmax(axis=1), 999)
    before = np.where(right.any(axis=1), right.argmax(axis=1), 999)
    return int(min((behind + before).min(), 0.4 * min(left.shape[1], right.shape[1]) + 3))


def _draw(mask: Mask, points: list[tuple[float, float]], random: Random) -> None:
    """Draws a line through points (x, y), a little unsteady."""
    ends = np.asarray(points, float)
    start, end = ends[:-1], ends[1:]
    control = (start + end) / 2 + random.normal(0, 0.6, start.shape)
    draw_curves(mask[None], np.zeros(len(start), int), *(each.clip(0, None) for each in (start, control, end)))


def _sign(random: Random) -> Mask:
    """A full stop, comma, dash, slash, colon, plus or equals sign, which the line reader has to pass over."""
    mask = np.zeros((HIGH, 60), np.bool_)
    kind, x = "..,,--//:+="[random.integers(11)], 15
    if kind in ".:":
        _draw(mask, [(x, BASE - 2 + random.normal()), (x + 2, BASE + random.normal())], random)
        if kind == ":":
            _draw(mask, [(x, BASE - 35 + random.normal(0, 2)), (x + 2, BASE - 33 + random.normal(0, 2))], random)
    elif kind == ",":
        _draw(mask, [(x + 4, BASE - 3), (x + random.normal(), BASE + random.uniform(5, 13))], random)
    elif kind == "/":
        top = (x + random.uniform(16, 30), BASE - random.uniform(55, 70))
        _draw(mask, [top, (x, BASE + random.uniform(0, 10))], random)
    else:
        y, long = BASE - 28 + random.normal(0, 3), random.uniform(16, 28)
        _draw(mask, [(x, y), (x + long, y + random.normal(0, 1.5))], random)
        if kind == "=":
            _draw(mask, [(x, y - 14), (x + long, y - 14 + random.normal(0, 1.5))], random)
        if kind == "+":
            middle = x + long / 2
            _draw(mask, [(middle, y - long / 2), (middle + random.normal(0, 2), y + long / 2)], random)
    left, right = _inked(mask, 0)
    return mask[:, left:right]


def _damage(canvas: Mask, random: Random) -> None:
    """What else a reader leaves: lines above and below that it missed, gaps where it removed strokes, and dirt."""
    chance = random.random()
    if chance < 0.08:
        for _ in range(random.integers(1, 4)):
            y, x = random.choice((8, 84)) + random.normal(0, 5), random.uniform(0, WIDE - 60)
            end = min(x + random.uniform(20, 300), WIDE - 3)
            _draw(canvas, [(x, y), (end, y + random.normal())], random)
    elif chance < 0.18:
        for _ in range(random.integers(1, 4)):
            if random.random() < 0.5:
                row = int(random.uniform(5, 88))
                canvas[row : row + random.integers(2, 9)] = False
            else:
                column = int(random.uniform(0, WIDE))
                canvas[:, column : column + random.integers(2, 9)] = False
    if random.random() < 0.08:
        for _ in range(random.integers(1, 6)):
            x, y = random.uniform(2, WIDE - 8), random.uniform(2, HIGH - 8)
            _draw(canvas, [(x, y), (x + random.uniform(0, 5), y + random.uniform(0, 5))], random)


def _picture(ink: Floats, random: Random) -> Pixels:
    """Ink as a finished picture: of almost any size, turned a little, beginning near the left end or anywhere."""
    scale, turn = float(np.exp(random.normal(0, 0.08))) * ZOOM, float(random.normal(0, 0.012))
    inked = np.flatnonzero(ink.max(axis=0) > 0.1)
    first, last = (int(inked[0]), int(inked[-1])) if inked.size else (0, WIDE)
    scale = max(scale, (last - first) / (COLUMNS - 6))
    spare = COLUMNS - 3 - (last - first) / scale
    start = random.uniform(1, min(spare, 14) if random.random() < 0.7 else max(spare, 2))
    x, y = first - scale * start, HIGH / 2 + random.normal(0, 4) - scale * ROWS / 2
    lift = turn * scale
    place = (scale, -lift, x + lift * ROWS / 2, lift, scale, y - lift * COLUMNS / 2)
    seen = Image.fromarray(ink).transform((COLUMNS, ROWS), Image.Transform.AFFINE, place, Image.Resampling.BICUBIC)
    return brightened(np.asarray(seen))
