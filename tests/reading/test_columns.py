"""A line as a strip, what the line reader says of its columns, and how much its word counts."""

from itertools import pairwise, product
from threading import Thread

import numpy as np
import pytest

from handgrad.model.shipped import pretrained
from handgrad.reading import columns as columns_module
from handgrad.reading import page as page_module
from handgrad.reading import read_page
from handgrad.reading.columns import MARGIN, SCALE, STEP, WINDOW, Columns, logits_of, read_columns
from handgrad.reading.glyph import Glyph
from handgrad.reading.lattice import best_path
from handgrad.reading.lines import Line
from handgrad.reading.marks import _is_word
from handgrad.reading.runs import runs
from handgrad.reading.strip import ABOVE, BESIDE, ROWS, TALL, Strip, strip_of

from .drawings import page, written
from .test_lattice import HEIGHT, piece, wholes
from .test_lines import lines_of

NOTHING = 10  # the class of no digit
KERNELS = "compiled"


def line(text: str, tall: float = 60, slope: float = 0.0, width: float = 5) -> Line:
    strokes = written(text, tall, (100, 200), slope=slope)
    (found,) = lines_of(strokes, (500, round(100 + len(text) * tall + 100)), width)
    return found


def spelled(scores: np.ndarray) -> str:
    best = scores.argmax(axis=1)
    kept = [k for before, k in zip([NOTHING, *best], best, strict=False) if k not in (before, NOTHING)]
    return "".join(map(str, kept))


