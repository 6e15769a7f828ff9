"""All the ink of a page, line by line: what the model says of it, what is punctuation, and what are words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from handgrad.reading.band import band_of
from handgrad.reading.columns import DIGITS, read_columns
from handgrad.reading.glyph import Glyph, Scores, is_small
from handgrad.reading.heights import digit_height
from handgrad.reading.ink import Floats, erased, find_ink, with_part
from handgrad.reading.lattice import best_path
from handgrad.reading.lines import Line, in_lines
from handgrad.reading.masks import Mask
from handgrad.reading.paper import ink_is_dark, level_paper
from handgrad.reading.pieces import Piece, find_pieces, united
from handgrad.reading.rows import BETWEEN
from handgrad.reading.rules import find_rules
from handgrad.reading.runs import Part, line_parts, runs
from handgrad.reading.sheet import find_sheet
from handgrad.reading.signs import are_stacked, is_comma, is_plus, small_sign
from handgrad.reading.slashes import UNREAD, tall_signs
from handgrad.reading.strip import strip_of
from handgrad.reading.together import Asking

WIDE_STROKE, WIDER_STROKE = 0.06, 0.16  # widest on a page, as shares of its longer side: as a rule, and with a brush
MIN_WIDEST = 32  # pixels: no less is thought to be the widest stroke

# Words, as a form's labels, are parts of lines in which few pieces are digits.
WORD_GAP = 0.9  # digit heights between two parts of a line
MIN_WORD = 3  # pieces
MAX_UNREAD = 0.5  # share of a part's pieces that are no digits, above which it is a word
SMALL_PRINT, MAX_UNREAD_SMALL = 0.62, 0.2  # of the page's digit height: smaller writing is a word with fewer of them
SURE = 0.7  # worth of a reading from which no thicker strokes are looked for
MAYBE_DIRT = (".", ":")  # signs that do not part digits from each other
AROUND = 0.5  # cell heights beyond a row, to which strokes in its cells may reach
CERTAIN = 0.95  # score of each piece of a line, above which the line reader is not asked
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


def read_ink(level: Floats, classes: Sequence[str], kernels: str) -> Asking[Reading]:
    """Read what is written on a page, with a pen or a brush, whichever the model is surer of.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels, float32 (H, W).
    classes : sequence of str
        The names of the K classes.
    kernels : {'naive', 'compiled'}
        What computes, as `Model.kernels`.

    Returns
    -------
    Reading
        The lines from top to bottom; none where there is no ink.

    Yields
    ------
    list of Piece
        N pieces; to be sent the probability of each class for each of them, float32 (N, K).
    """
    widest = max(WIDE_STROKE, MIN_WIDEST / max(level.shape))
    sheet = find_sheet(level, dark=True)
    dark = ink_is_dark(level, sheet, widest)
    sheet = sheet if dark else find_sheet(level, dark=False)
    found = yield from _read(level, sheet, dark, widest, classes, kernels)
    if found.worth >= SURE or widest >= WIDER_STROKE:
        return found
    wider = yield from _read(level, sheet, dark, WIDER_STROKE, classes, kernels)
    return max(found, wider, key=lambda reading: reading.gain)


def _read(
    level: Floats, sheet: Mask | None, dark: bool, widest: float, classes: Sequence[str], kernels: str
) -> Asking[Reading]:
    """What is written in dark or in light ink with strokes of such a width at most."""
    levelled = level_paper(level, sheet, dark, widest)
    assert levelled is not None
    ink = find_ink(levelled)
    if not ink.contrast:
        return Reading([], [])
    rules = find_rules(ink.faint, ink.flat)
    if rules.rows:  # they may be stronger than the strokes between them
        cells = np.logical_or.reduce([row.inside(ink.mask.shape, AROUND) for row in rules.rows])
        ink = with_part(ink, find_ink(erased(levelled, ink, rules.ink)), cells)
    lines = in_lines(find_pieces(ink, rules.ink), rules.rows)
    known: dict[Piece, Scores] = {}
    yield from _ask([(line, piece) for line in lines for piece in line.pieces], known)
    parts = [line_parts(line, [known[piece] for piece in line.pieces]) for line in lines]
    found = [runs(each, line.height) for each, line in zip(parts, lines, strict=True)]
    yield from _ask([(line, run.piece) for line, each in zip(lines, found, strict=True) for run in each], known)
    paths = []
    for line, its_parts, its_runs in zip(lines, parts, found, strict=True):
        doubt = tuple(classes) == DIGITS and _in_doubt(line, its_parts, known)
        columns = read_columns(strip_of(line), kernels) if doubt else None
        paths.append(best_path(its_parts, its_runs, [known[run.piece] for run in its_runs], line.height, columns))
    return _sorted_out(lines, paths, classes)


def _in_doubt(line: Line, parts: Sequence[Part], known: Mapping[Piece, Scores]) -> bool:
    """Whether a line of several parts may be read in several ways: ink is cut, or the model is not sure of a piece."""
    sure = all(part.whole for part in parts) and all(known[piece].max() > CERTAIN for piece in line.pieces)
    return len(parts) > 1 and not sure


def _ask(pieces: list[tuple[Line, Piece]], known: dict[Piece, Scores]) -> Asking[None]:
    """Learn what the model says of pieces, each of a line, that it was not asked about yet."""
    new = [(line, piece) for line, piece in pieces if piece not in known]
    if new:
        scores = yield [line.body(piece) for line, piece in new]
        known.update(zip((piece for _, piece in new), scores, strict=True))


def _sorted_out(lines: list[Line], paths: list[list[Glyph]], classes: Sequence[str]) -> Reading:
    """Signs named, words set apart, dirt dropped."""
    usual = _usual_height(paths)
    kept, words = [], []
    for line, path in zip(lines, paths, strict=True):
        marks = []
        for part in _parts(path, line.height):
            if not line.row and _is_word(part, line, usual):
                words += [glyph.piece for glyph in part]
            else:
                marks += _named(part, line, classes)
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


def _is_word(part: list[Glyph], line: Line, usual: float) -> bool:
    tall = [glyph for glyph in part if not is_small(glyph.piece, line.height) and not is_plus(glyph.piece, line.band)]
    if len(tall) < MIN_WORD:
        return False
    if median(glyph.piece.height for glyph in tall) < SMALL_PRINT * usual:  # its letters are cut into 1s
        return sum(glyph.alone < DIGIT or glyph.is_cut for glyph in tall) > MAX_UNREAD_SMALL * len(tall)
    return sum(glyph.alone < DIGIT for glyph in tall) > MAX_UNREAD * len(tall)


def _named(part: list[Glyph], line: Line, classes: Sequence[str]) -> list[Mark]:
    """The digits and signs of a part of a line."""
    digits = [glyph.piece for glyph in part if glyph.is_digit]
    band = band_of(digits, line.slope) if digits else line.band
    marks: list[Mark] = []
    at = 0
    while at < len(part):
        glyph = part[at]
        at += 1
        if line.cell_of(glyph.piece) == BETWEEN and not is_small(glyph.piece, line.height):
            marks += [Mark(glyph, "/")] if glyph.piece.width < glyph.piece.height else []  # printed
        elif is_plus(glyph.piece, band):
            marks.append(Mark(glyph, "+"))
        elif is_comma(glyph.piece, band) or (not glyph.is_digit and is_small(glyph.piece, line.height)):
            stacked = [glyph.piece]
            if at < len(part) and not part[at].is_digit and are_stacked(glyph.piece, part[at].piece, line.height):
                stacked.append(part[at].piece)
                at += 1
            sign = small_sign(stacked, band)
            marks += [Mark(replace(glyph, piece=united(stacked)), sign)] if sign else []
        else:
            marks.append(Mark(glyph))
    return _with_tall_signs(marks, line, classes)


def _with_tall_signs(marks: list[Mark], line: Line, classes: Sequence[str]) -> list[Mark]:
    """The same with slashes and brackets, which look like a 1 by themselves."""
    shown = [mark for mark in marks if mark.sign not in MAYBE_DIRT]
    names = [_name(mark, classes) for mark in shown]
    signs = tall_signs([mark.glyph.piece for mark in shown], names, line.slope)
    tall = {id(mark): sign for mark, sign in zip(shown, signs, strict=True) if sign}
    return [Mark(mark.glyph, tall.get(id(mark), mark.sign)) for mark in marks]


def _name(mark: Mark, classes: Sequence[str]) -> str:
    """The digit; nothing for a sign."""
    if mark.sign:
        return ""
    scores = mark.glyph.scores if mark.glyph.is_digit else None
    return UNREAD if scores is None else classes[int(scores.argmax())]
