"""Pictures of reading: what became of a digit step by step, and a page with a box around each answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from handgrad.errors import UserError
from handgrad.files import replace_file
from handgrad.reading.answer import Answer, Page
from handgrad.reading.views import Normalised
from handgrad.report.files import save
from handgrad.report.style import BLUE, GREEN, INK, MUTED, VERMILION, bare, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What a page can be drawn to: endings of file names, and what Pillow calls the formats.
PAGE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP"}
LABEL_LENGTH = 24  # letters of a picture's name that fit beside it


def draw_steps(seen: Sequence[tuple[str, Normalised, Answer]], path: str | os.PathLike[str]) -> None:
    """Draw a row for each picture: itself, its paper levelled, its ink, what the network saw, what it answered.

    Parameters
    ----------
    seen : sequence of (str, Normalised, Answer)
        The pictures' names, what became of them, and the answers, as `inspect_digit` gives them.
    path : str or path
        The file to write, PNG, SVG or PDF by its ending.

    Raises
    ------
    UserError
        For another ending, and where the file cannot be written.
    """
    figure = new_figure(7.5, 1.6 * len(seen) + 0.4, "From a picture to what the network saw, step by step.")
    panels = figure.subplots(len(seen), 5, squeeze=False, width_ratios=[1, 1, 1, 1, 1.1])
    for axes, (name, normalised, answer) in zip(panels, seen, strict=True):
        _show_steps(axes[:4], normalised)
        _show_answer(axes[4], name, answer)
    for axes, title in zip(panels[0], ("picture", "paper levelled", "ink", "seen by the network"), strict=False):
        axes.set_title(title, color=MUTED, fontsize=9)
    save(figure, path)


def draw_page(page: Page, path: str | os.PathLike[str]) -> None:
    """Draw a page with a box around each digit and the answer above it.

    Digits are blue, refused ones orange, punctuation is green, and other writing has grey boxes.

    Parameters
    ----------
    page : Page
        What was read.
    path : str or path
        The file to write; `PAGE_FORMATS` has the endings.

    Raises
    ------
    UserError
        For another ending, and where the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    suffix = Path(path).suffix.lower()
    if suffix not in PAGE_FORMATS:
        kind = suffix or "file without an ending"
        raise UserError(f"{path}: cannot draw a {kind}; expected {', '.join(PAGE_FORMATS)}")
    picture = Image.fromarray(page.picture.grey).convert("RGB")
    draw = ImageDraw.Draw(picture)
    scale = page.picture.scale
    answers = [answer for line in page.lines for answer in line]
    heights = [answer.box[3] for answer in answers if not answer.sign]
    tall = float(np.median(heights)) / scale if heights else 20.0
    font = ImageFont.load_default(max(12.0, 0.45 * tall))
    boxes = [(box, MUTED, "") for box in page.words]
    boxes += [(answer.box, _colour(answer), answer.sign or answer.text) for answer in answers]
    for box, colour, text in boxes:
        left, top, width, height = (side / scale for side in box)
        draw.rectangle((left, top, left + width, top + height), outline=colour, width=max(1, round(tall / 30)))
        draw.text((left, top), text, fill=colour, font=font, anchor="ld")
    buffer = BytesIO()
    picture.save(buffer, PAGE_FORMATS[suffix])
    replace_file(path, buffer.getvalue())


def _colour(answer: Answer) -> str:
    if answer.sign:
        return GREEN
    return VERMILION if answer.reason else BLUE


def _show_steps(panels: Sequence[Axes], normalised: Normalised) -> None:
    """The steps in four panels; those of the paper and the ink stay empty where a model sees pictures as they are."""
    panels[0].imshow(normalised.picture.grey, cmap="gray", vmin=0, vmax=255, interpolation="none")
    ink = normalised.ink
    if ink is not None:
        panels[1].imshow(ink.flat, cmap="gray_r", vmin=0, vmax=max(ink.contrast, 1.0), interpolation="none")
        panels[2].imshow(ink.amount, cmap="gray_r", vmin=0, vmax=1, interpolation="none")
    polarity = "gray" if ink is None else "gray_r"  # ink is bright for the network, and dark for people
    panels[3].imshow(normalised.pixels, cmap=polarity, vmin=0, vmax=255, interpolation="none")
    for panel in panels:
        panel.set_xticks([])
        panel.set_yticks([])
        panel.spines[:].set_color(MUTED)


def _show_answer(panel: Axes, name: str, answer: Answer) -> None:
    bare(panel)
    refusal = "\n".join(["not sure:", str(answer.reason), *filter(None, [answer.likeliest])])
    sure = refusal if answer.reason else f"{answer.probability:.1%}"
    label = Path(name).name[:LABEL_LENGTH].encode("latin-1", "replace").decode("latin-1")  # what the font can show
    panel.text(0.02, 0.62, answer.text, color=INK, fontsize=22, va="center", parse_math=False)
    panel.text(0.02, 0.28, sure, color=INK, fontsize=8, va="center", parse_math=False)
    panel.text(0.02, 0.05, label, color=MUTED, fontsize=7, va="center", parse_math=False)
