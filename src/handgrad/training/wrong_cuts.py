"""Images of no digit as a reader of pages meets them: parts of digits, digits that touch, neighbours' strokes, marks.

A reader that cuts touching writing apart asks about many cuts, most of them wrong: a network has to refuse those. Parts
that are digits themselves are left out, and so is what looks like a 1.
"""

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.rng import Stream, generator
from handgrad.training.hands import lines_of
from handgrad.training.marks import mark_lines, solids
from handgrad.training.outliers import check_digits
from handgrad.training.pens import CANVAS, Pixels, drawn, fitted
from handgrad.training.strokes import Floats, Mask

COUNT = 24_000
PART = 512  # images worked on at a time: they fit a cache
# How often each kind is made, in the order of `_KINDS`.
SHARES = (0.36, 0.24, 0.16, 0.16, 0.08)
# Digits of which a part looks like a digit; parts of vertical cuts, then of horizontal ones.
LIKE_A_DIGIT = {
    "left": (1, 5), "right": (1, 3, 4, 7, 8), "middle": (1, 7),
    "top": (1, 2, 3, 6, 7, 8, 9), "bottom": (1, 5, 6, 7, 8, 9),
}  # fmt: skip
LEAST, MOST = 0.2, 0.6  # share of a digit's ink that a part has
THIRD = (0.28, 0.4)
LEAN = 0.35  # columns for a row that a cut slants by, at most
NEIGHBOUR = (0.15, 0.55)  # share of the neighbour's width that is left of it
THINNEST_PIECE = 13  # canvas pixels that a piece of a neighbour measures across, at least
OVERLAP, LITTLE_OVERLAP = (-0.02, 0.25), (-0.05, 0.08)  # of the widths of two digits that touch
STRAIGHT, UPRIGHT = 0.22, 0.45  # what looks like a 1: width for its length, and the largest |cos| of its steepness


def wrong_cuts(data: Images, seed: int, count: int = COUNT) -> Pixels:
    """Return images of what is no single digit, as cuts through writing show it.

    Parameters
    ----------
    data : Images
        Grey images of the ten digits, 28x28.
    seed : int
        Of the run.
    count : int
        How many images to make.

    Returns
    -------
    uint8 array (count, 28, 28)
        Parts of digits, pairs, digits with a piece of a neighbour, marks and filled shapes, mixed.

    Raises
    ------
    UserError
        For other images than digits.
    """
    check_digits(data, "wrong cuts")
    made: list[Pixels] = []
    number = 0
    while sum(map(len, made)) < count:
        random = generator(seed, Stream.WRONG_CUTS, number)
        for kind, amount in zip(_KINDS, random.multinomial(min(PART, count), SHARES), strict=True):
            drawings = [drawing for drawing in kind(data, int(amount), random) if not _like_a_one(drawing)]
            made.append(fitted(drawings))
        number += 1
    return np.concatenate(made)[:count]


def _parts(data: Images, count: int, random: np.random.Generator) -> list[Floats]:
    """Halves and thirds of digits; cuts slant."""
    rows = random.integers(0, len(data), count)
    labels = data.labels[rows]
    kinds = random.choice(tuple(LIKE_A_DIGIT), count, p=(0.25, 0.25, 0.2, 0.15, 0.15))
    kept = [label not in LIKE_A_DIGIT[kind] for label, kind in zip(labels.tolist(), kinds.tolist(), strict=True)]
    rows, labels, kinds = rows[kept], labels[kept], kinds[kept]
    drawings = drawn(lines_of(data.pixels[rows], labels, random), random)
    return [_part(drawing, kind, random) for drawing, kind in zip(drawings, kinds.tolist(), strict=True)]


def _part(drawing: Floats, kind: str, random: np.random.Generator) -> Floats:
    if kind in ("top", "bottom"):
        return _part(drawing.T, "left" if kind == "top" else "right", random).T
    lean = random.uniform(-LEAN, LEAN) * (np.arange(drawing.shape[0]) - drawing.shape[0] / 2)
    place = np.arange(drawing.shape[1]) - lean[:, None]
    order = np.argsort(place, axis=None)
    before = np.empty(drawing.shape)  # share of the ink that is further left
    before.flat[order] = np.cumsum(drawing.flat[order]) / max(float(drawing.sum()), 1e-9)
    if kind == "middle":
        third = random.uniform(*THIRD)
        kept = np.abs(before - 0.5) < third / 2
    else:
        share = random.uniform(LEAST, MOST)
        kept = before < share if kind == "left" else before > 1 - share
    return np.where(kept, drawing, np.float32(0))


