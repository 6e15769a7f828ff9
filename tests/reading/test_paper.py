"""Ordinary paper: what lies around a sheet, printed lines, shadows, touching digits, slopes; each step by itself."""

import numpy as np
import pytest
from scipy import ndimage

from handgrad.model.shipped import pretrained
from handgrad.reading import Refusal, read_digit, read_page
from handgrad.reading.cuts import cut_apart, find_cuts
from handgrad.reading.ink import Ink, find_ink
from handgrad.reading.lines import in_lines
from handgrad.reading.page import WIDE_STROKE
from handgrad.reading.paper import ink_is_dark, level_paper
from handgrad.reading.pieces import find_pieces
from handgrad.reading.rules import find_rules
from handgrad.reading.sheet import find_sheet

from .drawings import Sheet

MODEL = pretrained("robust")
TABLE = 35


def text(pixels: np.ndarray) -> str:
    return read_page(pixels, MODEL).text


def ink_of(pixels: np.ndarray) -> Ink:
    level = pixels.astype(np.float32)
    levelled = level_paper(level, find_sheet(level, dark=True), True, WIDE_STROKE)
    assert levelled is not None
    return find_ink(levelled)


def on_table(sides: str) -> np.ndarray:
    """A sheet with a dark table at some of its sides: l, r, t, b."""
    sheet = Sheet(300, 460)
    sheet.write("27418", 90, 70)
    sheet.write("90356", 90, 170)
    top, bottom, left, right = (20 if side in sides else 0 for side in "tblr")
    return np.pad(sheet.pixels(), ((top, bottom), (left, right)), constant_values=TABLE)


@pytest.mark.parametrize("sides", ["r", "lr", "tlr", "tblr"])
def test_a_table_around_the_sheet_is_no_paper(sides: str) -> None:
    pixels = on_table(sides)
    table = ndimage.binary_opening(pixels == TABLE, np.ones((15, 15)))
    sheet = find_sheet(pixels.astype(np.float32), dark=True)
    assert sheet is not None and not sheet[table].any() and sheet[~table].mean() > 0.9
    assert text(pixels) == "27418\n90356"


def test_a_soft_shadow_is_no_table() -> None:
    y, x = np.mgrid[0:300, 0:460]
    light = 1 - 0.45 / (1 + np.exp((x - 230 + 0.4 * y) / 25))
    sheet = Sheet(300, 460)
    sheet.write("27418", 90, 70)
    pixels = (sheet.pixels() * light).astype(np.uint8)
    assert find_sheet(pixels.astype(np.float32), dark=True) is None
    assert text(pixels) == "27418"


def test_the_black_border_of_a_scan_is_no_ink() -> None:
    sheet = Sheet(300, 240)
    sheet.write("37", 60, 120, tall=90, pen=7)
    assert text(np.pad(sheet.pixels(), ((0, 0), (110, 0)), constant_values=8)) == "37"


@pytest.mark.parametrize("light", [False, True])
def test_chalk_and_ink(light: bool) -> None:
    sheet = Sheet(220, 420, 40 if light else 215)
    sheet.write("5208", 60, 70, ink=220 if light else 50)
    pixels = sheet.pixels()
    level = pixels.astype(np.float32)
    assert ink_is_dark(level, find_sheet(level, dark=True), WIDE_STROKE) is not light
    assert text(pixels) == "5208"


def ruled(pitch: int, columns: bool) -> tuple[Sheet, np.ndarray]:
    """A sheet with printed lines, and where these are."""
    sheet = Sheet(360, 620)
    for y in range(30, 360, pitch):
        sheet.draw.line((0, y, 620, y + 4), fill=150, width=2)
    for x in range(30, 620, pitch) if columns else ():
        sheet.draw.line((x, 0, x - 3, 360), fill=150, width=2)
    return sheet, np.asarray(sheet.image) < 200


@pytest.mark.parametrize("columns", [False, True])
def test_ruled_and_squared_paper(columns: bool) -> None:
    sheet, lines = ruled(48, columns)
    sheet.write("35274", 90, 62, tall=70)
    sheet.write("90681", 90, 205, tall=70)
    ink = ink_of(sheet.pixels())
    rules = find_rules(ink.faint, ink.flat).ink
    near = ndimage.binary_dilation(lines, iterations=2)
    assert (rules & ~near).sum() < 0.05 * rules.sum()
    assert text(sheet.pixels()) == "35274\n90681"


def test_boxes_are_taken_away_and_empty_ones_too() -> None:
    sheet = Sheet(170, 620)
    for i in range(6):
        sheet.draw.rectangle((40 + 90 * i, 40, 118 + 90 * i, 130), outline=70, width=2)
    sheet.write("507 19".replace(" ", "3"), 58, 55, tall=56, step=90 / 56)
    assert text(sheet.pixels()) == "507319"
    empty = Sheet(170, 620)
    for i in range(6):
        empty.draw.rectangle((40 + 90 * i, 40, 118 + 90 * i, 130), outline=70, width=2)
    ink = ink_of(empty.pixels())
    assert find_rules(ink.faint, ink.flat).ink.sum() > 0.8 * ink.mask.sum()


