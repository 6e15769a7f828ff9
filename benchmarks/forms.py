"""Printed forms filled in by hand: a digit a box, joined cells, dates, amounts, lines to write on."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import paper
import texts
from composing import Scene, corners_in_photo, lie, line, paint, photo_size, randomness
from kinds import Style
from paper import Camera, Light
from strokes import Pixels, Random
from texts import Text
from writing import BIRO, BLACK, FELT, INK, PENCIL, Box, Digits, Hand, Mark, Writer

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "cmr10", "cmss10")
LABELS = (
    "Name", "Date of birth", "Account number", "Amount paid", "Postcode", "Customer no.", "Telephone", "Invoice",
    "Total", "Policy number", "Order", "Quantity", "Valid until", "Bank sort code", "Passport", "Signed on", "Zip",
    "Betrag", "Kontonummer", "Geburtsdatum", "Montant", "Fecha", "Number of boxes", "Size", "Gas meter reading",
)  # fmt: skip
TITLES = ("Application for a library card", "Order form", "Delivery note", "Meter reading", "Expense report",
          "Registration", "Überweisung / SEPA transfer", "Patient record")  # fmt: skip
NOTES = ("Please write one digit in each box.", "Use black or blue ink. Do not bend.", "For office use only",
         "I declare that all this is true.", "Go to the desk on the second floor, ask for Bill or Zoe.")  # fmt: skip
INKS = ((30, 30, 30), (30, 30, 30), (110, 110, 115), (205, 95, 60), (60, 125, 90), (60, 95, 170), (225, 150, 150))
WIDEST, RIGHT = 0.8, 0.92  # shares of the sheet: the widest field, and where fields end
MOST_CELLS = 10
HALF_FIELD = 0.62  # of a cell's height, from the middle line of a field to its edge: the next field begins there
LABEL = 9  # room for a label beside its field, in heights of its letters


@dataclass(frozen=True)
class FormStyle:
    """What distinguishes a form.

    layout is boxes, comb, ticks or line. fill is the height of digits as a share of their cell's; stray how far they
    lie from its middle, as a share too; empty how many cells before the first digit may be left empty.
    """

    text: Text
    layouts: tuple[str, ...]
    fill: tuple[float, float] = (0.55, 0.78)
    stray: float = 0.05
    empty: int = 0
    look: Style = field(
        default_factory=lambda: Style(
            pens=(BIRO, BIRO, INK, FELT, PENCIL), sides=(0, 4), turn=5, skew=0.02, tall=(34, 80), size=(1200, 2600),
            light=Light(0.25, 0.15), camera=Camera((0.1, 1)),
        )
    )  # fmt: skip


def _date(random: Random) -> str:
    mark = random.choice(["/", ".", "-", " "])
    day, month, year = random.integers(1, 29), random.integers(1, 13), random.integers(1930, 2030)
    return f"{day:02}{mark}{month:02}{mark}{year}"


def _amount(random: Random) -> str:
    return f"{random.uniform(1, 9999):.2f}".replace(".", str(random.choice([".", ","])))


def _number(random: Random) -> str:
    return texts.number(random, 4, 9)


FORMS: dict[str, FormStyle] = {
    "form boxes": FormStyle(_number, ("boxes",)),
    "form comb": FormStyle(_number, ("comb", "ticks")),
    "form dates": FormStyle(_date, ("boxes", "comb", "ticks")),
    "form amounts": FormStyle(_amount, ("boxes", "comb"), empty=3),
    "form lines": FormStyle(texts.anything, ("line",), fill=(0.6, 0.9)),
    "form crossed": FormStyle(_number, ("boxes", "comb"), fill=(0.75, 1.15), stray=0.12),
}


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """One of the fonts that come with matplotlib."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size)


