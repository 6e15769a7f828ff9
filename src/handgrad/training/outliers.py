"""Images of no digit to learn from: a network that has seen some can refuse an answer.

Outlier exposure (Hendrycks, Mazeika and Dietterich 2019, "Deep Anomaly Detection with Outlier Exposure"). They are made
from the training digits, by turns after which they are none, and from drawn strokes: scribbles, capitals and small
letters. I, l, O and o are left out, since they cannot be told from digits; among the letters drawn by hand b, g, q, S,
s, Z and z too.
"""

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.nn.params import Array
from handgrad.rng import Stream, generator

Pixels = npt.NDArray[np.uint8]

COUNT = 12_000
SIDE = 28
# Digits that are none when mirrored, upside down, and a quarter turned.
MIRRORED, UPSIDE_DOWN, QUARTER = (3, 4, 6, 7, 9), (3, 4, 7), (1, 2, 3, 4, 5, 6, 7, 8, 9)
PRINTED = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"  # letters as a printer has them
# Strokes of letters through points xy, x from 0 to 4, y from 0 (top) to 6.
LETTERS = (
    "06 20 46|13 33", "41 30 10 01 05 16 36 45", "40 00 06 46|03 33", "40 00 06|03 33", "00 06|40 46|03 43",
    "00 06|40 03 46", "00 06 46", "06 00 23 40 46", "06 00 46 40", "06 00 30 41 42 33 03",
    "06 00 30 41 42 33 03|23 46", "00 40|20 26", "00 05 16 36 45 40", "00 26 40", "00 16 23 36 40", "00 46|40 06",
    "00 23 40|23 26", "04 44 43 32 12 03 05 16 36 45", "00 06|03 12 32 43 46", "00 06|42 04 46",
    "06 02|03 12 23 26|23 32 43 46", "06 02|03 12 32 43 46", "02 06|03 12 32", "20 25 36|02 42",
    "02 05 16 36 45|42 46", "02 26 42", "02 16 23 36 42", "02 46|42 06", "40 20 11 16|03 33",
    "40 46|43 32 12 03 05 16 36 45", "06 00 30 41 42 33 03|33 44 45 36 06", "06 00 20 41 45 26 06",
    "10 01 05 16 36 45 41 30 10|24 46", "22 26|20 20",
)  # fmt: skip


def make_outliers(data: Images, seed: int, count: int = COUNT) -> Pixels:
    """Make images of no digit.

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
        A fifth each of turned digits, pairs of digits, letters drawn by hand, printed letters, and scribbles.

    Raises
    ------
    UserError
        For other images than digits.
    """
    check_digits(data, "outliers")
    random = generator(seed, Stream.OUTLIERS)
    share = count // 5
    made = [_turned(data, share, random), _pairs(data, share, random), _letters(share, random), _printed(share, random)]
    return np.concatenate([*made, _scribbles(count - 4 * share, random)])


def check_digits(data: Images, made: str) -> None:
    """Check that something can be made from images.

    Parameters
    ----------
    data : Images
        Any images.
    made : str
        What is made from them, as the message says it.

    Raises
    ------
    UserError
        Where `are_digits` says no.
    """
    if not are_digits(data):
        size, classes = "x".join(map(str, data.shape)), len(np.unique(data.labels))
        raise UserError(f"{made} are made from the ten digits, 28x28x1: got {size} of {classes} classes; set it to 0")


def are_digits(data: Images) -> bool:
    """Tell whether images are those which outliers are made from.

    Parameters
    ----------
    data : Images
        Any images.

    Returns
    -------
    bool
        Whether they are grey, 28x28, and of all ten digits.
    """
    every = data.classes == tuple("0123456789") and len(np.unique(data.labels)) == len(data.classes)
    return every and data.shape == (SIDE, SIDE, 1)


def _turned(data: Images, count: int, random: np.random.Generator) -> Pixels:
    out = np.empty((count, SIDE, SIDE), np.uint8)
    parts = np.array_split(out, 3)
    mirrored, upside_down, quarter = (
        data.pixels[random.choice(np.flatnonzero(np.isin(data.labels, digits)), len(part))]
        for part, digits in zip(parts, (MIRRORED, UPSIDE_DOWN, QUARTER), strict=True)
    )
    parts[0][:], parts[1][:] = mirrored[:, :, ::-1], upside_down[:, ::-1, ::-1]
    parts[2][:] = quarter.transpose(0, 2, 1)[:, ::-1]
    return out


