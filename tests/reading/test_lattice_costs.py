"""What the ways to read a line cost, by hand, and which runs and parts there are. Digits are 60 pixels high."""

import math

import numpy as np
import pytest

from handgrad.reading.glyph import Glyph
from handgrad.reading.lattice import best_path
from handgrad.reading.lines import Line
from handgrad.reading.pieces import Piece
from handgrad.reading.rows import BETWEEN
from handgrad.reading.runs import Part, line_parts, runs

from .test_lattice import HEIGHT, halves, piece, read, scores, seen, wholes


def extras(parts: list[Part]) -> dict[tuple[int, int], float]:
    return {(run.first, run.last): run.extra for run in runs(parts, HEIGHT)}


def spans(parts: list[Part]) -> set[tuple[int, int]]:
    return {*extras(parts)}


def way(parts: list[Part], cost: float) -> list[Glyph]:
    """The path where the run of both parts costs so much beside its extra, and no other run is a digit."""
    found = runs(parts, HEIGHT)
    known = {(0, 2): math.exp(-cost)}
    return best_path(parts, found, [scores(known.get((run.first, run.last), 0)) for run in found], HEIGHT)


def test_costs_of_cutting_and_joining() -> None:
    assert extras(halves()) == {(0, 1): 0.25, (1, 2): 0.25, (0, 2): 0}
    assert extras(wholes(piece(0), piece(50))) == {(0, 1): 0, (1, 2): 0}
    joined = extras(wholes(piece(0, 20), piece(24, 20, 30, 130)))
    assert joined[0, 2] == pytest.approx(0.1 + 30 / 60)
    three = extras(wholes(piece(0, 10), piece(14, 10, 30, 130), piece(28, 10, 48, 112)))
    assert three[0, 3] == pytest.approx(2 * 0.1 + (30 + 48) / 60)
    mixed = [*halves(count=3, width=12), Part(piece(40, 12, 30, 130), 1, True)]
    assert extras(mixed)[1, 4] == pytest.approx(0.25 + 0.1 + 30 / 60)
    uneven = [Part(piece(0, 12, 30, 130), 0, False), Part(piece(12, 12), 0, False), Part(piece(28, 12), 1, True)]
    assert extras(uneven)[0, 3] == pytest.approx(0.1 + 1.0)


def test_costs_of_small_ink_beside_a_digit() -> None:
    """Beside it, small ink is a sign of its own; above or below, a bar or a dot of the digit."""
    body = piece(20, 20, 50, 110)
    for dot, cost in (
        (piece(42, 6, 6, 150), 1.2), (piece(40, 6, 6, 150), 1.2),
        (piece(14, 6, 6, 150), 1.2), (piece(12, 6, 6, 150), 1.2),
        (piece(39, 6, 6, 150), 0.0), (piece(15, 6, 6, 150), 0.0), (piece(24, 6, 6, 100), 0.0),
    ):  # fmt: skip
        assert extras(wholes(body, dot))[0, 2] == pytest.approx(0.1 + 6 / 60 + cost)
    cut = [Part(body, 0, True), Part(piece(42, 6, 6, 150), 1, False)]
    assert extras(cut)[0, 2] == pytest.approx(0.1 + 6 / 60)


def test_costs_of_low_ink() -> None:
    for height, cost in ((60, 0.0), (34, 0.0), (33, 0.0), (30, 4 * 0.05), (18, 4 * 0.25)):
        assert extras(wholes(piece(0, 20, height)))[0, 1] == pytest.approx(cost, abs=1e-9)


def test_parts_of_a_digit_are_near() -> None:
    assert (0, 2) in spans(wholes(piece(0, 20), piece(33, 20)))
    assert (0, 2) not in spans(wholes(piece(0, 20), piece(34, 20)))
    upper = piece(0, 20, 30, 100)
    for top, near in ((145, True), (146, False), (55, True), (54, False)):
        assert ((0, 2) in spans(wholes(upper, piece(0, 20, 30, top)))) == near
    assert (0, 3) not in spans(wholes(piece(0, 20), piece(34, 20), piece(20, 10)))


