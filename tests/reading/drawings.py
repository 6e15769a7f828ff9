"""Digits and signs drawn as strokes, on any paper: pictures for tests of reading whose strokes are all known.

A line is an array (N, 2) of the points x and y that a pen goes through. Shapes are a digit height high; what is written
is in pixels.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from handgrad.reading.rules import Rules, find_rules

Lines = list[np.ndarray]
FINE = 4  # strokes are drawn at so many times their size, then reduced


def arc(x: float, y: float, wide: float, high: float, start: float = 0, end: float = 360) -> list[tuple[float, float]]:
    """Points around a middle, from one angle to another in degrees, clockwise from the right."""
    angles = np.radians(np.linspace(start, end, 25))
    return [*zip(x + wide * np.cos(angles), y + high * np.sin(angles), strict=True)]


SHAPES = {
    "0": [arc(0.3, 0.5, 0.28, 0.5)],
    "1": [[(0.1, 0.2), (0.25, 0), (0.25, 1)]],
    "2": [[*arc(0.3, 0.27, 0.27, 0.27, -170, 30), (0, 1), (0.6, 1)]],
    "3": [[*arc(0.27, 0.25, 0.25, 0.25, -150, 90), *arc(0.27, 0.74, 0.3, 0.26, -90, 150)]],
    "4": [[(0.3, 0), (0, 0.62), (0.6, 0.62)], [(0.46, 0.3), (0.46, 1)]],
    "5": [[(0.55, 0), (0.12, 0), (0.08, 0.42), *arc(0.28, 0.69, 0.3, 0.31, -120, 150)]],
    "6": [[(0.45, 0), (0.2, 0.25), (0.05, 0.55), *arc(0.3, 0.72, 0.28, 0.28, 180, 540)]],
    "7": [[(0, 0), (0.55, 0), (0.2, 1)]],
    "8": [arc(0.3, 0.25, 0.23, 0.25), arc(0.3, 0.75, 0.28, 0.25)],
    "9": [[*arc(0.28, 0.28, 0.26, 0.28), (0.5, 0.6), (0.42, 1)]],
    ".": [[(0, 0.98), (0.03, 0.98)]],
    ",": [[(0.1, 0.93), (0.02, 1.16)]],
    ":": [[(0, 0.35), (0.03, 0.35)], [(0, 0.85), (0.03, 0.85)]],
    "/": [[(0.5, -0.12), (0, 1.12)]],
    "-": [[(0, 0.5), (0.4, 0.5)]],
    "+": [[(0, 0.5), (0.5, 0.5)], [(0.25, 0.25), (0.25, 0.75)]],
    "=": [[(0, 0.38), (0.45, 0.38)], [(0, 0.62), (0.45, 0.62)]],
}


def shape(character: str, tail: float = 0.0, slant: float = 0.0) -> Lines:
    """A character that begins at x = 0; a tail makes 7 and 9 longer, a slant leans to the right."""
    lines = [np.array(line, float) for line in SHAPES[character]]
    if tail and character in "79":
        way = lines[0][-1] - lines[0][-2]
        lines[0] = np.concatenate([lines[0], [lines[0][-1] + tail * way / np.hypot(*way)]])
    lines = [line + (1 - line[:, 1:]) * (slant, 0) for line in lines]
    left = min(line[:, 0].min() for line in lines)
    return [line - (left, 0) for line in lines]


def written(
    text: str, tall: float, at: tuple[float, float], gap: float = 0.3, tail: float = 0.0, slant: float = 0.0,
    slope: float = 0.0,
) -> Lines:  # fmt: skip
    """A line of upright characters whose left top is `at`, falling by a slope; a gap of 0 or less lets them touch."""
    lines: Lines = []
    x = 0.0
    for character in text:
        if character == " ":
            x += 0.7
            continue
        strokes = shape(character, tail, slant)
        lines += [(stroke + np.array([x, x * slope])) * tall + at for stroke in strokes]
        x += max(stroke[:, 0].max() for stroke in strokes) + gap
    return lines


def turned(lines: Lines, degrees: float, about: tuple[float, float]) -> Lines:
    """Lines turned clockwise, so that what was level falls to the right."""
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [(line - about) @ matrix + about for line in lines]


def ink(lines: Sequence[np.ndarray], shape: tuple[int, int], width: float, soft: float = 0.0) -> np.ndarray:
    """How much ink lies where, float 0 to 1 (H, W); soft is how many pixels the edges are blurred by."""
    canvas = Image.new("L", (shape[1] * FINE, shape[0] * FINE))
    draw = ImageDraw.Draw(canvas)
    radius = width * FINE / 2
    for line in lines:
        points = [(float(x) * FINE, float(y) * FINE) for x, y in line]
        draw.line(points, 255, max(1, round(2 * radius)), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], 255)
    small = canvas.reduce(FINE)
    return np.asarray(small.filter(ImageFilter.GaussianBlur(soft)) if soft else small, float) / 255


def hard(lines: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Ink of a pen one pixel wide without soft edges."""
    canvas = Image.new("L", (shape[1], shape[0]))
    for line in lines:
        ImageDraw.Draw(canvas).line([(float(x), float(y)) for x, y in line], 255, 1)
    return np.asarray(canvas, float) / 255