def _pairs(data: Images, count: int, random: np.random.Generator) -> list[Floats]:
    """Two digits that touch or overlap, now and then apart."""
    lines, _ = _side_by_side(data, count, random, OVERLAP)
    return drawn(lines, random)


def _with_pieces(data: Images, count: int, random: np.random.Generator) -> list[Floats]:
    """A digit with a piece of its neighbour, on either side."""
    lines, seams = _side_by_side(data, count, random, LITTLE_OVERLAP)
    share, rightmost = random.uniform(*NEIGHBOUR, len(lines)), random.random(len(lines)) < 0.5
    columns = np.arange(lines.shape[2])
    for image, (start, seam, end), part, right in zip(lines, seams, share, rightmost, strict=True):
        left = max(part * (end - seam if right else seam - start), THINNEST_PIECE)
        image[:, columns > seam + left if right else columns < seam - left] = False
    return drawn(lines, random)


def _side_by_side(
    data: Images, count: int, random: np.random.Generator, overlap: tuple[float, float]
) -> tuple[Mask, npt.NDArray[np.int64]]:
    """Two digits beside each other; and where the first begins, where they meet and where the second ends."""
    rows = random.integers(0, len(data), (2, count))
    rows = rows[:, (data.labels[rows] != 1).any(axis=0)]  # two 1s on each other are one
    count = rows.shape[1]
    first, second = (lines_of(data.pixels[each], data.labels[each], random) for each in rows)
    out = np.zeros((count, CANVAS, 2 * CANVAS), np.bool_)
    seams = np.empty((count, 3), np.int64)
    for i in range(count):
        (a, b), (c, d) = _columns(first[i]), _columns(second[i])
        gap = _gap(first[i, :, a:b], second[i, :, c:d])
        shift = b - gap - round(random.uniform(*overlap) * min(b - a, d - c))
        shift = min(max(shift, a), 2 * CANVAS - (d - c))
        out[i, :, :CANVAS] = first[i]
        out[i, :, shift : shift + d - c] |= second[i, :, c:d]
        seams[i] = a, (b + shift) // 2, shift + d - c
    return out, seams


def _columns(lines: Mask) -> tuple[int, int]:
    inked = np.flatnonzero(lines.any(axis=0))
    return (int(inked[0]), int(inked[-1]) + 1) if inked.size else (0, 1)


def _gap(left: Mask, right: Mask) -> int:
    """How many columns of white would be between two digits that are set edge to edge, in the nearest row."""
    behind = np.where(left.any(axis=1), left[:, ::-1].argmax(axis=1), CANVAS)
    before = np.where(right.any(axis=1), right.argmax(axis=1), CANVAS)
    return int(min((behind + before).min(), CANVAS // 2))


def _marks(data: Images, count: int, random: np.random.Generator) -> list[Floats]:
    """Punctuation, crosses, frames and ruled lines, some with a digit."""
    rows = random.integers(0, len(data), count)
    lines = mark_lines(lines_of(data.pixels[rows], data.labels[rows], random), random)
    return drawn(lines, random)


def _solids(data: Images, count: int, random: np.random.Generator) -> list[Floats]:
    return solids(count, random)


_KINDS = (_parts, _pairs, _with_pieces, _marks, _solids)


def _like_a_one(drawing: Floats) -> bool:
    """Whether there is no ink, or one straight stroke that is not level: the second moments tell."""
    mass = float(drawing.sum())
    if mass <= 0:
        return True
    y, x = np.arange(drawing.shape[0]), np.arange(drawing.shape[1])
    rows, columns = drawing.sum(axis=1) / mass, drawing.sum(axis=0) / mass
    dy, dx = y - rows @ y, x - columns @ x
    cross = float(dy @ drawing @ dx) / mass
    values, vectors = np.linalg.eigh([[float(rows @ dy**2) + 0.1, cross], [cross, float(columns @ dx**2) + 0.1]])
    return bool(values[0] < STRAIGHT**2 * values[1] and abs(vectors[0, 1]) > UPRIGHT)
