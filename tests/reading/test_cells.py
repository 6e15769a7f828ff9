"""Rows of a form's cells are found by their walls at even distances, whatever touches them; other writing has none."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from handgrad.model.shipped import pretrained
from handgrad.reading import read_page
from handgrad.reading.lines import in_lines
from handgrad.reading.pieces import Piece
from handgrad.reading.rows import BETWEEN, Row, Side, joined
from handgrad.reading.rules import Rules, find_rules

from .drawings import Lines, box, ink, level_lines, on, rules_of, turned, upright_lines, written

MODEL = pretrained("robust")
SHAPE = (240, 700)


def boxes(count: int, gap: float = 0.0, left: float = 40, top: float = 60) -> Lines:
    return [box(left + i * (80 + gap), top, 80, 90) for i in range(count)]


def comb(count: int, left: float = 40, bottom: float = 150, tick: float = 30) -> Lines:
    ticks = [np.array([(left + 80.0 * i, bottom - tick), (left + 80.0 * i, bottom)]) for i in range(count + 1)]
    return [np.array([(left, bottom), (left + 80.0 * count, bottom)]), *ticks]


def digits(text: str, gap: float = 0.0, tall: float = 60, left: float = 60, top: float = 75) -> Lines:
    """One digit for each cell; a space leaves one empty."""
    places = [(left + i * (80 + gap), top) for i in range(len(text))]
    return [line for digit, at in zip(text, places, strict=True) for line in written(digit, tall, at)]


def found(lines: Lines, strokes: Lines, thick: float = 3, pen: float = 6) -> Rules:
    return rules_of((ink(lines, SHAPE, thick) > 0.5) | (ink(strokes, SHAPE, pen) > 0.5))


@pytest.mark.parametrize("degrees", [0, -4, 3])
@pytest.mark.parametrize("text", ["204739", "111111", "1 7   "])
def test_joined_cells(text: str, degrees: float) -> None:
    lines, strokes = (turned(each, degrees, (350, 120)) for each in (boxes(6), digits(text)))
    (row,) = found(lines, strokes).rows
    assert len(row.walls) == 6 and not row.is_open
    assert row.cell == pytest.approx(80, abs=2) and row.height == pytest.approx(90, abs=3)


@pytest.mark.parametrize("gap", [10, 25])
def test_boxes_with_gaps(gap: float) -> None:
    (row,) = found(boxes(5, gap), digits("20473", gap)).rows
    assert len(row.walls) == 5


def test_gaps_between_boxes_are_no_cells_though_lines_cross_them() -> None:
    dashes = [np.array([(120.0 + 105 * i, y), (145.0 + 105 * i, y)]) for i in range(4) for y in (60, 150)]
    (row,) = found(boxes(5, 25) + dashes, digits("20473", 25)).rows
    assert len(row.walls) == 5 and row.cell == pytest.approx(80, abs=2)


def test_digits_that_cross_the_sides_of_their_cells() -> None:
    (row,) = found(boxes(6), digits("204739", tall=96, left=48, top=52)).rows
    assert len(row.walls) == 6


def test_ticks_on_a_line() -> None:
    (row,) = found(comb(6), digits("204739", tall=62, top=82)).rows
    assert row.is_open and len(row.walls) == 6
    assert row.bottom.at(200) - row.top.at(200) == pytest.approx(30, abs=3)


@pytest.mark.parametrize(("gap", "columns"), [(2, (40, 200, 440)), (20, (40, 200))])
def test_ticks_some_of_which_are_broken_or_cut_off_from_their_line(gap: int, columns: tuple[int, ...]) -> None:
    mask = (ink(comb(6), SHAPE, 3) > 0.5) | (ink(digits("204739", tall=62, top=82), SHAPE, 6) > 0.5)
    for column in columns:
        mask[130 - gap : 130, column - 3 : column + 4] = False
    (row,) = rules_of(mask).rows
    assert row.is_open and len(row.walls) == 6
    assert row.bottom.at(200) - row.top.at(200) == pytest.approx(30, abs=3)


def test_the_parts_of_a_date_are_one_row() -> None:
    groups = [*boxes(2, left=10), *boxes(2, left=220), *boxes(3, left=430)]
    (row,) = found(groups, digits("20", left=30) + digits("47", left=240)).rows
    assert len(row.walls) == 7
    assert row.cell_of((50, 100)) != row.cell_of((130, 100)) != BETWEEN
    assert row.cell_of((195, 100)) == BETWEEN
    assert row.cell_of((100, 200)) is None and row.cell_of((5, 100)) is None


def test_a_1_from_side_to_side_is_no_wall() -> None:
    ones = [np.array([(75.0 + 80 * i, 64), (75.0 + 80 * i, 146)]) for i in (1, 4)]
    rules = found(boxes(6), ones, pen=4)
    assert len(rules.rows[0].walls) == 6
    assert not rules.ink[70:140, 153:158].any()


@pytest.mark.parametrize("text", ["20473", "0000000", "111111", "7777777", "5=5=5"])
@pytest.mark.parametrize("gap", [0.3, 0.0])
def test_writing_alone_has_no_cells(text: str, gap: float) -> None:
    assert found([], written(text, 60, (60, 60), gap)).rows == []


@pytest.mark.parametrize(
    ("text", "tall", "pen"), [("2222", 20, 4), ("6250", 30, 6), ("5252", 20, 5), ("22522", 30, 7.5)]
)
def test_the_feet_of_thick_digits_are_no_line_of_cells(text: str, tall: float, pen: float) -> None:
    assert found([], written(text, tall, (40, 60), 0.05), pen=pen).rows == []


@pytest.mark.parametrize("pitch", [40, 50, 75])
def test_squares_are_no_cells(pitch: int) -> None:
    paper = level_lines(SHAPE, pitch) + upright_lines(SHAPE, pitch)
    assert found(paper, written("20473", 60, (60, 60)), 1).rows == []


def test_what_lies_between_cells() -> None:
    walls = np.array([(0.0, 50), (50, 100), (130, 180), (300, 350)])
    row = Row(Side(0, 0), Side(0, 60), 0.0, walls, 2.0, False)
    assert row.cell_of((110, 30)) == BETWEEN
    inside = [row.cell_of((x, 30)) for x in (20, 70, 150, 240, 320)]
    assert None not in inside and BETWEEN not in inside and len(set(inside)) == 5


def test_rows_at_one_level_are_one() -> None:
    left, right, below = (
        Row(Side(0.02, top), Side(0.02, top + 60), 0.0, np.array([(x, x + 50.0)]), 2.0, False)
        for x, top in ((0.0, 10.0), (120.0, 11.0), (120.0, 100.0))
    )
    assert [len(row.walls) for row in joined([right, below, left])] == [2, 1]


@pytest.mark.parametrize("pen", [40, 120])
def test_a_form_is_read_with_its_label_left_out(pen: int) -> None:
    """The printed label is close above; digits in pencil are fainter than the boxes."""
    form = Image.fromarray(on(ink(boxes(5, 12), SHAPE, 3)))
    ImageDraw.Draw(form).text((42, 57), "Account number", 40, ImageFont.load_default(22), "ls")
    picture = np.minimum(np.asarray(form), on(ink(digits("20473", 12), SHAPE, 5, 0.6), pen=pen))
    assert read_page(picture, MODEL).text == "20473"


def test_printed_points_between_cells_are_no_digits() -> None:
    slashes = [np.array([(x + 8.0, 80), (x - 8.0, 140)]) for x in (225, 435)]
    cells = [*boxes(2), *boxes(2, left=250), *boxes(2, left=460)]
    strokes = digits("20") + digits("11", left=270) + digits("47", left=480)
    page = read_page(np.minimum(on(ink(cells + slashes, SHAPE, 3)), on(ink(strokes, SHAPE, 6, 0.5))), MODEL)
    assert page.text == "201147" and page.full_text == "20/11/47"


def test_ink_in_two_rows_is_read_once() -> None:
    """A row without an upper line reaches up to what stands in another row of cells."""
    walls = np.array([(40.0 + 80 * i, 120.0 + 80 * i) for i in range(5)])
    closed = Row(Side(0, 40), Side(0, 130), 0.0, walls, 3.0, False)
    ticks = Row(Side(0, 140), Side(0, 170), 0.0, walls, 3.0, True)
    pieces = [Piece(60 + 80 * i, 65, 36, 60, np.ones((60, 36), np.float32), (60 + 80 * i, 65)) for i in range(5)]
    assert None not in [row.cell_of(piece.middle) for row in (closed, ticks) for piece in pieces]
    assert [len(line.pieces) for line in in_lines(pieces, [closed, ticks])] == [5]


def levels(lines: Lines, strokes: Lines, print_: float, pen: float = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grey levels of a form and of what is written in it, in noise, and where the lines and the strokes are."""
    printed, written_ = ink(lines, SHAPE, 2), ink(strokes, SHAPE, pen)
    noise = np.random.default_rng(3).normal(0, 2, SHAPE)
    over = 255 * (1 - (1 - printed * print_ / 255) * (1 - written_ * 0.7))
    return (over + noise).astype(np.float32), printed > 0.5, written_ > 0.5


def test_faint_cells_whose_lines_are_no_ink() -> None:
    level, _, strokes = levels(boxes(6), digits("204739", tall=86, left=56, top=74), print_=12)
    (row,) = find_rules(strokes, level).rows
    assert len(row.walls) == 6 and row.height == pytest.approx(90, abs=3)


def test_a_stroke_along_the_side_of_its_cell_stays() -> None:
    strokes = [np.array([(140.0, 60), (180.0, 60), (150, 130)]), np.array([(200.0, 75), (200.0, 140)])]
    level, lines, written_ = levels(boxes(6), strokes, print_=70, pen=3)
    rules = find_rules(lines | written_, level)
    assert len(rules.rows[0].walls) == 6
    assert rules.ink[written_].mean() < 0.2 and rules.ink[lines & ~written_].mean() > 0.8
