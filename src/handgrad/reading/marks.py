"""How a page was read -> its digits, its punctuation, and its words, which are no digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from handgrad.reading.band import band_of
from handgrad.reading.glyph import Glyph, is_small
from handgrad.reading.heights import digit_height
from handgrad.reading.lines import Line
from handgrad.reading.pieces import Piece, united
from handgrad.reading.rows import BETWEEN
from handgrad.reading.signs import are_stacked, is_comma, is_plus, small_sign
from handgrad.reading.slashes import UNREAD, tall_signs

# Words, as a form's labels, are parts of lines in which few pieces are digits.
WORD_GAP = 0.9  # digit heights between two parts of a line
MIN_WORD = 3  # pieces
MAX_UNREAD = 0.5  # share of a part's pieces that are no digits, above which it is a word
SMALL_PRINT, MAX_UNREAD_SMALL = 0.62, 0.2  # of the page's digit height: smaller writing is a word with fewer of them
SURE, POSSIBLE = 0.9, 0.25  # scores with the line reader and without, from which both together know a digit
DIGIT = 0.5  # score from which a piece counts as a digit
MAYBE_DIRT = (".", ":")  # signs that do not part digits from each other


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


def marks_and_words(
    lines: Sequence[Line], paths: Sequence[list[Glyph]], classes: Sequence[str]
) -> tuple[list[list[Mark]], list[Piece]]:
    """Return the digits and signs of a page, without its dirt, and its words.

    Parameters
    ----------
    lines : sequence of Line
        The lines, from top to bottom.
    paths : sequence of list of Glyph
        How each of them was read.
    classes : sequence of str
        The names of the K classes.

    Returns
    -------
    list of list of Mark
        The digits and signs, line by line; lines without a digit are left out.
    list of Piece
        Writing that is no digits.
    """
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
    return kept, words


def _usual_height(paths: Sequence[list[Glyph]]) -> float:
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
    return sum(_is_letter(glyph) for glyph in tall) > MAX_UNREAD * len(tall)


def _is_letter(glyph: Glyph) -> bool:
    """Whether the model does not know ink, nor holds it possible where the line reader is sure."""
    return glyph.alone < (POSSIBLE if glyph.score > SURE else DIGIT)


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
