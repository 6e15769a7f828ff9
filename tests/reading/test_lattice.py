"""The cheapest way to read a line: a judge with known scores decides what is cut, joined, left unread or dropped."""

import numpy as np
import pytest

from handgrad.reading.glyph import Glyph
from handgrad.reading.lattice import best_path
from handgrad.reading.lines import Line
from handgrad.reading.pieces import Piece
from handgrad.reading.runs import Part, line_parts, runs

HEIGHT = 60.0
SURE, UNSURE, NONE = 0.98, 0.3, 1e-6


def piece(left: int, width: int = 36, height: int = 60, top: int = 100) -> Piece:
    return Piece(left, top, width, height, np.ones((height, width), np.float32), (left, top))


def wholes(*pieces: Piece) -> list[Part]:
    return [Part(each, number, True) for number, each in enumerate(pieces)]


def halves(left: int = 0, count: int = 2, width: int = 36) -> list[Part]:
    """One piece of ink, cut."""
    return [Part(piece(left + i * width, width), 0, False) for i in range(count)]


def scores(best: float) -> np.ndarray:
    return np.array([best, 0.2 * best], np.float32)


def read(parts: list[Part], known: dict[tuple[int, int], float], otherwise: float = NONE) -> list[Glyph]:
    """The best path where the runs (first, last) have these scores."""
    found = runs(parts, HEIGHT)
    return best_path(parts, found, [scores(known.get((run.first, run.last), otherwise)) for run in found], HEIGHT)


def seen(path: list[Glyph]) -> list[tuple[int, int, bool]]:
    return [(glyph.piece.left, glyph.piece.width, glyph.is_digit) for glyph in path]


def test_digits_apart_are_read_one_by_one() -> None:
    path = read(wholes(piece(0), piece(60), piece(120)), {(i, i + 1): SURE for i in range(3)})
    assert seen(path) == [(0, 36, True), (60, 36, True), (120, 36, True)]
    assert [glyph.score for glyph in path] == pytest.approx([SURE] * 3)


def test_two_halves_that_are_digits_are_cut() -> None:
    assert seen(read(halves(), {(0, 1): SURE, (1, 2): SURE, (0, 2): UNSURE})) == [(0, 36, True), (36, 36, True)]


def test_two_halves_that_are_none_are_one_digit() -> None:
    assert seen(read(halves(), {(0, 1): NONE, (1, 2): SURE, (0, 2): SURE})) == [(0, 72, True)]
    assert seen(read(halves(), {(0, 1): UNSURE, (1, 2): UNSURE, (0, 2): SURE})) == [(0, 72, True)]


def test_a_sure_whole_is_not_cut_into_sure_halves() -> None:
    assert seen(read(halves(width=18), dict.fromkeys([(0, 1), (1, 2), (0, 2)], SURE))) == [(0, 36, True)]


def test_the_cut_that_parts_digits_is_chosen_of_several() -> None:
    parts = halves(count=4, width=20)
    path = read(parts, {(0, 1): SURE, (1, 4): SURE, (0, 2): UNSURE, (2, 4): UNSURE})
    assert seen(path) == [(0, 20, True), (20, 60, True)]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_wide_ink_is_not_left_unread_where_a_split_has_answers(count: int) -> None:
    path = read(halves(count=count), {(i, i + 1): 0.6 for i in range(count)})
    assert [glyph.is_digit for glyph in path] == [True] * count


def test_ink_that_is_no_digit_is_left_unread_in_one() -> None:
    path = read(halves(count=3, width=20), {})
    assert seen(path) == [(0, 60, False)] and path[0].score == 0
    (glyph,) = read(wholes(piece(0)), {})
    assert not glyph.is_digit and glyph.scores is not None


def test_what_is_no_digit_does_not_cost_its_neighbours() -> None:
    path = read(wholes(piece(0), piece(60), piece(120)), {(0, 1): SURE, (2, 3): SURE})
    assert [glyph.is_digit for glyph in path] == [True, False, True]


