"""Other hands: training digits with longer tails, other proportions, flags and bars, and digits written as MNIST's
writers seldom write them; all drawn with other pens.
"""

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.rng import Stream, generator
from handgrad.training.flourishes import STROKES
from handgrad.training.outliers import check_digits
from handgrad.training.pens import CANVAS, SIDE, ZOOM, Pixels, drawn, fitted
from handgrad.training.strokes import Floats, Mask, draw_curves, thinned

Rows = npt.NDArray[np.int64]
Many = npt.NDArray[np.float64]

PART = 128  # images worked on at a time: they fit a cache
INK = 0.4  # from which level on a pixel of MNIST is ink
HEIGHT, TALLEST, WIDEST = 60, 82, 74  # canvas pixels of a digit
# Digits whose lower, or upper, part may be up to so many times as tall, and where that part begins.
TAILS, HEADS, LONGEST = (1, 4, 7, 9), (6,), 2.2
TAIL_SHARE, KNEE = 0.5, (0.4, 0.6)
TALL = 0.05  # deviation of a height's logarithm
NARROWEST, WIDEST_STRETCH, NARROW_ZERO = 0.65, 1.35, 0.4  # factors of a width
ODD_ZEROS = 0.3  # share of the 0s that may be narrow, and of those that may slant
SLANT, ZERO_SLANT = 0.2, 0.4  # largest of each, in columns for a row
WAVE = 1.5  # largest deviation of a wavy stroke
UNSTEADY = 1.6  # deviation of a glyph's points
INSIDE = 44  # how far from the middle of the canvas a glyph may reach
WRITTEN = 0.22  # share of the digits that are written after `GLYPHS`
# The glyphs of each digit, from 0 to 9: strokes through points xy, x from 0 to 5, y from 0 (top) to 6. Corners are cut
# to make curves.
GLYPHS = (
    ("00 40 46 06 00", "20 00 06 46 40 20", "20 00 06 46 40 20|05 41", "30 00 06 46 40 10", "01 05 16 36 45 41 30 10",
     "10 30 41 45 36 16 05 02", "00 30 41 45 36 16 05 02 20"),
    ("02 20 26", "03 20 26|06 46", "12 20 26|16 36", "04 30 36", "05 40 46", "06 40 36", "12 20 26", "05 30 34 46",
     "04 14 31 30 34 36 46", "05 15 41 40 35 46", "04 20 25 36"),
    ("01 10 30 42 06 46", "01 10 30 42 15 06 05 16 46", "01 00 40 43 06 46", "00 40 42 05 06 46"),
    ("00 40 22 32 43 45 36 16 05", "01 10 30 41 32 22 33 44 45 36 16 05", "00 40 13 43 46 06", "00 30 41 23 44 46 06"),
    ("10 03 43|31 36", "30 03 43|30 36", "36 30 03 43", "00 03 14 33 42 31 21 26", "00 03 43|40 46", "20 04 54|32 36",
     "10 03 14 43 41 32 26", "00 04 25 42 30 21 26", "10 04 44|32 36", "20 04 34|32 36", "20 03 13 32 36",
     "20 03 33 36", "10 03 13 32 43 46", "20 04 44|33 35", "00 03 14 34 42|30 12 16",
     "00 03 34 43 41|20 26", "10 02 13 33 41|31 26", "00 13 24 43 41|40 31 26", "00 03 13 41|20 12 16"),
    ("40 00 02 32 43 45 36 06", "00 02 22 43 45 26 05|00 50", "40 10 02 32 44 46 06", "10 02 32 43 36 06|10 50",
     "40 10 13 33 45 26 06", "40 10 02 12 32 43 45 26 06 15"),
    ("30 12 04 05 16 36 45 44 33 13 04", "40 04 06 46 43 04", "20 04 06 36 34 04", "41 20 02 05 26 45 43 14"),
    ("00 40 16|13 43", "01 00 40 26", "00 40 22 26", "00 40 23 16", "02 00 40 16|13 43", "00 50 26|23 53", "00 40 06",
     "02 30 16|03 43", "01 30 16|13 43"),
    ("20 00 02 42 40 20|22 03 06 46 43 22", "41 20 01 33 45 26 05 14 32 41", "30 00 02 44 46 06 04 42 40 10"),
    ("03 23 33 42 31 21 26", "41 20 01 13 33 41 46", "42 30 10 02 13 33 41 42 45 26 06", "40 00 03 43 40 46",
     "40 10 02 33 40 26", "30 00 03 33 30 36 06", "41 20 01 12 32 41 43 36 06", "40 20 01 12 32 41 44 46 16 05",
     "42 30 10 02 13 33 42 44 35 16 06", "16 11 20 40 42 23 12", "41 30 10 02 13 33 41 36 46",
     "30 10 01 12 32 30 35 16 05", "42 40 10 01 12 32 41|12 33 44 35 16 06", "20 01 12 41 40 20|22 34 35 26 06",
     "41 40 10 01 02 32 41|22 33 45 46 06", "40 20 01 12 32 40 33 35 26 06"),
)  # fmt: skip