def test_parts_of_a_digit_are_in_one_cell() -> None:
    for cells, together in (((3, 3), True), ((3, 4), False), ((3, None), False), ((None, None), True)):
        parts = [Part(piece(24 * i, 20), i, True, cell) for i, cell in enumerate(cells)]
        assert ((0, 2) in spans(parts)) == together
    printed = [Part(piece(24 * i, 20), i, True, BETWEEN if i == 0 else 1) for i in range(3)]
    assert spans(printed) == {(1, 2), (2, 3), (1, 3)}


def test_a_sign_is_no_digit_but_may_be_a_part_of_one() -> None:
    parts = [Part(piece(14 * i, 10), i, True, sign=i == 0) for i in range(3)]
    assert spans(parts) == {(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


def test_sizes_of_a_digit() -> None:
    for width, fits in ((57, True), (58, False)):
        assert ((0, 2) in spans(wholes(piece(0, 57), piece(57, width)))) == fits
    assert spans(wholes(piece(0, 200))) == {(0, 1)}
    for height, fits in ((16, False), (17, True), (192, True), (193, False)):
        assert spans(wholes(piece(0, 20, height))) == ({(0, 1)} if fits else set())
    many = halves(count=12, width=9)
    assert max(last - first for first, last in spans(many)) == 9 and (3, 12) in spans(many)
    wide = wholes(piece(0, 70), piece(70, 70), piece(140, 20))
    assert spans(wide) == {(0, 1), (1, 2), (1, 3), (2, 3)}


def test_which_digits_are_cut() -> None:
    found = runs([*halves(), *wholes(piece(200), piece(300))[1:]], HEIGHT)
    assert {(run.first, run.last): run.is_cut for run in found} == {
        (0, 1): True, (1, 2): True, (0, 2): False, (2, 3): False,
    }  # fmt: skip
    path = read(halves(), {(0, 1): 0.98, (1, 2): 0.98})
    assert [glyph.is_cut for glyph in path] == [True, True]


@pytest.mark.parametrize(
    ("one", "other", "cost"),
    [
        (piece(0, 6, 6, 100), piece(0, 6, 6, 115), 2 * (0.4 + 5 * 6 / 60)),
        (piece(0, 20, 20, 100), piece(0, 6, 6, 122), 2 * 0.4 + 5 * (20 + 6) / 60),
        (piece(0, 48, 6, 100), piece(0, 48, 6, 115), 2 * (0.4 + 5 * 12 / 60)),  # flat ink: a quarter of its width
        (piece(0, 100, 12, 100), piece(0, 12, 12, 120), 2 * 0.4 + 5 * (0.38 + 12 / 60)),
        (piece(0), piece(36), 2 * 3.0),
        (piece(0, 20), piece(20, 84), 3.0 + 3.0 * 84 / 42),
    ],
)  # fmt: skip
def test_costs_of_ink_that_is_left_unread(one: Piece, other: Piece, cost: float) -> None:
    """Two parts are a digit where that costs a little less than to leave out each, and not where it costs more."""
    parts = wholes(one, other)
    (extra,) = [run.extra for run in runs(parts, HEIGHT) if run.last - run.first == 2]
    assert [glyph.is_digit for glyph in way(parts, cost - extra - 0.01)] == [True]
    assert [glyph.is_digit for glyph in way(parts, cost - extra + 0.01)] == [False, False]


def test_cost_of_a_sign_that_is_left_out() -> None:
    parts = [Part(piece(0, 30, 30, 115), 0, True, sign=True), Part(piece(30, 30), 1, True)]
    extra = extras(parts)[0, 2]
    assert len(way(parts, 0.4 + 3.0 - extra - 0.01)) == 1 and len(way(parts, 0.4 + 3.0 - extra + 0.01)) == 2


def test_ink_that_was_cut_is_left_unread_in_one() -> None:
    parts = [*halves(count=3, width=14), *wholes(piece(100), piece(200))[1:]]
    assert seen(read(parts, {})) == [(0, 42, False), (200, 36, False)]
    wide = [*halves(count=3, width=30), *wholes(piece(100), piece(200))[1:]]
    assert seen(read(wide, {(0, 1): 0.98})) == [(0, 30, True), (30, 60, False), (200, 36, False)]


def test_cost_of_a_second_digit_in_a_cell() -> None:
    upper, lower = piece(0, 20, 40, 100), piece(0, 20, 40, 142)
    for cells, more in (((3, 3), 2.0), ((None, None), 0.0)):
        parts = [Part(each, i, True, cell) for i, (each, cell) in enumerate(zip((upper, lower), cells, strict=True))]
        extra = extras(parts)[0, 2]
        for share, count in ((more - 0.01, 1), (more + 0.01, 2)):
            known = {(0, 1): 0.9, (1, 2): 0.9, (0, 2): min(math.exp(extra - share + 2 * math.log(0.9)), 1.0)}
            found = runs(parts, HEIGHT)
            path = best_path(parts, found, [scores(known[run.first, run.last]) for run in found], HEIGHT)
            assert sum(glyph.is_digit for glyph in path) == (count if more else 2)


def test_digits_in_cells_of_their_own_cost_nothing_more() -> None:
    parts = [Part(piece(50 * i), i, True, cell) for i, cell in enumerate((1, 2, 3))]
    path = read(parts, {(i, i + 1): 0.2 for i in range(3)})
    assert [glyph.is_digit for glyph in path] == [True] * 3
    same = [Part(piece(50 * i), i, True, 1) for i in range(3)]  # the second costs 2 more, and as much as to leave it
    assert [glyph.is_digit for glyph in read(same, {(i, i + 1): 0.2 for i in range(3)})] == [True, False, False]
    after = [Part(piece(50 * i), i, True, cell) for i, cell in enumerate((1, 1, 2))]
    path = read(after, {(0, 1): 0.2, (1, 2): 1e-4, (2, 3): 0.2})
    assert [glyph.is_digit for glyph in path] == [True, False, True]


def test_a_probability_of_nothing_costs_no_more_than_a_small_one() -> None:
    for width, is_digit in ((128, False), (130, True)):  # to leave it out costs 3 * width / 42, the digit 9.21
        (glyph,) = read(wholes(piece(0, width)), {}, 0.0)
        assert glyph.is_digit == is_digit and glyph.score == 0


def bars(width: int, height: int = 60, left: int = 0) -> Piece:
    """Two strokes with a thin bar between them."""
    ink = np.zeros((height, width), np.float32)
    ink[:, :5] = ink[:, -5:] = ink[height // 2 - 2 : height // 2 + 2] = 1
    return Piece(left, 100, width, height, ink, (left, 100))


@pytest.mark.parametrize(
    ("width", "height", "score", "cut"),
    [
        (37, 60, 0.1, False), (38, 60, 0.1, True), (38, 60, 0.9, False), (38, 60, 0.89, True),
        (75, 60, 0.9, False), (76, 60, 0.9, True), (50, 22, 0.1, False), (50, 24, 0.1, True),
    ],
)  # fmt: skip
def test_which_ink_is_cut(width: int, height: int, score: float, cut: bool) -> None:
    line = Line((bars(width, height), bars(30, left=200)), HEIGHT, 0.0)
    parts = line_parts(line, [np.array([score, 0.0]), np.array([0.0, 0.0])])
    assert (len(parts) > 2) == cut
    assert [part.of for part in parts] == [0] * (len(parts) - 1) + [1] and parts[-1].whole
    assert all(part.whole != cut for part in parts[:-1]) and not any(part.sign for part in parts)


def test_signs_are_whole_and_parts_stand_from_left_to_right() -> None:
    ink = np.zeros((30, 30), np.float32)
    ink[13:17] = ink[:, 13:17] = 1
    plus = Piece(50, 115, 30, 30, ink, (50, 115))
    comma = piece(160, 12, 22, 148)
    line = Line((piece(100), plus, comma, piece(0)), HEIGHT, 0.0)
    parts = line_parts(line, [scores(0.1)] * 4)
    assert [(part.of, part.whole, part.sign) for part in parts] == [
        (3, True, False), (1, True, True), (0, True, False), (2, True, True),
    ]  # fmt: skip
