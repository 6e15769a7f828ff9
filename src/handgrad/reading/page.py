"""All the ink of a page, line by line: what the model says of it, what is punctuation, and what are words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from handgrad.reading.columns import DIGITS, read_columns
from handgrad.reading.glyph import Scores
from handgrad.reading.ink import Floats, Ink, erased, find_ink, with_part
from handgrad.reading.lattice import best_path
from handgrad.reading.lines import Line, in_lines
from handgrad.reading.marks import DIGIT, Mark, marks_and_words
from handgrad.reading.masks import Mask
from handgrad.reading.paper import Levelled, ink_is_dark, level_paper
from handgrad.reading.pieces import Piece, find_pieces
from handgrad.reading.rules import find_rules
from handgrad.reading.runs import Part, line_parts, runs
from handgrad.reading.sheet import find_sheet
from handgrad.reading.strip import strip_of
from handgrad.reading.together import Asking

WIDE_STROKE, WIDER_STROKE = 0.06, 0.16  # widest on a page, as shares of its longer side: as a rule, and with a brush
MIN_WIDEST = 32  # pixels: no less is thought to be the widest stroke
SURE = 0.7  # worth of a reading from which no thicker strokes are looked for
MORE = 0.2  # share of the ink by which such strokes add to it, as paper takes their middle away otherwise
AROUND = 0.5  # cell heights beyond a row, to which strokes in its cells may reach
CERTAIN = 0.95  # score of each piece of a line, above which the line reader is not asked


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
    sheet : numpy.ndarray or None
        Where the paper is, bool (H, W); None where the whole picture is paper.
    dark : bool
        Whether the ink is darker than the paper.
    """

    lines: list[list[Mark]]
    words: list[Piece]
    slope: float = 0.0
    sheet: Mask | None = None
    dark: bool = True

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
    """Read what is written on a page, in dark or in light ink.

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
    light_sheet = find_sheet(level, dark=True)
    if ink_is_dark(level, light_sheet, _widest(level)):
        return (yield from read_sheet(level, light_sheet, True, classes, kernels))
    dark_sheet = find_sheet(level, dark=False)
    found = yield from read_sheet(level, dark_sheet, False, classes, kernels)
    if light_sheet is None or dark_sheet is not None:
        return found
    other = yield from read_sheet(level, light_sheet, True, classes, kernels)
    return max(found, other, key=lambda reading: reading.gain)


def read_sheet(level: Floats, sheet: Mask | None, dark: bool, classes: Sequence[str], kernels: str) -> Asking[Reading]:
    """Read what is written on a sheet, with a pen or a brush, whichever the model is surer of.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels, float32 (H, W).
    sheet : numpy.ndarray or None
        Where the paper is, bool (H, W); None where the whole picture is paper.
    dark : bool
        Whether the ink is darker than the paper.
    classes, kernels : sequence of str, {'naive', 'compiled'}
        As for `read_ink`.

    Returns
    -------
    Reading
        As from `read_ink`.

    Yields
    ------
    list of Piece
        As from `read_ink`.
    """
    levelled, ink = _inked(level, sheet, dark, _widest(level))
    found = yield from _read(levelled, ink, classes, kernels)
    if found.worth < SURE and _widest(level) < WIDER_STROKE:
        levelled, wider = _inked(level, sheet, dark, WIDER_STROKE)
        if np.count_nonzero(wider.mask & ~ink.mask) >= MORE * np.count_nonzero(ink.mask):
            again = yield from _read(levelled, wider, classes, kernels)
            found = max(found, again, key=lambda reading: reading.gain)
    return replace(found, sheet=sheet, dark=dark)


def _widest(level: Floats) -> float:
    """The widest stroke of a pen, as a share of the longer side."""
    return max(WIDE_STROKE, MIN_WIDEST / int(max(level.shape)))


def _inked(level: Floats, sheet: Mask | None, dark: bool, widest: float) -> tuple[Levelled, Ink]:
    """A picture without its paper, and its ink, with strokes of such a width at most."""
    levelled = level_paper(level, sheet, dark, widest)
    assert levelled is not None  # it is not tight
    return levelled, find_ink(levelled)


def _read(levelled: Levelled, ink: Ink, classes: Sequence[str], kernels: str) -> Asking[Reading]:
    """What is written in such ink."""
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
    return Reading(*marks_and_words(lines, paths, classes), lines[0].slope if lines else 0.0)


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
