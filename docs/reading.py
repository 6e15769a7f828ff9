"""Compose a photo, and draw what `handgrad read` makes of it step by step: the pictures of docs/reading.md."""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from PIL import Image, ImageDraw
from PIL.Image import Image as Picture
from scipy import ndimage

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "benchmarks"))  # the composer of photos

import paper  # noqa: E402
from composing import paint  # noqa: E402
from forms import font  # noqa: E402
from handgrad.model.shipped import pretrained  # noqa: E402
from handgrad.nn.params import Array  # noqa: E402
from handgrad.reading import read_page  # noqa: E402
from handgrad.reading.columns import Columns, read_columns  # noqa: E402
from handgrad.reading.cuts import find_cuts  # noqa: E402
from handgrad.reading.fit import fit  # noqa: E402
from handgrad.reading.glyph import Glyph  # noqa: E402
from handgrad.reading.ink import erased, find_ink, with_part  # noqa: E402
from handgrad.reading.lattice import best_path  # noqa: E402
from handgrad.reading.lines import Line, in_lines  # noqa: E402
from handgrad.reading.page import AROUND, WIDE_STROKE  # noqa: E402
from handgrad.reading.paper import level_paper  # noqa: E402
from handgrad.reading.pieces import Piece, find_pieces, united  # noqa: E402
from handgrad.reading.rules import find_rules  # noqa: E402
from handgrad.reading.runs import Part, Run, line_parts, runs  # noqa: E402
from handgrad.reading.sheet import find_sheet  # noqa: E402
from handgrad.reading.source import open_picture  # noqa: E402
from handgrad.reading.strip import Strip, strip_of  # noqa: E402
from handgrad.report.files import save  # noqa: E402
from handgrad.report.reading import draw_page  # noqa: E402
from handgrad.report.style import BLUE, GREEN, INK, MUTED, ORANGE, VERMILION, bare, new_figure  # noqa: E402
from scenes import alphabet  # noqa: E402
from strokes import Pixels, Random  # noqa: E402
from writing import BLUE as BLUE_INK  # noqa: E402
from writing import Hand, Mark, Pen, Writer  # noqa: E402

SEED = 53
SIZE = 840, 1120  # height and width of the photo
WIDTH, COLOURS = 760, 200  # of the pictures of steps
TALL, CELL = 86, 115  # pixels of a digit and of a cell
PEN = Pen((0.09, 0.1), (BLUE_INK,), (0.9, 0.95))
FRAME = (60, 60, 70)
LEAST = 0.3  # probability from which a run is named in the picture of the lattice


def photo() -> bytes:
    """The file of the example: a ruled sheet on a table, in half shadow."""
    random = np.random.default_rng(SEED)
    sheet = paper.ruled(paper.sheet(SIZE, paper.SHEETS[0], random), TALL, random)
    inked = paint(*written(sheet, random), PEN, random)
    seen = paper.view(SIZE, np.array([0.08, 0.06, 0.09, 0.07]), np.radians(-4), 0.03, random)
    laid = paper.laid(inked, paper.table(SIZE, random), seen, random)
    light = paper.light(SIZE, paper.Light(0.2, 0.1, 0.4), random)
    return paper.taken(laid, light, paper.Camera((0.6, 0.6), (1, 1), (90, 91)), random)


def written(sheet: Pixels, random: Random) -> tuple[Pixels, list[Mark]]:
    """The sheet with a form's label and cells; a date, a number whose digits touch, a price, and what is in cells."""
    hands = {gap: Writer(alphabet(), Hand((gap, gap), (0.05, 0.2), 0.03), PEN, random) for gap in (0.2, -0.08, 0.35)}
    picture = Image.fromarray(sheet)
    canvas = ImageDraw.Draw(picture)
    canvas.text((110, 590), "AMOUNT", FRAME, font("DejaVuSans", 52), "lm")
    marks = []
    for text, gap, x, y in (("12/03/2024", 0.2, 170, 240), ("40562", -0.08, 170, 420), ("3.75", 0.35, 640, 415)):
        marks += [mark.moved(x, y) for mark in hands[gap].line(text, TALL)]
    for i, digit in enumerate("8197"):
        left, top, right, bottom = 370 + i * CELL, 590 - CELL / 2, 370 + (i + 1) * CELL, 590 + CELL / 2
        canvas.rectangle([left, top, right, bottom], outline=FRAME, width=3)
        (mark,) = hands[0.2].line(digit, 0.8 * TALL)
        x, y, width, height = mark.box
        marks.append(mark.moved((left + right - width) / 2 - x, (top + bottom - height) / 2 - y))
    return np.asarray(picture), marks


def keep(picture: Picture, name: str) -> None:
    """Write a picture, smaller and in few colours."""
    small = picture.convert("RGB").resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.BOX)
    small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        DOCS / f"reading-{name}.png", optimize=True
    )


def grey(amount: Array, full: float = 1.0) -> Picture:
    """Ink as dark on white."""
    return Image.fromarray((255 * (1 - amount / full)).clip(0, 255).astype(np.uint8)).convert("RGB")


def tinted(picture: Picture, where: Array, colour: str) -> Picture:
    """The picture with this colour over a part of it."""
    mask = Image.fromarray(np.where(where, 170, 0).astype(np.uint8))
    return Image.composite(Image.new("RGB", picture.size, colour), picture, mask)


