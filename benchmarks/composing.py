"""Composes a scene of a kind: writes lines, draws them on a sheet, lays it on a table, and photographs that."""

from dataclasses import dataclass, replace
from itertools import pairwise
from zlib import crc32

import numpy as np
from PIL import Image, ImageDraw

import paper
from kinds import Style
from paper import View
from strokes import Floats, Pixels, Random
from writing import Box, Digits, Mark, Pen, Writer, draw

ROOM = 0.76  # share of the sheet's width and height that is written on
MARGIN = 4  # pixels between ink and the edge of the photo
TABLE_MARGINS = (0.03, 0.13)  # share of the photo at a side where the table is seen
UNSEEN = (-0.06, -0.02)  # and where it is not
FRAME = (90, 90, 100)
Area = tuple[tuple[float, float], ...]  # its corners, clockwise


@dataclass(frozen=True)
class Place:
    """A character and where it stands in the photo."""

    text: str
    box: Box


@dataclass(frozen=True)
class Line:
    """A line, or a field of a form and its area: its text, and each character but the spaces with its place."""

    text: str
    places: tuple[Place, ...]
    area: Area = ()


@dataclass(frozen=True)
class Scene:
    """A photo as a file, its lines from the top, and areas of printed words; on a form each field is a line."""

    kind: str
    file: bytes
    lines: tuple[Line, ...]
    printed: tuple[Area, ...] = ()


def randomness(kind: str, seed: int) -> Random:
    """What decides everything about a scene."""
    return np.random.default_rng([seed, crc32(kind.encode())])


def compose(kind: str, style: Style, seed: int, digits: Digits) -> Scene:
    """The scene of this kind that belongs to the seed."""
    random = randomness(kind, seed)
    size = photo_size(style, random)
    pen = style.pens[random.integers(len(style.pens))]
    rows, texts = _written(style, size, Writer(digits, style.hand, pen, random), random)
    surface = _surface(style, size, rows, random)
    inked = paint(surface, [mark for row in rows for mark in row], pen, random)
    points = np.concatenate([mark.strokes.points for row in rows for mark in row])
    seen, file = lie(style, inked, points, random)
    lines = (line(text, row, seen) for text, row in zip(texts, rows, strict=True))
    return Scene(kind, file, tuple(lines))


def lie(style: Style, sheet: Pixels, points: Floats, random: Random) -> tuple[View, bytes]:
    """The sheet as it lies and is photographed: how it is seen, and the file. The points are in the photo."""
    size = (sheet.shape[0], sheet.shape[1])
    seen = _view(style, size, points, random)
    under = paper.table(size, random) if style.sides[1] else sheet
    photo = _edged(paper.laid(sheet, under, seen, random), style.edge, random)
    return seen, paper.taken(photo, paper.light(size, style.light, random), style.camera, random)


def photo_size(style: Style, random: Random) -> tuple[int, int]:
    """Height and width."""
    long = round(np.exp(random.uniform(*np.log(style.size))))
    short = round(long * random.choice([0.75, 0.707, 0.5625]))
    return (long, short) if random.random() < 0.6 else (short, long)


def _written(style: Style, size: tuple[int, int], writer: Writer, random: Random) -> tuple[list[list[Mark]], list[str]]:
    """Rows of marks where they stand on the sheet, and their texts."""
    count, columns = (int(random.integers(a, b + 1)) for a, b in (style.lines, style.columns))
    texts = [[style.text(random) for _ in range(columns)] for _ in range(count)]
    tall = np.exp(random.uniform(*np.log(style.tall)))
    pitch = tall * (random.uniform(1.5, 2.4) + writer.tail)
    cells = [[writer.line(text, tall, random.normal(0, 0.012)) for text in row] for row in texts]
    widths = [max(_right(row[column]) for row in cells) for column in range(columns)]
    starts = np.cumsum([0, *(width + tall * random.uniform(0.9, 2.5) for width in widths)])
    rows = []
    for i, row in enumerate(cells):
        shift = random.uniform(0, 0.4) * tall
        rows.append([mark.moved(starts[j] + shift, i * pitch) for j, cell in enumerate(row) for mark in cell])
    steep = np.radians(random.uniform(*style.steep)) * random.choice([-1, 1])
    return _fitted(rows, steep, size, random), [" ".join(row) for row in texts]


def _right(marks: list[Mark]) -> float:
    return max(mark.strokes.points[:, 0].max() for mark in marks)


def _fitted(rows: list[list[Mark]], turn: float, size: tuple[int, int], random: Random) -> list[list[Mark]]:
    """The block of lines turned, made smaller if it must be, and put where there is room."""
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = np.concatenate([mark.strokes.points for row in rows for mark in row]) @ spin.T
    low, high = points.min(axis=0), points.max(axis=0)
    sheet = np.array([size[1], size[0]])
    smaller = min(1, float((sheet * ROOM / (high - low)).min()))
    free = sheet * ROOM - (high - low) * smaller
    start = sheet * (1 - ROOM) / 2 + free * random.random(2) - low * smaller
    return [
        [
            replace(mark, strokes=mark.strokes.turned(spin * smaller), width=mark.width * smaller).moved(*start)
            for mark in row
        ]
        for row in rows
    ]