def on(amount: np.ndarray, paper: float | np.ndarray = 235, pen: float = 40) -> np.ndarray:
    """The picture, uint8, of ink on paper of any light."""
    return (paper + (pen - np.asarray(paper, float)) * amount).clip(0, 255).astype(np.uint8)


def page(text: str, tall: float = 50, width: float = 5, paper: float | np.ndarray = 235, **how: float) -> np.ndarray:
    """Lines of text with plenty of paper around them."""
    rows = text.split("\n")
    shape = round((2.2 * len(rows) + 2) * tall), round((max(map(len, rows)) * 0.95 + 3) * tall)
    lines = [
        line for i, row in enumerate(rows) for line in written(row, tall, (1.5 * tall, (1.5 + 2.2 * i) * tall), **how)
    ]
    return on(ink(lines, shape, width, 0.6), paper)


def bordered(picture: np.ndarray, border: int, level: int, sides: str = "ltrb") -> np.ndarray:
    """The picture with a border of one level at its left, top, right or bottom."""
    widths = [[border * (side in sides) for side in pair] for pair in ("tb", "lr")]
    return np.pad(picture, widths, constant_values=level)


def level_lines(shape: tuple[int, int], pitch: int, start: int = 0) -> Lines:
    """Ruled paper: lines from border to border."""
    return [np.array([(0, y), (shape[1], y)], float) for y in range(start or pitch, shape[0], pitch)]


def upright_lines(shape: tuple[int, int], pitch: int) -> Lines:
    """The other lines of squared paper."""
    return [np.array([(x, 0), (x, shape[0])], float) for x in range(pitch, shape[1], pitch)]


def box(left: float, top: float, width: float, height: float) -> np.ndarray:
    """A printed box."""
    right, bottom = left + width, top + height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], float)


def light(shape: tuple[int, int], low: float, high: float) -> np.ndarray:
    """Paper whose light grows from the left top to the right bottom."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    return low + (high - low) * (x / shape[1] + y / shape[0]) / 2


def soft_spot(shape: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    """A hand's shadow, 0 to 1, with an edge as wide as itself."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    return np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / radius**2)


def rules_of(ink: np.ndarray) -> Rules:
    """The printed lines among ink (H, W), bool, that is equally strong everywhere."""
    return find_rules(ink, np.where(ink, np.float32(200), np.float32(0)))


class Sheet:
    """Paper to draw on, in grey levels."""

    def __init__(self, height: int, width: int, level: int = 225) -> None:
        self.image = Image.new("L", (width, height), level)
        self.draw = ImageDraw.Draw(self.image)

    def stroke(self, points: list[tuple[float, float]], pen: int, ink: int) -> None:
        """A line through points, with round ends."""
        self.draw.line(points, fill=ink, width=pen, joint="curve")
        for x, y in (points[0], points[-1]):
            self.draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=ink)

    def write(self, text: str, left: float, top: float, tall: float = 60, pen: int = 5, ink: int = 40,
              step: float = 0.85, fall: float = 0.0) -> None:  # fmt: skip
        """Digits and signs side by side; each so many heights to the right of the one before, and lower by `fall`."""
        for i, sign in enumerate(text):
            x, y = left + i * step * tall, top + i * fall * tall
            for points in SHAPES[sign]:
                self.stroke([(x + tall * u, y + tall * v) for u, v in points], pen, ink)

    def pixels(self, noise: float = 1.5) -> np.ndarray:
        """The picture, with some grain."""
        random = np.random.default_rng(0)
        grain = random.normal(0, noise, (self.image.height, self.image.width))
        return (np.asarray(self.image) + grain).clip(0, 255).astype(np.uint8)