def redrawn(data: Images, seed: int) -> Pixels:
    """Return a copy of each image, in another hand and with another pen.

    Parameters
    ----------
    data : Images
        Grey images of the ten digits, 28x28.
    seed : int
        Of the run.

    Returns
    -------
    uint8 array (N, 28, 28)
        In the order of the images.

    Raises
    ------
    UserError
        For other images than digits.
    """
    check_digits(data, "redrawn copies")
    out = np.empty((len(data), SIDE, SIDE), np.uint8)
    for first in range(0, len(data), PART):
        part = data[first : first + PART]
        random = generator(seed, Stream.REDRAWN, first)
        out[first : first + PART] = fitted(drawn(lines_of(part.pixels, part.labels, random), random))
    return out


def lines_of(pixels: Pixels, labels: Pixels, random: np.random.Generator) -> Mask:
    """Return the middle lines of digits in other hands.

    Parameters
    ----------
    pixels : uint8 array (N, 28, 28)
        The digits.
    labels : uint8 array (N,)
        Which they are.
    random : numpy.random.Generator
        What the hands are drawn from.

    Returns
    -------
    bool array (N, CANVAS, CANVAS)
        One pixel wide.
    """
    lines = thinned(_warped(pixels, labels, random) > INK)
    for row in np.flatnonzero(random.random(len(lines)) < WRITTEN):
        glyphs = GLYPHS[labels[row]]
        lines[row] = _written(glyphs[random.integers(len(glyphs))], random)
    for digit, (share, add) in STROKES.items():
        rows = np.flatnonzero((labels == digit) & (random.random(len(lines)) < share))
        if rows.size:
            add(lines, rows, random)
    return lines


def _warped(pixels: Pixels, labels: Pixels, random: np.random.Generator) -> Floats:
    """Digits enlarged, with other proportions: from 0 to 1, (N, CANVAS, CANVAS)."""
    n = len(pixels)
    inked = pixels > INK * 255
    top, bottom = _ends(np.asarray(inked.any(axis=2)))
    left, right = _ends(np.asarray(inked.any(axis=1)))
    knee, stretch = random.uniform(*KNEE, n), np.ones(n)
    tails = np.isin(labels, (*TAILS, *HEADS)) & (random.random(n) < TAIL_SHARE)
    stretch[tails] = random.uniform(1, LONGEST, tails.sum())
    head = np.isin(labels, HEADS)
    upper = np.where(head, knee * stretch, knee)
    lower = np.where(head, 1 - knee, (1 - knee) * stretch)
    height = HEIGHT * (upper + lower) * np.exp(random.normal(0, TALL, n))
    narrow = np.where((labels == 0) & (random.random(n) < ODD_ZEROS), NARROW_ZERO, NARROWEST)
    across = ZOOM * np.exp(random.uniform(np.log(narrow), np.log(WIDEST_STRETCH)))
    shrink = np.minimum(1, np.minimum(TALLEST / height, WIDEST / (across * (right - left))))
    height, across = height * shrink, across * shrink
    u = (np.arange(CANVAS) + 0.5 - CANVAS / 2) / height[:, None] + 0.5  # from 0 to 1 between a digit's ends
    bend = (upper / (upper + lower))[:, None]
    v = np.where(u < bend, u * knee[:, None] / bend, 1 - (1 - u) * (1 - knee[:, None]) / (1 - bend))
    y = top[:, None] + v * (bottom - top)[:, None] - 0.5
    tall = _weights(y) @ (pixels.astype(np.float32) / np.float32(255))
    return _sampled(tall, _columns((left + right) / 2, across, labels, random))