def _surface(style: Style, size: tuple[int, int], rows: list[list[Mark]], random: Random) -> Pixels:
    """The sheet before anybody writes on it, with lines that suit the size of the writing."""
    kind = style.paper if style.paper != "any" else str(random.choice(["plain", "ruled", "squared", "boxed"]))
    colours = {"board": paper.BOARD, "whiteboard": paper.WHITEBOARD}.get(kind, paper.SHEETS)
    sheet = paper.sheet(size, colours[random.integers(len(colours))], random)
    tall = float(np.median([mark.box[3] for row in rows for mark in row if mark.text.isdigit()]))
    if kind in ("ruled", "squared"):
        return paper.ruled(sheet, tall, random, kind == "squared")
    if kind == "boxed":
        return _boxed(sheet, rows, tall, random)
    return paper.smeared(sheet, random) if kind == "board" else sheet


def _boxed(sheet: Pixels, rows: list[list[Mark]], tall: float, random: Random) -> Pixels:
    """Frames around the lines, some with a cell for each character; writing may cross them."""
    picture = Image.fromarray(sheet)
    canvas = ImageDraw.Draw(picture)
    colour = (FRAME, *paper.RULES)[random.integers(len(paper.RULES) + 1)]
    wide, pad = max(1, round(tall * random.uniform(0.015, 0.05))), tall * random.uniform(0.02, 0.35)
    cells = random.random() < 0.5
    for row in rows:
        boxes = np.array([mark.box for mark in row])
        top, bottom = boxes[:, 1].min() - pad, (boxes[:, 1] + boxes[:, 3]).max() + pad
        left, right = boxes[:, 0].min() - pad, (boxes[:, 0] + boxes[:, 2]).max() + pad
        canvas.rectangle([left, top, right, bottom], outline=colour, width=wide)
        for before, after in pairwise(boxes):
            x = (before[0] + before[2] + after[0]) / 2
            if cells:
                canvas.line([x, top, x, bottom], colour, wide)
    return np.asarray(picture)


def paint(sheet: Pixels, marks: list[Mark], pen: Pen, random: Random) -> Pixels:
    """The sheet with ink of one of the pen's colours on it."""
    ink = draw(marks, sheet.shape[:2], pen, random)[..., None]
    colour = np.array(pen.colours[random.integers(len(pen.colours))], np.float32)
    return (sheet + ink * (colour - sheet)).astype(np.uint8)


def _view(style: Style, size: tuple[int, int], points: Floats, random: Random) -> View:
    """How the sheet lies in the photo: all that is written is seen."""
    sides = random.permutation(4)[: random.integers(style.sides[0], style.sides[1] + 1)]
    margins = random.uniform(*UNSEEN, 4)
    margins[sides] = random.uniform(*TABLE_MARGINS, len(sides))
    turn = np.radians(random.uniform(-style.turn, style.turn))
    while True:
        seen = paper.view(size, margins, turn, style.skew, random)
        if _inside(seen.place(points), size):
            return seen
        margins, turn = margins + 0.01, turn * 0.8


def _inside(points: Floats, size: tuple[int, int]) -> bool:
    edge = MARGIN + 0.01 * max(size)
    return bool((points > edge).all() and (points < (size[1] - edge, size[0] - edge)).all())


def _edged(photo: Pixels, edge: str, random: Random) -> Pixels:
    """The gutter of a book, or a scanner's black border, at the side of the photo."""
    if not edge:
        return photo
    height, width = photo.shape[:2]
    y, x = np.ogrid[:height, :width]
    turned = random.integers(0, 2) == 1
    inwards = (width - x if turned else x) / width - random.uniform(-0.02, 0.02) * (y / height - 0.5)
    if edge == "border":
        below = (height - y) / height if random.random() < 0.5 else np.float64(1)
        dark = (inwards < random.uniform(0.02, 0.06)) | (below < random.uniform(0, 0.05))
        return np.where(dark[..., None], np.uint8(random.integers(0, 40)), photo)
    middle, wide = random.uniform(0, 0.07), random.uniform(0.01, 0.04)
    fold = np.exp(-np.abs(inwards - middle) / wide) * random.uniform(0.5, 0.95)
    facing = (inwards < middle) * random.uniform(0, 0.3)
    return (photo * ((1 - fold) * (1 - facing))[..., None]).astype(np.uint8)


def line(text: str, marks: list[Mark], seen: View) -> Line:
    """A line of truth: where the photo shows each character."""
    return Line(text, tuple(Place(mark.text, _box(mark, seen)) for mark in marks))


def corners_in_photo(box: Box, seen: View) -> Area:
    """Where the photo shows the corners of a box of the sheet, clockwise."""
    left, top, width, height = box
    points = seen.place(np.array([left, top]) + np.array([[0, 0], [width, 0], [width, height], [0, height]]))
    return tuple((float(x), float(y)) for x, y in points)


def _box(mark: Mark, seen: View) -> Box:
    points = seen.place(mark.strokes.points)
    wide = mark.width * seen.scale(mark.strokes.points[0]) / 2
    low, high = points.min(axis=0) - wide, points.max(axis=0) + wide
    return (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
