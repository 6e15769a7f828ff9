"""Digits and punctuation as people write them: hands that set them in lines, and pens that draw them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from strokes import LOOPS, Pixels, Random, Strokes, punctuation, skeleton, tailed

FINE = 4  # strokes are drawn at so many times their size, then reduced
BANDS = 12  # heights at which two neighbours are compared
TUCK, MARK_TUCK = 0.35, 0.12  # how far a digit, or punctuation, may reach under its neighbour
Range = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, width, height
Grey = NDArray[np.float32]


@dataclass(frozen=True)
class Digits:
    """Images (N, 28, 28) to write with, and their labels."""

    pixels: Pixels
    labels: Pixels

    def some(self, digit: str, random: Random) -> Strokes:
        """Any image of this digit, thinned; one whose loops were lost is passed over."""
        rows = np.flatnonzero(self.labels == int(digit))
        while True:
            strokes = skeleton(self.pixels[random.choice(rows)])
            if strokes.loops >= LOOPS.get(digit, 0):
                return strokes


@dataclass(frozen=True)
class Hand:
    """How somebody writes; lengths in heights of a digit.

    gap lies between neighbours where they come nearest: below 0 they overlap. lean is the shear to the right, wobble
    how much heights and places vary, tails how long those of 7 and 9 are.
    """

    gap: Range = (0.12, 0.35)
    lean: Range = (-0.1, 0.25)
    wobble: float = 0.06
    tails: Range = (0, 0)


@dataclass(frozen=True)
class Pen:
    """width in heights of a digit; colours to choose from; strength 0 to 1 of the ink; grain that breaks it up."""

    width: Range
    colours: tuple[tuple[int, int, int], ...]
    strength: Range = (0.8, 1)
    grain: float = 0
    slope: float = 0.15  # how much wider strokes are in one direction than across it


BLUE, BLACK, RED, GREY, WHITE = (35, 55, 150), (35, 35, 40), (180, 40, 45), (90, 90, 95), (235, 235, 230)
BIRO = Pen((0.04, 0.085), (BLUE, BLUE, BLACK, BLACK, RED), (0.7, 0.95), grain=0.15)
PENCIL = Pen((0.05, 0.1), (GREY, (70, 70, 75)), (0.45, 0.8), grain=0.7)
FELT = Pen((0.1, 0.19), (BLACK, BLUE, (20, 110, 60), RED), (0.85, 1))
INK = Pen((0.06, 0.13), (BLACK, BLUE), (0.8, 1), slope=0.4)
CHALK = Pen((0.08, 0.16), (WHITE, WHITE, (235, 220, 140)), (0.65, 0.95), grain=0.8)
MARKER = Pen((0.1, 0.18), (BLACK, BLUE, RED, (20, 120, 60)), (0.75, 0.95), grain=0.2)


@dataclass(frozen=True)
class Mark:
    """A written character, its strokes and how wide the pen draws them; in pixels, as is its place."""

    text: str
    strokes: Strokes
    width: float

    @property
    def box(self) -> Box:
        """Left, top, width and height of its ink."""
        low = self.strokes.points.min(axis=0) - self.width / 2
        high = self.strokes.points.max(axis=0) + self.width / 2
        return (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))

    def moved(self, right: float, down: float) -> "Mark":
        """The same, somewhere else."""
        return replace(self, strokes=self.strokes.moved(right, down))


class Writer:
    """Somebody with a pen, who keeps to a hand, a slant and a stroke width."""

    def __init__(self, digits: Digits, hand: Hand, pen: Pen, random: Random) -> None:
        self.digits, self.hand, self.random = digits, hand, random
        self.width, self.lean = random.uniform(*pen.width), random.uniform(*hand.lean)
        self.tail, self.gap = random.uniform(*hand.tails), random.uniform(*hand.gap)

    def line(self, text: str, tall: float, turn: float = 0) -> list[Mark]:
        """The characters of a text from the point (0, 0) on, `tall` pixels high, the line turned by radians."""
        marks: list[Mark] = []
        space = 0.0
        for character in text:
            if character == " ":
                space += self.random.uniform(0.5, 0.8)
                continue
            strokes = self._shape(character)
            if marks:
                gap = self.gap + self.width + space + self.random.normal(0, 0.04)
                tuck = TUCK if (marks[-1].text + character).isdigit() else MARK_TUCK
                strokes = strokes.moved(gap - _distance(marks[-1].strokes, strokes, tuck), 0)
            marks.append(Mark(character, strokes, 0))
            space = 0.0
        spin = tall * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        width = max(1.3, tall * self.width)
        return [replace(mark, strokes=mark.strokes.turned(spin), width=width) for mark in marks]

    def _shape(self, character: str) -> Strokes:
        wobble, random = self.hand.wobble, self.random
        if character.isdigit():
            strokes = self.digits.some(character, random)
            if character in "79" and self.tail:
                strokes = tailed(strokes, self.tail * random.uniform(0.7, 1.2), random)
        else:
            strokes = punctuation(character, random)
        size = 1 + random.normal(0, wobble)
        shear = np.array([[size, -self.lean * size], [0, size]])
        return strokes.turned(shear).moved(0, random.normal(0, wobble / 2))


def _distance(left: Strokes, right: Strokes, tuck: float) -> float:
    """How far the right one lies from the left one where they come nearest; below 0 where it lies left of it."""
    low = min(left.points[:, 1].min(), right.points[:, 1].min())
    high = max(left.points[:, 1].max(), right.points[:, 1].max())
    edges = np.full(BANDS, -np.inf), np.full(BANDS, np.inf)
    for strokes, edge, keep in ((left, edges[0], np.maximum), (right, edges[1], np.minimum)):
        bands = ((strokes.points[:, 1] - low) / (high - low + 1e-9) * BANDS).astype(int).clip(0, BANDS - 1)
        keep.at(edge, bands, strokes.points[:, 0])
    reach = np.maximum.reduce([edges[0], np.roll(edges[0], 1), np.roll(edges[0], -1)])
    apart = right.points[:, 0].min() - left.points[:, 0].max()
    return float(min((edges[1] - reach).min(), apart + tuck))


def draw(marks: list[Mark], shape: tuple[int, int], pen: Pen, random: Random) -> Grey:
    """How much ink lies where, 0 to 1."""
    ink = np.zeros(shape, np.float32)
    angle = random.uniform(0, np.pi)
    for mark in marks:
        left, top, width, height = mark.box
        x, y = int(left) - 2, int(top) - 2
        patch = _patch(mark, (x, y), (int(width) + 6, int(height) + 6), pen.slope, angle)
        above, before = max(0, -y), max(0, -x)
        at = ink[y + above : y + patch.shape[0], x + before : x + patch.shape[1]]
        np.maximum(at, patch[above : above + at.shape[0], before : before + at.shape[1]], out=at)
    if pen.grain:
        ink *= 1 - pen.grain * grains(shape, random)
    return ink * np.float32(random.uniform(*pen.strength))


def _patch(mark: Mark, corner: tuple[int, int], size: tuple[int, int], slope: float, angle: float) -> Grey:
    """The ink of one character."""
    picture = Image.new("L", (size[0] * FINE, size[1] * FINE))
    canvas = ImageDraw.Draw(picture)
    points = (mark.strokes.points - corner) * FINE
    ways = points[mark.strokes.joins[:, 1]] - points[mark.strokes.joins[:, 0]]
    turned = np.cos(2 * (np.arctan2(ways[:, 1], ways[:, 0]) - angle))
    widths = mark.width * FINE * (1 + slope * turned)
    for (a, b), wide in zip(mark.strokes.joins, widths, strict=True):
        canvas.line([*points[a], *points[b]], 255, round(wide))
        for x, y in (points[a], points[b]):
            canvas.ellipse([x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2], 255)
    return np.asarray(picture.reduce(FINE), np.float32) / 255


def grains(shape: tuple[int, int], random: Random, side: int = 512) -> Grey:
    """Rough noise, 0 to 1: a tile of it, repeated."""
    tile = np.asarray(Image.fromarray((random.random((side, side)) * 255).astype(np.uint8)).resize((side, side)))
    tile = (tile.astype(np.float32) + np.roll(tile, 1, 0) + np.roll(tile, 1, 1)) / 765
    tile = ((tile - 0.5) * 2.2 + 0.5).clip(0, 1)
    return np.tile(tile, (shape[0] // side + 1, shape[1] // side + 1))[: shape[0], : shape[1]]
