"""All the ink of a page, line by line: what the model says of it, what is punctuation, and what are words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from handgrad.nn.params import Array
from handgrad.reading.glyph import Glyph, is_small
from handgrad.reading.ink import Floats, find_ink
from handgrad.reading.lattice import best_path, line_parts, runs
from handgrad.reading.lines import Line, in_lines
from handgrad.reading.paper import ink_is_dark, level_paper
from handgrad.reading.pieces import Piece, find_pieces, united
from handgrad.reading.rules import digit_height, find_rules
from handgrad.reading.signs import are_stacked, find_slashes, is_plus, small_sign

Judge = Callable[[list[Piece]], Array]  # the probability of each class for each piece (N, K)

WIDE_STROKE, WIDER_STROKE = 0.06, 0.16  # widest on a page, as shares of its longer side: as a rule, and with a brush
MIN_WIDEST = 9  # pixels: no less is thought to be the widest stroke

# Words, as a form's labels, are parts of lines in which few pieces are digits.
WORD_GAP = 0.9  # digit heights between two parts of a line
MIN_WORD = 3  # pieces
MAX_UNREAD = 0.5  # share of a part's pieces that are no digits, above which it is a word
SMALL_PRINT, MAX_UNREAD_SMALL = 0.62, 0.2  # of the page's digit height: smaller writing is a word with fewer of them
SURE = 0.7  # worth of a reading from which no thicker strokes are looked for
DIGIT = 0.5  # score from which a piece counts as a digit


@dataclass(frozen=True, eq=False)
class Mark:
    """A digit, a sign, or ink that is neither.

    Parameters
    ----------
    glyph : Glyph
        The ink as it was read.
    sign : str
        The punctuation mark that it is, or nothing.
    """

    glyph: Glyph
    sign: str = ""


@dataclass(frozen=True, eq=False)
class Reading:
    """What is written on a page.

    Parameters
    ----------
    lines : list of list of Mark
        The digits and signs, line by line.
    words : list of Piece
        Writing that is no digits.
    slope : float
        Pixels that the lines fall for each to the right.
    """

    lines: list[list[Mark]]
    words: list[Piece]
    slope: float = 0.0

    @property
    def gain(self) -> float:
        """How much is read: each digit counts by how sure it is."""
        scores = [mark.glyph.score for line in self.lines for mark in line if not mark.sign]
        return sum(score - DIGIT for score in scores) if scores else -math.inf

    @property
    def worth(self) -> float:
        """How sure the digits are, on average; writing that is none counts as not sure at all."""
        scores = [mark.glyph.score for line in self.lines for mark in line if not mark.sign]
        return sum(scores) / max(len(scores) + len(self.words), 1)


def read_ink(level: Floats, judge: Judge, classes: Sequence[str]) -> Reading:
    """Return what is written on a page, with a pen or a brush, whichever the model is surer of.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels, float32 (H, W).
    judge : callable
        From N pieces to the probability of each of K classes, float32 (N, K).
    classes : sequence of str
        Their names.

    Returns
    -------
    Reading
        The lines from top to bottom; none where there is no ink.
    """
    widest = max(WIDE_STROKE, MIN_WIDEST / max(level.shape))
    dark = ink_is_dark(level, widest)
    found = _read(level, dark, widest, judge, classes)
    if found.worth >= SURE or widest >= WIDER_STROKE:
        return found
    return max(found, _read(level, dark, WIDER_STROKE, judge, classes), key=lambda reading: reading.gain)


def _read(level: Floats, dark: bool, widest: float, judge: Judge, classes: Sequence[str]) -> Reading:
    """What is written in dark or in light ink with strokes of such a width at most."""
    levelled = level_paper(level, dark, widest)
    assert levelled is not None
    ink = find_ink(levelled)
    if not ink.contrast:
        return Reading([], [])
    lines = in_lines(find_pieces(ink, find_rules(ink.faint)))
    first = iter(judge([line.body(piece) for line in lines for piece in line.pieces]))
    parts = [line_parts(line, [next(first) for _ in line.pieces]) for line in lines]
    found = [runs(each, line.height) for each, line in zip(parts, lines, strict=True)]
    second = iter(judge([line.body(run.piece) for line, each in zip(lines, found, strict=True) for run in each]))
    paths = [
        best_path(each, line_runs, [next(second) for _ in line_runs], line.height)
        for each, line_runs, line in zip(parts, found, lines, strict=True)
    ]
    return _sorted_out(lines, paths, classes)


def _sorted_out(lines: list[Line], paths: list[list[Glyph]], classes: Sequence[str]) -> Reading:
    """Signs named, words set apart, dirt dropped."""
    usual = _usual_height(paths)
    kept, words = [], []
    for line, path in zip(lines, paths, strict=True):
        marks = []
        for part in _parts(path, line.height):
            if _is_word(part, line.height, usual):
                words += [glyph.piece for glyph in part]
            else:
                marks += _named(part, line.height, classes)
        if any(not mark.sign for mark in marks):
            kept.append(marks)
    return Reading(kept, words, lines[0].slope if lines else 0.0)


def _usual_height(paths: list[list[Glyph]]) -> float:
    """The height of digits on the page: of those that the model is sure of."""
    sure = [glyph.piece for path in paths for glyph in path if glyph.score > DIGIT]
    return digit_height([(piece.height, piece.width, 0.0) for piece in sure]) if sure else 0.0


def _parts(path: list[Glyph], height: float) -> list[list[Glyph]]:
    """A line cut at its wide gaps."""
    parts = [[glyph] for glyph in path[:1]]
    for before, glyph in pairwise(path):
        if glyph.piece.left - before.piece.right > WORD_GAP * height:
            parts.append([])
        parts[-1].append(glyph)
    return parts


def _is_word(part: list[Glyph], height: float, usual: float) -> bool:
    tall = [glyph for glyph in part if not is_small(glyph.piece, height) and not is_plus(glyph.piece, height)]
    unread = sum(glyph.score < DIGIT for glyph in tall)
    print_height = float(np.median([glyph.piece.height for glyph in tall])) if tall else 0.0
    most = MAX_UNREAD_SMALL if print_height < SMALL_PRINT * usual else MAX_UNREAD
    return len(tall) >= MIN_WORD and unread > most * len(tall)


def _named(part: list[Glyph], height: float, classes: Sequence[str]) -> list[Mark]:
    """The digits and signs of a part of a line."""
    digits = [glyph.piece for glyph in part if glyph.is_digit]
    base = float(np.median([piece.bottom for piece in digits])) if digits else math.inf
    marks: list[Mark] = []
    at = 0
    while at < len(part):
        glyph = part[at]
        at += 1
        if glyph.is_digit:
            marks.append(Mark(glyph))
        elif is_small(glyph.piece, height):
            stacked = [glyph.piece]
            if at < len(part) and not part[at].is_digit and are_stacked(glyph.piece, part[at].piece, height):
                stacked.append(part[at].piece)
                at += 1
            sign = small_sign(stacked, height, base)
            marks += [Mark(replace(glyph, piece=united(stacked)), sign)] if sign else []
        else:
            marks.append(Mark(glyph, "+" if is_plus(glyph.piece, height) else ""))
    return _with_slashes(marks, height, classes)


def _with_slashes(marks: list[Mark], height: float, classes: Sequence[str]) -> list[Mark]:
    digits = [mark.glyph for mark in marks if mark.glyph.is_digit]
    names = [classes[int(np.argmax(glyph.scores))] for glyph in digits if glyph.scores is not None]
    slashes = [digits[at] for at in find_slashes([glyph.piece for glyph in digits], names, height)]
    return [Mark(mark.glyph, "/") if mark.glyph in slashes else mark for mark in marks]