@pytest.mark.parametrize("slope", [-0.5, -0.1, 0.0, 0.3])
@pytest.mark.parametrize("tall", [14, 20, 90])
def test_a_strip_has_its_digits_level_and_of_one_height(tall: int, slope: float) -> None:
    strip = strip_of(line("808380", tall, slope, tall / 10))
    assert strip.ink.shape[0] == ROWS and strip.scale == pytest.approx(tall * 1.1 / TALL, rel=0.15)
    for part in (strip.ink[:, : strip.ink.shape[1] // 2], strip.ink[:, strip.ink.shape[1] // 2 :]):
        inked = np.flatnonzero(part.max(axis=1) > 0.5)
        assert inked[0] == pytest.approx(ABOVE, abs=2) and inked[-1] == pytest.approx(ABOVE + TALL, abs=3)


def test_a_strip_says_where_it_lies_in_the_picture() -> None:
    found = line("1111", 100)
    strip = strip_of(found)
    inked = np.flatnonzero(strip.ink.max(axis=0) > 0.5)
    assert inked[0] == pytest.approx(BESIDE, abs=2)
    assert strip.left + inked[0] * strip.scale == pytest.approx(found.pieces[0].left, abs=1.5 * strip.scale)
    assert strip.left + inked[-1] * strip.scale == pytest.approx(found.pieces[-1].right, abs=1.5 * strip.scale)


@pytest.mark.parametrize("text", ["07", "2350", "6891", "20375689"])
@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_clear_lines_are_spelled(text: str, slope: float) -> None:
    assert spelled(read_columns(strip_of(line(text, slope=slope)), KERNELS).scores) == text


def test_each_digit_is_likeliest_where_it_stands() -> None:
    found = line("20375689")
    said = read_columns(strip_of(found), KERNELS)
    ends = [-np.inf, *((a.right + b.left) / 2 for a, b in zip(found.pieces, found.pieces[1:], strict=False)), np.inf]
    read = [int(said.digits(a, b).argmax()) for a, b in pairwise(ends)]
    assert read == [2, 0, 3, 7, 5, 6, 8, 9]
    between = [(a.right, b.left) for a, b in pairwise(found.pieces)]
    assert all(said.nothing(*ends) > said.digits(*ends).max() for ends in between)


def test_the_sums_are_over_all_ways_to_write_one_digit() -> None:
    """Every sequence of classes is enumerated: those that say nothing, and those that say one digit alone."""
    random = np.random.Generator(np.random.Philox(key=3))
    logits = random.standard_normal((5, 4))
    scores = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    said = Columns(scores, 0.0, 1.0)
    none, digits = said.nothing(-3, 5), said.digits(-3, 5)
    wanted = np.zeros(4)  # of each digit, and of nothing
    for classes in product(range(4), repeat=5):
        starts = [k for before, k in zip((3, *classes), classes, strict=False) if k not in (before, 3)]
        if len(starts) < 2:
            wanted[starts[0] if starts else 3] += np.exp(sum(scores[t, k] for t, k in enumerate(classes)))
    assert np.exp([*digits, none]) == pytest.approx(wanted, rel=1e-9)


def test_no_column_says_nothing() -> None:
    said = Columns(np.log(np.full((4, 11), 1 / 11)), 10.0, 4.0)
    assert said.nothing(14.1, 14.2) == 0 and (said.digits(14.1, 14.2) < -5).all()


@pytest.mark.parametrize("gap", [(0, 0), (WINDOW, 2 * WINDOW + 90), (WINDOW - 2 * MARGIN + 10, WINDOW + 500)], ids=str)
def test_a_long_line_is_read_in_windows_as_a_whole(gap: tuple[int, int]) -> None:
    """The margin is wider than what an output depends on, so that windows leave no seams, nor do those without ink."""
    random = np.random.Generator(np.random.Philox(key=1))
    ink = (random.random((ROWS, 4 * WINDOW)) < 0.15).astype(np.float32)
    ink[:, slice(*gap)] = 0
    whole = columns_module._network(4 * WINDOW + MARGIN)
    ws = whole.workspace(1)
    ws.x[...] = -columns_module.MEAN / SCALE
    ws.x[0, :, : ink.shape[1], 0] = (ink - columns_module.MEAN) / SCALE
    logits = logits_of(whole, ws)[0, : ink.shape[1] // STEP]
    wanted = np.maximum(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), columns_module.LEAST)
    found = read_columns(Strip(ink, 0.0, 1.0), KERNELS).scores
    inked = np.abs(np.arange(len(wanted)) * STEP - sum(gap) / 2) >= (gap[1] - gap[0]) / 2 - 20
    assert found.shape == wanted.shape
    assert np.abs(found - wanted)[inked].max() < 1e-3
    assert (found[~inked].argmax(axis=1) == NOTHING).all()


def test_threads_may_read_at_the_same_time() -> None:
    strips = [strip_of(line(text)) for text in ("2350", "6891")]
    wanted, wrong = [read_columns(strip, KERNELS).scores for strip in strips], []

    def read(which: int) -> None:
        for _ in range(20):
            if not np.array_equal(read_columns(strips[which], KERNELS).scores, wanted[which]):
                wrong.append(which)

    threads = [Thread(target=read, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def heard(text: str) -> Columns:
    """A line reader that is sure of a text, one digit for each 60 pixels; `-` is nothing."""
    scores = np.full((2 * len(text), 11), -12.0)
    for i, character in enumerate(text):
        scores[2 * i, NOTHING if character == "-" else int(character)] = 0.0
        scores[2 * i + 1, NOTHING] = 0.0
    return Columns(scores, 0.0, 30.0)


def answers(model: list[np.ndarray], said: Columns | None) -> list[tuple[int, float]]:
    """What is read of pieces beside each other: the digit and its score; 0 for ink that is left unread."""
    parts = wholes(*(piece(60 * i + 12) for i in range(len(model))))
    path = best_path(parts, runs(parts, HEIGHT), model, HEIGHT, said)
    return [(-1 if glyph.scores is None else int(glyph.scores.argmax()), glyph.score) for glyph in path]


def scores(**known: float) -> np.ndarray:
    found = np.full(10, 1e-6, np.float32)
    for digit, score in known.items():
        found[int(digit[1:])] = score
    return found


def test_a_model_in_doubt_is_decided_by_the_line_reader() -> None:
    model = [scores(_4=0.5, _9=0.4), scores(_1=0.99)]
    assert [digit for digit, _ in answers(model, None)] == [4, 1]
    (digit, score), _ = answers(model, heard("91"))
    assert digit == 9 and score == pytest.approx(1.0)


@pytest.mark.parametrize("said", ["91", "-1", "--"])
def test_a_surer_model_is_neither_overruled_nor_raised_by_another_digit(said: str) -> None:
    (digit, score), _ = answers([scores(_4=0.6, _9=0.001), scores(_1=0.99)], heard(said))
    assert digit == 4 and score == pytest.approx(0.6)


def test_the_line_reader_alone_makes_no_digit_of_what_the_model_refuses() -> None:
    (_, score), _ = answers([scores(_5=0.002), scores(_1=0.99)], heard("51"))
    assert score < 0.1


def test_a_weak_score_grows_by_the_line_readers_word() -> None:
    model = [scores(_5=0.3), scores(_1=0.99)]
    (_, alone), _ = answers(model, None)
    (digit, both), _ = answers(model, heard("51"))
    assert digit == 5 and alone == pytest.approx(0.3) and both > 0.95


def test_words_are_told_by_the_model_unless_the_line_reader_is_sure() -> None:
    """The line reader has never seen letters: it makes a digit only of what the model holds possible."""
    pieces = [piece(60 * i + 12) for i in range(4)]
    for alone, both, is_word in ((0.2, 0.97, True), (0.3, 0.97, False), (0.3, 0.8, True), (0.6, 0.8, False)):
        glyphs = [Glyph(each, scores(_5=both), True, alone=alone) for each in pieces]
        assert _is_word(glyphs, Line(tuple(pieces), HEIGHT, 0.0), HEIGHT) == is_word


@pytest.mark.parametrize("classes", ["0123456789", "0123456798"])
def test_the_line_reader_is_asked_where_it_knows_the_classes(classes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(page_module, "read_columns", lambda *given: asked.append(given) or read_columns(*given))
    model = pretrained("robust")
    model.classes = tuple(classes)
    read_page(page("40562", gap=-0.02), model)
    assert bool(asked) == (classes == "0123456789")


def test_lines_without_doubt_are_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "read_columns", lambda *given: pytest.fail("asked"))
    assert read_page(page("2024")).text == "2024"
