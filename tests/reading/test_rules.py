"""Printed lines and boxes are taken out of the ink; strokes that cross them stay, and strokes alone are no lines."""

import numpy as np
import pytest
from scipy import ndimage

from handgrad.reading.boxes import find_boxes
from handgrad.reading.heights import digit_height
from handgrad.reading.ink import NEIGHBOURS
from handgrad.reading.straight import Thin, extended, find_straight

from .drawings import Lines, box, ink, level_lines, rules_of, turned, upright_lines, written

SHAPE = (300, 500)
TEXT = written("20473", 60, (60, 60)) + written("65189", 60, (60, 170))


def drawn(lines: Lines, width: float, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return ink(lines, shape, width) > 0.5


def shares(printed: Lines, strokes: Lines, thick: float = 2, pen: float = 6) -> tuple[float, float]:
    """How much of the lines is taken out where no stroke is, and how much of the strokes off the lines stays."""
    lines, written_ = drawn(printed, thick), drawn(strokes, pen)
    rules = rules_of(lines | written_).ink
    off = ndimage.binary_dilation(written_, NEIGHBOURS, iterations=3)
    return float(rules[lines & ~off].mean()), float(1 - rules[written_ & ~lines].mean())


@pytest.mark.parametrize("thick", [1, 2, 3])
@pytest.mark.parametrize("degrees", [0, 3, -6])
def test_ruled_paper(thick: int, degrees: float) -> None:
    gone, kept = shares(turned(level_lines(SHAPE, 45), degrees, (250, 150)), TEXT, thick)
    assert gone > 0.95 and kept > 0.9


@pytest.mark.parametrize("pitch", [25, 50])
def test_squared_paper(pitch: int) -> None:
    gone, kept = shares(level_lines(SHAPE, pitch) + upright_lines(SHAPE, pitch), TEXT, 1, 5)
    assert gone > 0.95 and kept > 0.85


def test_a_line_that_digits_cross() -> None:
    for y in (85, 105, 112):
        gone, kept = shares([np.array([(30, y), (470, y)])], written("20473", 60, (60, 60)))
        assert gone > 0.95 and kept > 0.97


def cells(left: float, top: float, side: float, count: int) -> Lines:
    return [box(left + i * side, top, side, side) for i in range(count)]


def test_joined_cells_whose_lower_line_is_crossed() -> None:
    digits = [line for i, d in enumerate("20475") for line in written(d, 60, (58 + 80 * i, 70))]
    gone, kept = shares(cells(40, 40, 80, 5), digits)
    assert gone > 0.95 and kept > 0.93


def test_a_comb_is_taken_out_with_its_ticks() -> None:
    comb = [np.array([(40, 140), (440, 140)]), *(np.array([(x, 110), (x, 140)]) for x in range(40, 441, 80))]
    digits = [line for i, d in enumerate("20475") for line in written(d, 60, (62 + 80 * i, 72))]
    gone, kept = shares(comb, digits)
    assert gone > 0.9 and kept > 0.97


def test_boxes_apart_from_each_other() -> None:
    boxes = [box(40 + 100 * i, 40, 80, 90) for i in range(4)]
    digits = [line for i, d in enumerate("2047") for line in written(d, 60, (62 + 100 * i, 55))]
    gone, kept = shares(boxes, digits)
    assert gone > 0.95 and kept > 0.97


def test_an_empty_box_beside_others_is_taken_out_too() -> None:
    boxes = [box(40 + 100 * i, 40, 80, 90) for i in range(4)]
    gone, _ = shares(boxes, written("2", 60, (62, 55)))
    assert gone > 0.95


@pytest.mark.parametrize("text", ["20473", "1111", "7777", "44444", "12-34", "5=5", "000", "1"])
@pytest.mark.parametrize("pen", [2, 6, 10])
def test_strokes_without_lines_all_stay(text: str, pen: float) -> None:
    assert not rules_of(drawn(written(text, 60, (60, 60)), pen)).ink.any()


def test_no_ink_has_no_lines() -> None:
    assert not rules_of(np.zeros((40, 50), bool)).ink.any()


def pieces(mask: np.ndarray) -> tuple[np.ndarray, list[tuple[slice, slice]]]:
    labels, _ = ndimage.label(mask, NEIGHBOURS)
    return labels, ndimage.find_objects(labels)


def test_a_box_is_found_by_its_straight_sides_if_something_is_inside() -> None:
    frame, digit = drawn([box(50, 50, 90, 90)], 2), drawn(written("7", 50, (80, 70)), 5)
    assert (find_boxes(frame | digit, *pieces(frame | digit), 50) == frame).all()
    assert not find_boxes(frame, *pieces(frame), 50).any(), "it may be a 0"


@pytest.mark.parametrize("count", [2, 3])
def test_empty_boxes_are_found_if_they_are_three(count: int) -> None:
    frames = drawn([box(20 + 110 * i, 50, 90, 90) for i in range(count)], 2)
    assert find_boxes(frames, *pieces(frames), 60).any() == (count >= 3)


def test_a_written_zero_is_no_box() -> None:
    strokes = drawn(written("000", 60, (60, 60)), 5)
    assert not find_boxes(strokes, *pieces(strokes), 60).any()


@pytest.mark.parametrize("slope", [-0.3, 0.0, 0.02, 0.2])
def test_a_straight_line_is_one_with_its_slope_and_length(slope: float) -> None:
    mask = drawn([np.array([(20, 150), (480, 150 + 460 * slope)])], 2)
    (line,), labels = find_straight(Thin(mask), 40, 4)
    assert line.slope == pytest.approx(slope, abs=0.01) and line.thickness == pytest.approx(2, abs=1)
    assert line.left == pytest.approx(20, abs=3) and line.length == pytest.approx(460, abs=6) and line.covered > 0.95
    assert line.start == pytest.approx(150, abs=2) and line.end == pytest.approx(150 + 460 * slope, abs=2)
    assert labels.shape == mask.shape and mask[labels == line.segments[0].label].any()


def test_gaps_are_bridged_and_wide_ones_are_not() -> None:
    mask = drawn([np.array([(20, 150), (200, 150)]), np.array([(240, 151), (480, 151)])], 2)
    assert len(find_straight(Thin(mask), 40, 4)[0]) == 1
    assert len(find_straight(Thin(mask), 40, 4, link=0.5)[0]) == 2
    assert len(find_straight(Thin(mask), 20, 4)[0]) == 2


def test_what_is_bent_or_thick_is_no_straight_line() -> None:
    x = np.linspace(40, 440, 60)
    wave = np.stack([x, 150 + 12 * np.sin(x / 30)], axis=1)
    assert not [line for line in find_straight(Thin(drawn([wave], 2)), 40, 4)[0] if line.length > 200]
    assert not find_straight(Thin(drawn([np.array([(40, 150), (440, 150)])], 12)), 40, 4)[0]
    assert find_straight(Thin(np.zeros((30, 40), bool)), 40, 4)[0] == []


def test_a_line_goes_on_where_another_ends() -> None:
    mask = drawn(
        [np.array(each) for each in ([(20, 100), (220, 100)], [(320, 100), (400, 100)], [(320, 130), (400, 130)])], 2
    )
    lines, _ = find_straight(Thin(mask), 30, 4)
    known, near, away = sorted(lines, key=lambda line: (line.left, line.start))
    assert extended([known], [near, away], 30) == [near]
    assert extended([], [near], 30) == extended([known], [], 30) == []


def test_the_height_of_digits_is_that_of_most() -> None:
    assert digit_height([(60, 40, 5)] * 5 + [(4, 4, 3)] * 40) == 60
    assert digit_height([(60, 40, 5)] * 5 + [(300, 3, 3)]) == 60, "a line has no say"
    assert digit_height([(60, 300, 5), (61, 40, 5)]) == 60, "touching digits are several"
    assert digit_height([(60, 40, 5)] * 3 + [(200, 180, 120)]) == 60, "nor has a blot"
    assert digit_height([(7, 7, 5)]) == 7


def test_strokes_of_separate_digits_in_a_column_are_no_line() -> None:
    ones = np.zeros((1600, 700), bool)
    for top in range(20, 660, 34):
        ones[top : top + 20, 28:30] = True
    assert not rules_of(ones).ink.any()


def test_walls_are_taken_out_where_cells_of_uneven_rows_make_digits_seem_taller() -> None:
    """Rows of cells of several widths lie on each other, and their walls do not meet."""
    tops, lefts = (30, 110, 190), ((40, 75, 130, 190, 225), (60, 120, 160, 200, 250), (30, 90, 125, 180, 240))
    printed = []
    for top, columns in zip(tops, lefts, strict=True):
        level = [np.array([(columns[0], y), (columns[-1], y)], float) for y in (top, top + 76)]
        printed += [*level, *(np.array([(x, top), (x, top + 76)], float) for x in columns)]
    taken, kept = shares(printed, written("20", 44, (80, 45)) + written("73", 44, (128, 205), gap=0.8))
    assert taken > 0.9 and kept > 0.8


def test_both_walls_between_boxes_that_nearly_touch_are_taken_out() -> None:
    printed = [box(40 + 52.0 * i, 60, 46, 60) for i in range(7)]
    taken, kept = shares(printed, written("20473", 40, (101, 70), gap=0.75), thick=3)
    assert taken > 0.9 and kept > 0.9


@pytest.mark.parametrize("length", [165, 180])
def test_a_short_line_on_which_digits_stand(length: int) -> None:
    printed = [np.array([(60, 122), (60 + length, 122)], float)]
    taken, kept = shares(printed, written("25", 44, (66, 80), gap=0.2), thick=2, pen=4)
    assert taken > 0.9 and kept > 0.8