def test_the_bar_of_a_5_is_joined_to_it() -> None:
    bar, body = piece(14, 24, 6, 94), piece(0, 36, 50, 110)
    parts = sorted(wholes(body, bar), key=lambda part: part.piece.middle[0])
    both = read(parts, {(0, 1): UNSURE, (1, 2): NONE, (0, 2): SURE})
    assert seen(both) == [(0, 38, True)] and both[0].piece.top == 94


def test_two_tall_digits_are_not_joined_even_where_the_model_likes_it() -> None:
    parts = wholes(piece(0, 20), piece(26, 20))
    assert [glyph.is_digit for glyph in read(parts, dict.fromkeys([(0, 1), (1, 2), (0, 2)], SURE))] == [True, True]


def test_a_dot_is_dropped_and_no_digit_of_its_own() -> None:
    parts = wholes(piece(0), piece(60, 6, 6, 154), piece(90))
    path = read(parts, {(0, 1): SURE, (2, 3): SURE, (0, 2): UNSURE, (1, 3): UNSURE})
    assert [(glyph.piece.left, glyph.is_digit) for glyph in path] == [(0, True), (60, False), (90, True)]


def test_runs_are_near_and_of_the_size_of_a_digit() -> None:
    found = runs(wholes(piece(0), piece(40), piece(200), piece(400, 6, 6, 154)), HEIGHT)
    assert [(run.first, run.last) for run in found] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert runs([], HEIGHT) == [] and best_path([], [], [], HEIGHT) == []


def test_a_joined_run_costs_more_than_a_whole_and_a_low_one_most() -> None:
    parts = wholes(piece(0, 20), piece(24, 20), piece(100, 20, 24))
    cost = {(run.first, run.last): run.extra for run in runs(parts, HEIGHT)}
    assert cost[0, 1] == cost[1, 2] == 0 < cost[0, 2] and cost[2, 3] > 0.2
    cut = {(run.first, run.last): run.extra for run in runs(halves(), HEIGHT)}
    assert cut[0, 2] == 0 < cut[0, 1] == cut[1, 2]


def test_all_ink_is_in_the_path() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        lefts = np.cumsum(random.integers(10, 60, 7))
        parts = wholes(*(piece(int(left), int(random.integers(4, 50)), int(random.integers(4, 80))) for left in lefts))
        found = runs(parts, HEIGHT)
        path = best_path(parts, found, [scores(float(random.random())) for _ in found], HEIGHT)
        mass = sum(part.piece.amount.size for part in parts)
        assert sum(float(glyph.piece.amount.sum()) for glyph in path) <= mass
        assert {part.piece.right for part in parts} >= {max(part.piece.right for part in parts)}
        assert max(glyph.piece.right for glyph in path) == max(part.piece.right for part in parts)


@pytest.mark.parametrize(
    ("width", "score", "cut"), [(36, NONE, False), (50, SURE, False), (50, NONE, True), (90, SURE, True)]
)
def test_wide_ink_is_cut_if_the_model_does_not_know_it(width: int, score: float, cut: bool) -> None:
    ink = np.zeros((60, width), np.float32)
    ink[:, :5] = ink[:, -5:] = ink[28:32] = 1
    line = Line((Piece(0, 0, width, 60, ink, (0, 0)),), HEIGHT, 0.0)
    parts = line_parts(line, [scores(score)])
    assert (len(parts) > 1) == cut and all(part.whole != cut for part in parts)


def test_a_cell_holds_one_digit() -> None:
    """Two strokes above each other in a cell, each like a 1, are one 1 that is broken."""
    upper, lower = piece(0, 10, 30, 100), piece(0, 10, 28, 132)
    known = {(0, 1): 0.9, (1, 2): 0.9, (0, 2): 0.8}
    for cell, digits in ((None, 2), (3, 1)):
        parts = [Part(each, i, True, cell) for i, each in enumerate((upper, lower))]
        assert sum(glyph.is_digit for glyph in read(parts, known)) == digits