class Form:
    """A sheet on which labels are printed, cells drawn, and digits written."""

    def __init__(self, sheet: Pixels, style: FormStyle, writer: Writer, tall: float, random: Random) -> None:
        self.picture, self.style, self.writer, self.random = Image.fromarray(sheet), style, writer, random
        self.canvas = ImageDraw.Draw(self.picture)
        self.aspect = random.uniform(0.75, 1.1)
        self.layout = str(random.choice(style.layouts))
        gap = random.uniform(0.12, 0.35) if self.layout == "boxes" else 0
        fits = sheet.shape[1] * WIDEST / ((MOST_CELLS + style.empty) * (self.aspect + gap))
        self.cell = min(tall / float(np.mean(style.fill)), fits)
        self.gap = gap * self.cell
        self.font, self.ink = FONTS[random.integers(len(FONTS))], INKS[random.integers(len(INKS))]
        self.wide = max(1, round(self.cell * random.uniform(0.012, 0.045)))
        self.printed: list[Box] = []
        self.fields: list[tuple[str, list[Mark], Box]] = []

    def label(self, x: float, y: float, text: str, size: float) -> float:
        """Prints words from a point (left, middle) on; where they end."""
        letters = font(self.font, max(9, round(size)))
        for word in text.split(" "):
            left, top, right, bottom = self.canvas.textbbox((x, y), word, letters, "lm")
            self.canvas.text((x, y), word, BLACK if self.ink[0] > 150 else self.ink, letters, "lm")
            self.printed.append((left, top, right - left, bottom - top))
            x = right + 0.3 * size
        return x

    def width(self, text: str) -> float:
        """How long a field for this text is, at most."""
        return (len(text) + self.style.empty) * (self.cell * self.aspect + self.gap)

    def answer(self, x: float, y: float, text: str) -> None:
        """A field whose middle line is at y, and the text in it."""
        start = x
        marks = self._on_line(x, y, text) if self.layout == "line" else []
        if not marks:
            for _ in range(self.random.integers(0, self.style.empty + 1)):
                x = self._box(x, y)
            for character in text:
                if character.isdigit():
                    marks.append(self._digit(character, x, y))
                    x = self._box(x, y)
                elif character != " ":
                    x = self.label(x + 0.1 * self.cell, y + 0.1 * self.cell, character, self.cell * 0.6)
                else:
                    x += 0.3 * self.cell
        end = max(x, max(mark.box[0] + mark.box[2] for mark in marks))
        self.fields.append((text, marks, (start, y - HALF_FIELD * self.cell, end - start, 2 * HALF_FIELD * self.cell)))

    def _box(self, x: float, y: float) -> float:
        """A cell to write a digit in; where the next one begins."""
        left, right, top, bottom = x, x + self.cell * self.aspect, y - self.cell / 2, y + self.cell / 2
        if self.layout == "ticks":
            self.canvas.line([left, top + 0.6 * self.cell, left, bottom, right, bottom], self.ink, self.wide)
            self.canvas.line([right, top + 0.6 * self.cell, right, bottom], self.ink, self.wide)
        else:
            self.canvas.rectangle([left, top, right + self.wide - 1, bottom], outline=self.ink, width=self.wide)
        return right + self.gap

    def _digit(self, digit: str, x: float, y: float) -> Mark:
        """A digit about the middle of its cell."""
        tall = self.cell * self.random.uniform(*self.style.fill)
        mark = self.writer.line(digit, tall)[0]
        left, top, width, height = mark.box
        middle = np.array([x + self.cell * self.aspect / 2, y]) + self.random.normal(0, self.style.stray, 2) * self.cell
        return mark.moved(middle[0] - left - width / 2, middle[1] - top - height / 2)

    def _on_line(self, x: float, y: float, text: str) -> list[Mark]:
        """The text on a printed line."""
        tall = self.cell * self.random.uniform(*self.style.fill)
        marks = [mark.moved(x + 0.3 * self.cell, y + 0.45 * self.cell) for mark in self.writer.line(text, tall)]
        below, end = y + 0.5 * self.cell, marks[-1].box[0] + marks[-1].box[2] + self.cell
        self.canvas.line([x, below, end, below], self.ink, self.wide)
        return marks


def form(kind: str, style: FormStyle, seed: int, digits: Digits) -> Scene:
    """The form of this kind that belongs to the seed."""
    random = randomness(kind, seed)
    look = style.look
    size = photo_size(look, random)
    pen = look.pens[random.integers(len(look.pens))]
    tall = float(np.exp(random.uniform(*np.log(look.tall))))
    sheet = paper.sheet(size, paper.SHEETS[random.integers(3)], random)
    filled = Form(sheet, style, Writer(digits, Hand(gap=(0.05, 0.3)), pen, random), tall, random)
    _fill(filled, size, random)
    marks = [mark for _, field, _ in filled.fields for mark in field]
    inked = paint(np.asarray(filled.picture), marks, pen, random)
    corners = [corner for box in filled.printed for corner in (box[:2], (box[0] + box[2], box[1] + box[3]))]
    points = np.concatenate([*(mark.strokes.points for mark in marks), np.array(corners)])
    seen, file = lie(look, inked, points, random)
    lines = [replace(line(text, marks, seen), area=corners_in_photo(area, seen)) for text, marks, area in filled.fields]
    return Scene(kind, file, tuple(lines), tuple(corners_in_photo(box, seen) for box in filled.printed))


def _fill(filled: Form, size: tuple[int, int], random: Random) -> None:
    """A title, labelled fields, and small print below."""
    left, y = size[1] * 0.1, size[0] * 0.11
    small = filled.cell * random.uniform(0.28, 0.42)
    filled.label(left, y, TITLES[random.integers(len(TITLES))], small * 1.6)
    y += small * 2 + filled.cell
    above = random.random() < 0.5 or filled.width("0" * MOST_CELLS) > size[1] * RIGHT - left - LABEL * small
    for _ in range(random.integers(3, 8)):
        if y + 2 * filled.cell > size[0] * 0.85:
            break
        text, name = filled.style.text(random), LABELS[random.integers(len(LABELS))]
        if above:
            filled.label(left, y, name, small)
            y += small * 0.8 + 0.6 * filled.cell
        x = left if above else left + LABEL * small
        if not above:
            filled.label(left, y, name, small)
        filled.answer(x, y, text)
        y += filled.cell * random.uniform(1.25, 1.8)
    filled.label(left, min(y + small, size[0] * 0.88), NOTES[random.integers(len(NOTES))], small * 0.8)
