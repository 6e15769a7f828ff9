"""Pieces of ink become lines in reading order, level or falling; small ink belongs to the line that it is near."""

import numpy as np
import pytest

from handgrad.reading.ink import Ink
from handgrad.reading.lines import Line, in_lines
from handgrad.reading.pieces import Piece, cropped, find_pieces, trimmed, united

from .drawings import Lines, arc, ink, turned, written


def pieces_of(lines: Lines, shape: tuple[int, int], width: float = 5) -> list[Piece]:
    amount = ink(lines, shape, width).astype(np.float32)
    mask = amount > 0.4
    return find_pieces(Ink(amount, mask, mask, amount * 200, True, 200.0), np.zeros(shape, bool))


def lines_of(lines: Lines, shape: tuple[int, int], width: float = 5) -> list[Line]:
    return in_lines(pieces_of(lines, shape, width))


def rows(*texts: str, tall: float = 50, **how: float) -> Lines:
    return [line for i, text in enumerate(texts) for line in written(text, tall, (50, 50 + 2 * i * tall), **how)]


def counts(found: list[Line]) -> list[int]:
    return [len(line.pieces) for line in found]


def test_level_lines_from_top_to_bottom() -> None:
    found = lines_of(rows("20", "375", "6891"), (400, 400))
    assert counts(found) == [2, 3, 4]
    assert all(abs(line.slope) <= 0.04 and line.height == pytest.approx(55, abs=3) for line in found)
    assert [[*line.pieces] == sorted(line.pieces, key=lambda piece: piece.left) for line in found] == [True] * 3


@pytest.mark.parametrize("degrees", [-37, -20, 8, 37])
@pytest.mark.parametrize("upright", [False, True])
def test_lines_that_fall_or_rise_with_upright_digits_or_turned_ones(degrees: float, upright: bool) -> None:
    slope = float(np.tan(np.radians(degrees)))
    strokes = written("203758", 50, (100, 300), slope=slope) + written("619", 50, (100, 430), slope=slope)
    if not upright:
        strokes = turned(written("203758", 50, (100, 300)) + written("619", 50, (100, 430)), degrees, (100, 300))
    found = lines_of(strokes, (900, 500) if degrees > 0 else (600, 500))
    assert counts(found) == [6, 3]
    assert found[0].slope == pytest.approx(slope, abs=0.1)


def test_digits_in_a_column_are_a_line_each() -> None:
    found = lines_of(rows("2", "0", "3", "7"), (500, 150))
    assert counts(found) == [1, 1, 1, 1]
    assert [line.pieces[0].top for line in found] == sorted(line.pieces[0].top for line in found)


def test_long_tails_do_not_join_lines() -> None:
    found = lines_of(rows("70273", "58261", tail=0.9), (300, 400))
    assert counts(found) == [5, 5]


def test_a_7_with_a_long_tail_is_in_the_line_of_short_digits() -> None:
    assert counts(lines_of(rows("20735", tail=1.0), (250, 400))) == [5]


def test_wide_gaps_do_not_part_a_line() -> None:
    assert counts(lines_of(rows("20   37    5", "6891"), (300, 800))) == [5, 4]


def test_signs_are_in_the_line_that_they_belong_to() -> None:
    found = lines_of(rows("1,5.0", "3-4=8"), (300, 400))
    assert counts(found) == [5, 6]


def test_a_speck_far_from_every_line_is_in_none() -> None:
    speck = written(".", 50, (350, 350))
    assert counts(lines_of(rows("203") + speck, (400, 400))) == [3]
    assert lines_of(speck, (400, 400)) == [] == in_lines([])


def test_a_blot_is_no_writing() -> None:
    blot = [np.array(arc(300, 300, 20, 20))]
    blot += [np.array(arc(300, 300, r, r)) for r in range(2, 60, 3)]
    assert counts(lines_of(rows("203") + blot, (400, 400))) == [3]


def test_the_body_of_a_piece_is_what_lies_in_the_line() -> None:
    (line,) = lines_of(rows("207351", tail=1.6), (300, 400))
    seven = line.pieces[2]
    assert seven.height > 2 * line.height
    body = line.body(seven)
    assert body.top == seven.top and line.height <= body.height < 1.7 * line.height
    assert line.body(line.pieces[0]) is line.pieces[0]


def test_pieces_know_their_box_and_their_ink() -> None:
    one, two = sorted(pieces_of(rows("23"), (150, 200)), key=lambda piece: piece.left)
    both = united([one, two])
    assert both.box == (one.left, min(one.top, two.top), two.right - one.left, max(one.bottom, two.bottom) - both.top)
    assert both.mass == pytest.approx(one.mass + two.mass) and united([one]) is one
    x, y = one.left - one.corner[0], one.top - one.corner[1]
    core = one.amount[y : y + one.height, x : x + one.width] > 0.4
    assert core[0].any() and core[-1].any() and core[:, 0].any() and core[:, -1].any()
    assert one.middle == (one.left + one.width / 2, one.top + one.height / 2)
    again = trimmed(one.amount, one.corner)
    assert again is not None and again.box == one.box
    assert trimmed(np.zeros((5, 5), np.float32), (0, 0)) is None
    half = cropped(one, slice(0, one.height // 2))
    assert half is not None and half.top == one.top and half.height < one.height


def test_ink_that_is_left_out_parts_pieces() -> None:
    amount = ink(rows("1"), (150, 120), 5).astype(np.float32)
    whole = Ink(amount, amount > 0.4, amount > 0.4, amount * 200, True, 200.0)
    rule = np.zeros(amount.shape, bool)
    assert len(find_pieces(whole, rule)) == 1
    rule[78:81] = True
    upper, lower = sorted(find_pieces(whole, rule), key=lambda piece: piece.top)
    assert (upper.bottom, lower.top) == (78, 81)
