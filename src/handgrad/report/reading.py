"""Pictures of reading: what became of a digit step by step, and a page with a box around each answer."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from handgrad.errors import UserError
from handgrad.files import replace_file
from handgrad.reading.normalise import Normalised
from handgrad.reading.reader import Answer, Page
from handgrad.report import save
from handgrad.report.style import BLUE, INK, MUTED, VERMILION, bare, new_figure

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def draw_steps(seen: Sequence[tuple[str, Normalised, Answer]], path: str | Path) -> None:
    """A row for each image: the picture, its paper levelled, its ink, what the network saw, what it answered."""
    figure = new_figure(7.5, 1.6 * len(seen) + 0.4, "From a picture to what the network saw, step by step.")
    panels = figure.subplots(len(seen), 5, squeeze=False, width_ratios=[1, 1, 1, 1, 1.1])
    for axes, (name, normalised, answer) in zip(panels, seen, strict=True):
        ink = normalised.ink
        top = max(ink.contrast, 1.0)
        images = (
            (normalised.picture.grey, "gray", 0, 255, "picture"),
            (ink.flat, "gray_r", 0, top, "paper levelled"),
            (ink.amount, "gray_r", 0, 1, "ink"),
            (normalised.digit, "gray_r", 0, 255, "seen by the network"),
        )
        for panel, (image, colours, low, high, title) in zip(axes, images, strict=False):
            panel.imshow(image, cmap=colours, vmin=low, vmax=high, interpolation="none")
            panel.set_xticks([])
            panel.set_yticks([])
            panel.spines[:].set_color(MUTED)
            if panel in panels[0]:
                panel.set_title(title, color=MUTED, fontsize=9)
        bare(axes[4])
        text = f"not sure:\n{answer.reason}" if answer.reason else f"{max(answer.probabilities):.1%}"
        axes[4].text(0.02, 0.62, answer.text, color=INK, fontsize=22, va="center", parse_math=False)
        axes[4].text(0.02, 0.28, text, color=INK, fontsize=8, va="center", parse_math=False)
        label = Path(name).name[:24].encode("latin-1", "replace").decode("latin-1")  # what the font can show
        axes[4].text(0.02, 0.05, label, color=MUTED, fontsize=7, va="center", parse_math=False)
    save(figure, path)


def annotated(page: Page, path: str | Path) -> None:
    """The page with a box around each digit, the answer above it; refused ones in another colour."""
    from PIL import Image, ImageDraw, ImageFont

    suffix = Path(path).suffix.lower()
    if suffix not in ENDINGS:
        raise UserError(f"{path}: cannot draw a {suffix or 'file without an ending'}; expected {', '.join(ENDINGS)}")
    picture = Image.fromarray(page.picture.grey).convert("RGB")
    draw = ImageDraw.Draw(picture)
    scale = page.picture.scale
    answers = [answer for line in page.lines for answer in line]
    tall = float(np.median([answer.box[3] for answer in answers])) / scale if answers else 20.0
    font = ImageFont.load_default(max(12.0, 0.45 * tall))
    for answer in answers:
        left, top, width, height = (side / scale for side in answer.box)
        colour = VERMILION if answer.reason else BLUE
        draw.rectangle((left, top, left + width, top + height), outline=colour, width=max(1, round(tall / 30)))
        draw.text((left, top), answer.text, fill=colour, font=font, anchor="ld")
    buffer = BytesIO()
    picture.save(buffer, {".png": "PNG", ".webp": "WEBP", ".bmp": "BMP"}.get(suffix, "JPEG"))
    replace_file(path, buffer.getvalue())