def _ends(inked: npt.NDArray[np.bool_]) -> tuple[Many, Many]:
    """Where ink begins and ends, (N,) each; the whole image where there is none."""
    first, last = inked.argmax(axis=1), inked.shape[1] - inked[:, ::-1].argmax(axis=1)
    return first.astype(float), last.astype(float)


def _weights(y: Many) -> Floats:
    """Linear interpolation at rows y as matrices (N, CANVAS, SIDE)."""
    return (1 - np.abs(y[:, :, None] - np.arange(SIDE))).clip(0, 1).astype(np.float32)


def _columns(middle: Many, across: Many, labels: Pixels, random: np.random.Generator) -> Floats:
    """Where in an image each canvas pixel lies, (N, CANVAS, CANVAS): slanting and wavy."""
    n = len(middle)
    largest = np.where((labels == 0) & (random.random(n) < ODD_ZEROS), ZERO_SLANT, SLANT)
    off = np.arange(CANVAS) - CANVAS / 2
    slant = (random.uniform(-1, 1, n) * largest)[:, None] * off
    wave = random.uniform(0, WAVE, (n, 1)) * np.sin(off / random.uniform(6, 15, (n, 1)) + random.uniform(0, 7, (n, 1)))
    start, step = middle - 0.5 + 0.5 / across, 1 / across[:, None]
    moved, along = (slant + wave) * step + start[:, None], off * step
    return moved.astype(np.float32)[:, :, None] + along.astype(np.float32)[:, None]


def _sampled(tall: Floats, x: Floats) -> Floats:
    """Linear interpolation of each row at columns x; 0 outside."""
    padded = np.pad(tall, ((0, 0), (0, 0), (1, 1)))
    place = (x + 1).clip(0, np.float32(SIDE + 1 - 1e-4))
    before = place.astype(np.intp)
    share = place - before.astype(np.float32)
    left, right = (np.take_along_axis(padded, before + step, axis=2) for step in (0, 1))
    sampled: Floats = left + share * (right - left)
    return sampled


def _written(glyph: str, random: np.random.Generator) -> Mask:
    """The middle lines of one glyph, with points moved and corners cut."""
    lines = np.zeros((1, CANVAS, CANVAS), np.bool_)
    size = np.array([random.uniform(5, 11), random.uniform(8.5, 11.5)])
    slant, rounds = random.uniform(-0.3, 0.3), int(random.integers(0, 4))
    for line in glyph.split("|"):
        points = (np.array([(int(p[0]), int(p[1])) for p in line.split()]) - (2, 3)) * size
        points += random.normal(0, UNSTEADY, points.shape)
        points[:, 0] -= slant * points[:, 1]
        points = _rounded(points, rounds).clip(-INSIDE, INSIDE) + CANVAS / 2
        start, end = points[:-1], points[1:]
        draw_curves(lines, np.zeros(len(start), int), start, (start + end) / 2, end)
    drawing: Mask = lines[0]
    return drawing


def _rounded(points: Many, rounds: int) -> Many:
    """A line whose corners are cut so many times (Chaikin 1974); its ends stay."""
    for _ in range(rounds):
        early, late = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.concatenate([points[:1], np.stack([early, late], axis=1).reshape(-1, 2)[1:-1], points[-1:]])
    return points