def _pairs(data: Images, count: int, random: np.random.Generator) -> Pixels:
    """Two digits beside each other, as wide together as one image: each keeps every second column, averaged."""
    left, right = (data.pixels[random.integers(0, len(data), count), :, 4:24].astype(np.float32) for _ in range(2))
    gap = random.integers(0, 5, count)
    out = np.zeros((count, SIDE, SIDE), np.uint8)
    for i in range(count):
        both = np.zeros((SIDE, 2 * SIDE), np.float32)
        both[:, 8 + gap[i] : 28 + gap[i]] = left[i]
        both[:, 28 - gap[i] : 48 - gap[i]] = np.maximum(both[:, 28 - gap[i] : 48 - gap[i]], right[i])
        out[i] = both.reshape(SIDE, SIDE, 2).max(axis=2)
    return out


def _letters(count: int, random: np.random.Generator) -> Pixels:
    which = random.integers(0, len(LETTERS), count)
    drawn: list[list[Array]] = []
    for letter in which:
        lines = [np.array([(int(p[0]), int(p[1])) for p in line.split()], float) for line in LETTERS[letter].split("|")]
        wide, tall = random.uniform(8, 18) / 4, random.uniform(14, 20) / 6
        lines = [(line - (2, 3)) * (wide, tall) + random.normal(0, 0.7, line.shape) + SIDE / 2 for line in lines]
        drawn.append([*lines, *(_serifs(lines, random) if random.random() < 0.4 else [])])
    return _draw(drawn, random)


def _serifs(lines: list[Array], random: np.random.Generator) -> list[Array]:
    """A short level stroke through each end of the lines, as printers' letters have."""
    half = random.uniform(1, 2.5)
    return [end + np.array([(-half, 0), (half, 0)]) for line in lines for end in (line[0], line[-1])]


def _printed(count: int, random: np.random.Generator) -> Pixels:
    """Letters of the font that comes with Pillow, thin and fat."""
    from PIL import Image, ImageDraw, ImageFont

    font, out = ImageFont.load_default(80), np.zeros((count, SIDE, SIDE), np.uint8)
    for image in out:
        canvas = Image.new("L", (160, 160))
        letter, fat = PRINTED[random.integers(len(PRINTED))], int(random.integers(0, 5))
        ImageDraw.Draw(canvas).text((80, 80), letter, fill=255, font=font, anchor="mm", stroke_width=fat)
        canvas = canvas.crop(canvas.getbbox())
        scale = 20 / max(canvas.size)
        width, height = (max(1, round(side * scale)) for side in canvas.size)
        top, left = (SIDE - height) // 2, (SIDE - width) // 2
        image[top : top + height, left : left + width] = np.asarray(canvas.resize((width, height)))
    return out


def _scribbles(count: int, random: np.random.Generator) -> Pixels:
    """Strokes at random: curves and straight lines, or zigzags; now and then a dash, a dot or nothing at all."""
    drawn: list[list[Array]] = []
    lines: list[Array]
    for _ in range(count):
        kind = random.choice(("dot", "curves", "zigzags"), p=(0.08, 0.52, 0.4))
        if kind == "zigzags":
            lines = [random.uniform(-11, 11, (int(random.integers(2, 7)), 2)) for _ in range(random.integers(2, 7))]
        elif kind == "curves":
            lines = _curves(int(random.integers(3, 7)), random.uniform(6, 12), random)
        else:
            lines = _curves(1, random.uniform(0, 3), random)
        drawn.append([line + SIDE / 2 for line in lines])
    return _draw(drawn, random)


def _curves(strokes: int, reach: float, random: np.random.Generator) -> list[Array]:
    """Quadratic curves within a distance of the middle, three in ten of them straight."""
    t = np.linspace(0, 1, 5)[:, None]
    lines = []
    for _ in range(strokes):
        a, b, c = random.uniform(-reach, reach, (3, 2))
        lines.append((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c if random.random() < 0.7 else np.array([a, c]))
    return lines


def _draw(drawn: list[list[Array]], random: np.random.Generator) -> Pixels:
    """Pictures of lines through points (x, y), each with a pen of its own, soft at the edge as in MNIST."""
    out = np.zeros((len(drawn), SIDE, SIDE), np.uint8)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    pens = random.uniform(0.6, 1.8, len(drawn))
    for image, lines, pen in zip(out, drawn, pens, strict=True):
        ends = np.concatenate([np.concatenate([line[:-1], line[1:]], axis=1) for line in lines])
        ax, ay, bx, by = ends.T[:, :, None, None]
        dx, dy = bx - ax, by - ay
        along = (((x - ax) * dx + (y - ay) * dy) / np.maximum(dx * dx + dy * dy, 1e-9)).clip(0, 1)
        distance = np.hypot(x - ax - along * dx, y - ay - along * dy).min(axis=0)
        image[:] = np.rint((pen + 0.5 - distance).clip(0, 1) * 255)
    return out