def test_a_square_zero_is_no_box() -> None:
    sheet = Sheet(260, 300, 255)
    sheet.stroke([(95, 52), (200, 48), (206, 120), (200, 196), (110, 200), (90, 180), (96, 110), (95, 52)], 3, 30)
    ink = ink_of(sheet.pixels())
    assert not find_rules(ink.faint, ink.flat).ink.any()


def test_touching_digits_are_cut_where_they_touch() -> None:
    sheet = Sheet(160, 300)
    sheet.write("35208", 40, 50, step=0.63)
    ink = ink_of(sheet.pixels())
    wide = max(find_pieces(ink, np.zeros_like(ink.mask)), key=lambda piece: piece.width)
    assert wide.width > 60
    cuts = find_cuts(wide)
    parts = cut_apart(wide, cuts)
    assert 1 < len(parts) <= len(cuts) + 1 and sum(part.mass for part in parts) == pytest.approx(wide.mass, rel=0.02)
    assert "?" not in text(sheet.pixels())


@pytest.mark.parametrize("fall", [-0.5, 0.3, 0.62])
def test_a_steep_line_is_one(fall: float) -> None:
    sheet = Sheet(420, 460)
    sheet.write("23784", 60, 60 if fall > 0 else 260, fall=fall)
    ink = ink_of(sheet.pixels())
    (line,) = in_lines(find_pieces(ink, np.zeros_like(ink.mask)))
    assert line.slope == pytest.approx(fall / 0.85, abs=0.15)
    assert text(sheet.pixels()) == "23784"


def test_punctuation_is_named_and_not_answered() -> None:
    sheet = Sheet(160, 760)
    sheet.write("26/08/2024", 50, 50)
    page = read_page(sheet.pixels(), MODEL)
    assert (page.text, page.full_text) == ("26082024", "26/08/2024")
    assert [answer.reason for answer in page.lines[0] if answer.sign] == [Refusal.PUNCTUATION] * 2
    sheet = Sheet(160, 760)
    sheet.write("12+34=46", 50, 50)
    assert read_page(sheet.pixels(), MODEL).full_text == "12+34=46"


@pytest.mark.parametrize("light", [False, True])
def test_a_crop_that_is_cut_to_the_ink(light: bool) -> None:
    sheet = Sheet(64, 38, 255)
    sheet.write("5", 0, 0, tall=64, pen=8, ink=0)
    pixels = np.asarray(sheet.image)
    assert read_digit(255 - pixels if light else pixels, MODEL).digit == "5"


def test_the_edge_of_a_page_beside_one_digit() -> None:
    for edge in (slice(0, 3), slice(-4, None)):
        sheet = Sheet(140, 90, 250)
        sheet.write("3", 22, 35, tall=70, ink=90)
        pixels = sheet.pixels()
        pixels[:, edge] = 40
        answer = read_digit(pixels, MODEL)
        assert (answer.digit, answer.reason) == ("3", None)


def test_anything_ends_in_an_answer() -> None:
    random = np.random.default_rng(5)
    odd = [
        random.integers(0, 256, (60, 90), np.uint8), np.indices((64, 64)).sum(axis=0).astype(np.uint8) % 2 * 255,
        random.integers(0, 256, (4, 400), np.uint8), random.integers(0, 256, (400, 4), np.uint8),
        np.repeat(np.arange(256, dtype=np.uint8)[None], 80, axis=0), np.tri(120, dtype=np.uint8) * 200,
    ]  # fmt: skip
    for pixels in odd:
        read_page(pixels, MODEL)
        read_digit(pixels, MODEL)


@pytest.mark.parametrize("noise", [3, 5, 8])
def test_squared_paper_too_faint_to_be_ink_all_along(noise: int) -> None:
    """Noise breaks its lines into dashes, some of which are ink."""
    paper, written = Sheet(720, 1240), Sheet(720, 1240, 255)
    for at in range(30, 1240, 96):
        paper.draw.line((0, at, 1240, at + 6), fill=188, width=2)
        paper.draw.line((at, 0, at - 5, 720), fill=188, width=2)
    written.write("35274", 90, 122, tall=70)
    written.write("90681", 90, 305, tall=70)
    level = np.minimum(np.asarray(paper.image), np.asarray(written.image))
    grain = np.random.default_rng(4).normal(0, noise, level.shape)
    assert text((level + grain).clip(0, 255).astype(np.uint8)) == "35274\n90681"