def draw_lines(lines: list[Line], picture: Picture) -> None:
    """A colour for each line, a box for each piece."""
    canvas = ImageDraw.Draw(picture)
    for line, colour in zip(lines, (BLUE, VERMILION, GREEN, ORANGE) * len(lines), strict=False):
        middles = [piece.middle for piece in line.pieces]
        canvas.line([middles[0], middles[-1]], colour, 2)
        for piece in line.pieces:
            canvas.rectangle((piece.left, piece.top, piece.right, piece.bottom), outline=colour, width=4)
    keep(picture, "lines")


def show(axes: Axes, piece: Piece) -> None:
    """A piece of ink where it lies."""
    height, width = piece.amount.shape
    left, top = piece.corner
    extent = (left, left + width, top + height, top)
    axes.imshow(piece.amount, cmap="gray_r", vmin=0, vmax=1.6, extent=extent)
    bare(axes)


def draw_cuts(piece: Piece) -> None:
    """Where ink may be cut."""
    figure = new_figure(4.5, 2.4, "A piece of ink and the places where it may be cut.")
    axes = figure.subplots()
    show(axes, piece)
    rows = np.arange(len(piece.amount)) + piece.corner[1]
    for cut in find_cuts(piece):
        axes.plot(cut + piece.corner[0], rows, color=VERMILION, linewidth=1.4)
    save(figure, DOCS / "reading-cuts.png")


def draw_columns(strip: Strip, columns: Columns) -> None:
    """A line as the line reader sees it, and how likely it says each digit is along it."""
    title = "A strip of writing, and the probability of each digit along it."
    figure = new_figure(5, 3.2, title)
    ink, axes = figure.subplots(2, 1, height_ratios=[1, 2])
    width = strip.ink.shape[1]
    ink.imshow(strip.ink, cmap="gray_r", aspect="auto")
    bare(ink)
    axes.imshow(np.exp(columns.scores.T), cmap="Blues", aspect="auto", extent=(0, width, 10.5, -0.5), vmin=0, vmax=1)
    axes.set_yticks(range(11), [*map(str, range(10)), "none"], fontsize=7)
    axes.set_xticks([])
    save(figure, DOCS / "reading-columns.png")


def draw_path(parts: list[Part], found: list[Run], scores: list[Array], path: list[Glyph]) -> None:
    """The runs that the model takes for digits, a bar each, and below them those of the best path."""
    figure = new_figure(5, 4.6, "Ink, the runs of its parts that may be digits, and those of the best path.")
    ink, axes = figure.subplots(2, 1, height_ratios=[2, 3], sharex=True)
    show(ink, united([part.piece for part in parts]))
    ink.set_aspect("auto")  # as wide as the bars below
    chosen = {glyph.piece.box for glyph in path if glyph.is_digit}
    ends: list[int] = []  # where the bars of each level end
    for run, score in zip(found, scores, strict=True):
        if score.max() < LEAST and run.piece.box not in chosen:
            continue
        level = next((i for i, end in enumerate(ends) if end < run.piece.left), len(ends))
        ends[level : level + 1] = [run.piece.right]
        colour = BLUE if run.piece.box in chosen else MUTED
        axes.plot([run.piece.left, run.piece.right], [level, level], color=colour, linewidth=3)
        text = f"{score.argmax()}: {100 * score.max():.0f} %"
        axes.text(run.piece.middle[0], level + 0.12, text, color=colour, fontsize=7, ha="center")
    axes.set_ylim(-0.5, len(ends))
    bare(axes)
    axes.set_title("Runs of parts that may be digits; blue: the best path", color=INK, fontsize=9)
    save(figure, DOCS / "reading-path.png")


def main() -> None:
    file, model = photo(), pretrained("robust")
    picture = open_picture(file)
    shown = Image.open(BytesIO(file)).convert("RGB")
    keep(shown, "photo")
    level = picture.grey.astype(np.float32)
    sheet = find_sheet(level, dark=True)
    assert sheet is not None
    keep(tinted(shown, ~sheet, VERMILION), "sheet")
    levelled = level_paper(level, sheet, True, WIDE_STROKE)
    assert levelled is not None
    keep(grey(levelled.flat, 255), "paper")
    ink = find_ink(levelled)
    keep(grey(ink.amount), "ink")
    rules = find_rules(ink.faint, ink.flat)
    keep(tinted(grey(ink.amount), ndimage.binary_dilation(rules.ink), VERMILION), "rules")
    cells = np.logical_or.reduce([row.inside(ink.mask.shape, AROUND) for row in rules.rows])
    ink = with_part(ink, find_ink(erased(levelled, ink, rules.ink)), cells)
    lines = in_lines(find_pieces(ink, rules.ink), rules.rows)
    draw_lines(lines, grey(np.where(rules.ink, 0, ink.amount)))

    def judged(pieces: list[Piece]) -> list[Array]:
        return list(model.scores(np.stack([fit(piece.amount) for piece in pieces])))

    line = lines[1]
    touching = Line(tuple(piece for piece in line.pieces if piece.left < 0.5 * SIZE[1]), line.height, line.slope)
    draw_cuts(max(touching.pieces, key=lambda piece: piece.width))
    parts = line_parts(touching, judged(list(touching.pieces)))
    found = runs(parts, line.height)
    scores = judged([run.piece for run in found])
    strip = strip_of(touching)
    columns = read_columns(strip, model.kernels)
    draw_columns(strip, columns)
    draw_path(parts, found, scores, best_path(parts, found, scores, line.height, columns))
    page = read_page(file, model)
    answers = DOCS / "reading-answers.png"
    draw_page(page, answers)
    with Image.open(answers) as drawn:
        keep(drawn, "answers")


if __name__ == "__main__":
    main()
