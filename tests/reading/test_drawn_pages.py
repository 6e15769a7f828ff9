"""Drawn pages of the kinds that may go wrong: on tables, in shadow, on lines, in cells, falling, touching."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from handgrad.model.shipped import pretrained
from handgrad.reading import page as page_module
from handgrad.reading import read_digit, read_page
from handgrad.reading.rules import find_rules

from .drawings import Lines, bordered, box, hard, ink, level_lines, on, page, soft_spot, turned, upright_lines, written

MODEL = pretrained("robust")
SHAPE = (300, 500)
PAGE = page("2024\n3579")


def text(picture: np.ndarray) -> str:
    return read_page(picture, MODEL).text


def printed(lines: Lines, strokes: Lines, thick: float = 2) -> np.ndarray:
    """Dark strokes over grey lines."""
    return np.minimum(on(ink(strokes, SHAPE, 6, 0.5)), on(ink(lines, SHAPE, thick), pen=130))


def spread(digits: str, left: int, top: int, step: int) -> Lines:
    return [line for i, digit in enumerate(digits) for line in written(digit, 60, (left + step * i, top))]


def test_every_digit_on_a_page_and_alone() -> None:
    assert text(page("01234\n56789")) == "01234\n56789"
    assert "".join(read_digit(page(digit), MODEL).text for digit in "0123456789") == "0123456789"


@pytest.mark.parametrize(
    ("border", "level", "sides"), [(60, 50, "l"), (60, 110, "rb"), (60, 50, "ltrb"), (10, 5, "ltrb")]
)
def test_a_sheet_on_a_table_and_a_scanners_border(border: int, level: int, sides: str) -> None:
    assert text(bordered(PAGE, border, level, sides)) == "2024\n3579"


def test_a_shadow_and_faint_pencil_and_chalk() -> None:
    shadow = soft_spot(PAGE.shape, 250, 250, 70)
    assert text((PAGE * (1 - 0.5 * shadow)).astype(np.uint8)) == "2024\n3579"
    pen, pencil = ink(written("20", 60, (60, 60)), SHAPE, 7, 0.5), ink(written("57", 60, (250, 60)), SHAPE, 5, 0.7)
    assert text(on((pen + 0.25 * pencil).clip(0, 1), 240, 20)) == "2057"
    assert text(on(ink(written("2024", 60, (60, 60)), SHAPE, 6, 0.7), 30, 200)) == "2024"


def test_a_thin_hard_pen_on_a_small_picture() -> None:
    right = [read_digit(on(hard(written(digit, 18, (8, 5)), (28, 28))), MODEL).digit == digit for digit in "0123456789"]
    assert sum(right) >= 8


@pytest.mark.parametrize("dark", [True, False])
def test_tight_crops(dark: bool) -> None:
    right = []
    for digit in "0123456789":
        picture = on(ink(written(digit, 13, (6 if digit == "1" else 3, 1.5)), (16, 16), 2, 0.2), 230, 20)
        right.append(read_digit(picture if dark else 255 - picture, MODEL).digit == digit)
    assert sum(right) >= 8


def test_ruled_and_squared_paper() -> None:
    strokes = written("20473", 60, (60, 60)) + written("65189", 60, (60, 170))
    assert text(printed(level_lines(SHAPE, 45), strokes, 1)) == "20473\n65189"
    assert text(printed(level_lines(SHAPE, 40) + upright_lines(SHAPE, 40), strokes)) == "20473\n65189"


def test_boxes_cells_and_a_comb() -> None:
    assert text(printed([box(40 + 100 * i, 40, 80, 90) for i in range(4)], spread("2047", 62, 55, 100))) == "2047"
    assert text(printed([box(40 + 100 * i, 40, 80, 90) for i in range(4)], spread("2", 62, 55, 100))) == "2"
    cells = [box(40 + 80 * i, 40, 80, 80) for i in range(5)]
    assert text(printed(cells, spread("10475", 58, 70, 80))) == "10475"
    comb = [np.array([(40, 140), (440, 140)]), *(np.array([(x, 110), (x, 140)]) for x in range(40, 441, 80))]
    assert text(printed(comb, spread("20475", 62, 72, 80))) == "20475"


@pytest.mark.parametrize("degrees", [-37, 37])
@pytest.mark.parametrize("upright", [True, False])
def test_a_falling_line(degrees: float, upright: bool) -> None:
    slope = float(np.tan(np.radians(degrees)))
    strokes = written("203758", 50, (100, 300), slope=slope if upright else 0.0)
    picture = on(ink(strokes if upright else turned(strokes, degrees, (100, 300)), (700, 500), 5, 0.5))
    found = read_page(picture, MODEL)
    assert found.text == "203758"
    (line,) = found.lines
    for answer, digit in zip(line, range(6), strict=True):
        left, top, width, height = answer.box
        assert (picture[top : top + height, left : left + width] < 100).any(), digit
        assert abs(top + height / 2 - 325 - slope * (left + width / 2 - 115)) < 40


def test_a_column_and_long_tails() -> None:
    assert text(page("2\n0\n3\n7")) == "2\n0\n3\n7"
    assert text(page("70273\n58261", tail=0.9)) == "70273\n58261"


def test_touching_digits() -> None:
    assert [text(page(digits, tall=60, width=6, gap=0.07)) for digits in ("20", "53", "47", "65")] == [
        "20", "53", "47", "65"
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["12/03/2024", "12+34=46", "299.50", "12:45", "30-24"])
def test_dates_sums_prices_and_times(line: str) -> None:
    found = read_page(page(line, gap=0.5), MODEL)
    assert found.full_text == line
    assert found.text == "".join(character for character in line if character.isdigit())
    assert {answer.sign for answer in found.lines[0]} - {""} == {c for c in line if not c.isdigit()}


def test_nothing_is_read_where_nothing_is_written() -> None:
    blank = page(" ")
    assert not any(text(bordered(blank, *border)) for border in ((0, 0), (40, 50, "l"), (8, 5, "l"), (8, 5)))


@pytest.mark.parametrize("word", ["Policy number", "minimum", "William Hill", "umn"])
@pytest.mark.parametrize("size", [22, 34])
def test_small_print_above_digits_is_left_out(word: str, size: int) -> None:
    sheet = Image.fromarray(on(ink(written("20473", 70, (60, 110)), (260, 520), 6, 0.6)))
    ImageDraw.Draw(sheet).text((60, 50), word, 40, ImageFont.load_default(size))
    assert text(np.asarray(sheet)) == "20473"


@pytest.mark.parametrize("rule", [205, 195, 180])
def test_dark_cells_on_faintly_ruled_paper(rule: int) -> None:
    """Once the cells are gone, the rules that they crossed are still no ink."""
    shape = (620, 760)
    paper = np.full(shape, 235.0)
    paper[:, 90:92] = rule
    for top in range(90, shape[0], 95):
        paper[top : top + 2] = rule
    strokes = written("40562", 60, (150, 110)) + spread("8197", 280, 322, 100)
    sides = [np.array([(250, y), (650, y)], float) for y in (300, 400)]
    walls = [np.array([(x, 300), (x, 400)], float) for x in range(250, 651, 100)]
    picture = np.minimum(on(ink(strokes, shape, 6, 0.6), paper, 60), on(ink(sides + walls, shape, 4, 0.4), paper, 20))
    assert text(picture) == "40562\n8197"


@pytest.mark.parametrize("sides", ["l", "ltrb"])
@pytest.mark.parametrize("slope", [0.0, 0.4])
def test_light_paper_on_a_dark_table_is_read_though_its_ink_seemed_light(
    sides: str, slope: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "ink_is_dark", lambda *given: False)
    sheet = on(ink(written("40562", 60, (60, 70), slope=slope), (360, 480), 6, 0.5))
    assert text(bordered(sheet, 60, 25, sides)) == "40562"


def test_printed_words_cause_no_second_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(page_module, "find_rules", lambda *given: calls.append(given) or find_rules(*given))
    sheet = Image.fromarray(on(ink(written("20473", 70, (60, 150)), (320, 620), 6, 0.6)))
    for top, words in ((30, "Application for a library card"), (80, "Policy number and postcode")):
        ImageDraw.Draw(sheet).text((60, top), words, 40, ImageFont.load_default(30))
    assert text(np.asarray(sheet)) == "20473"
    assert len(calls) == 1
