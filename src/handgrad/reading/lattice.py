"""One line of ink -> the best way to read it: its parts, every run of neighbouring parts as a digit, the best path.

The lattice of heuristic over-segmentation (LeCun et al. 1998, section V.B), solved by dynamic programming (Viterbi
1967). What a run costs is the negative logarithm of the model's probability that it is a digit; the model also knows
what is none, as halves and pairs of digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.reading.cuts import cut_apart, find_cuts
from handgrad.reading.glyph import SMALL, Glyph, Scores, is_small
from handgrad.reading.lines import Line
from handgrad.reading.pieces import Piece, united
from handgrad.reading.rows import BETWEEN
from handgrad.reading.signs import is_comma, is_plus

# In digit heights of the line.
WIDE = 0.62  # a piece that is wider may be several digits, if the model does not know it
SURELY_WIDE = 1.25  # and even if it does
MAX_WIDTH, MAX_HEIGHT = 1.9, 3.2  # of a digit
MAX_PARTS = 9  # of a digit
MAX_GAP = 0.22  # between two parts of a digit that do not lie above each other
MAX_RISE = 0.25  # between two that do
MIN_HEIGHT = 0.28  # a lower run is no digit
LOW, LOW_COST = 0.55, 4.0  # a run lower than this costs more, for each digit height that it lacks
KNOWN = 0.9  # probability from which the model knows a piece
LEAST = 1e-4  # a probability is not taken to be less

# Costs, in nats.
CUT, TWICE = 0.25, 2.0  # of each digit whose ink was cut; of a second one in one cell
JOIN, JOIN_TALL = 0.1, 1.0  # of each piece that a digit takes beside its first, and for its height in digit heights
JOIN_BESIDE = 1.2  # of small ink that is beside the digit, as signs are
REFUSED, USUAL_WIDTH = 3.0, 0.7  # of ink that stays unread, for each digit of such a width that it has room for
DIRT, DIRT_BY_SIZE = 0.4, 5.0  # of leaving out a sign or small ink, and for each digit height of it
FLAT_SIZE = 0.25  # what counts of its width


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of ink or a part of one.

    Parameters
    ----------
    piece : Piece
        The ink.
    of : int
        Which piece of the line it is, or is a part of.
    whole : bool
        Whether it is that piece.
    cell : int or None
        As from `Line.cell_of`.
    sign : bool
        Whether it is punctuation by its shape and place, and so no digit by itself.
    """

    piece: Piece
    of: int
    whole: bool
    cell: int | None = None
    sign: bool = False


@dataclass(frozen=True, eq=False)
class Run:
    """Neighbouring parts taken as one.

    Parameters
    ----------
    first, last : int
        The parts, `last` not included.
    piece : Piece
        All their ink.
    extra : float
        What it costs beside the model's word.
    is_cut : bool
        Whether other parts hold ink of the same pieces.
    """

    first: int
    last: int
    piece: Piece
    extra: float
    is_cut: bool = False


def line_parts(line: Line, scores: Sequence[Scores]) -> list[Part]:
    """Return the parts of a line: its pieces, cut where they may be several digits.

    Parameters
    ----------
    line : Line
        The line.
    scores : sequence of numpy.ndarray
        For each piece, the probability of each class.

    Returns
    -------
    list of Part
        From left to right.
    """
    parts: list[Part] = []
    for number, (piece, score) in enumerate(zip(line.pieces, scores, strict=True)):
        wide = piece.width / line.height
        known = float(score.max()) >= KNOWN
        if is_plus(piece, line.band) or is_comma(piece, line.band):
            parts.append(Part(piece, number, True, line.cell_of(piece), sign=True))
        elif piece.height > SMALL * line.height and (wide > SURELY_WIDE or (wide > WIDE and not known)):
            cut = cut_apart(piece, find_cuts(piece))
            parts += [Part(each, number, len(cut) == 1, line.cell_of(each)) for each in cut]
        else:
            parts.append(Part(piece, number, True, line.cell_of(piece)))
    return sorted(parts, key=lambda part: part.piece.middle[0])


def runs(parts: Sequence[Part], height: float) -> list[Run]:
    """Return every run of neighbouring parts that may be one digit.

    Parameters
    ----------
    parts : sequence of Part
        The parts of a line, from left to right.
    height : float
        The height of its digits, in pixels.

    Returns
    -------
    list of Run
        The runs, those of one part among them.
    """
    found = []
    for first, part in enumerate(parts):
        if part.cell == BETWEEN:
            continue
        for last in range(first + 1, min(first + MAX_PARTS, len(parts)) + 1):
            chosen = parts[first:last]
            if last > first + 1 and not _near(chosen, height):
                break
            if last == first + 1 and chosen[0].sign:
                continue
            piece = united([part.piece for part in chosen])
            if piece.width > MAX_WIDTH * height and last > first + 1:
                break
            if piece.height >= MIN_HEIGHT * height and piece.height <= MAX_HEIGHT * height:
                extra = _extra(chosen, parts, height, piece.height / height)
                found.append(Run(first, last, piece, extra, _is_cut(chosen, parts)))
    return found


def best_path(parts: Sequence[Part], found: Sequence[Run], scores: Sequence[Scores], height: float) -> list[Glyph]:
    """Return the cheapest way to read a line.

    Parameters
    ----------
    parts : sequence of Part
        The parts of the line, from left to right.
    found : sequence of Run
        As from `runs`.
    scores : sequence of numpy.ndarray
        For each run, the probability of each class.
    height : float
        The height of the line's digits, in pixels.

    Returns
    -------
    list of Glyph
        All ink of the line, from left to right.
    """
    steps: list[list[tuple[int, float, Glyph]]] = [[] for _ in parts]
    known = {}
    for run, score in zip(found, scores, strict=True):
        cost = run.extra - math.log(max(float(score.max()), LEAST))
        steps[run.first].append((run.last, cost, Glyph(run.piece, score, True, run.is_cut)))
        known[run.first, run.last] = score
    for first, part in enumerate(parts):
        last = first + 1
        while last < len(parts) and not part.whole and parts[last].of == part.of:
            last += 1
        ends = {first + 1} if part.whole else {first + 1, last}  # a part, and all of a piece from here
        for end in ends:
            piece = united([each.piece for each in parts[first:end]])
            cost = DIRT if end == first + 1 and part.sign else _unread_cost(piece, height)
            steps[first].append((end, cost, Glyph(piece, known.get((first, end)), False)))
    return _cheapest(steps, [part.cell for part in parts])


def _unread_cost(piece: Piece, height: float) -> float:
    """What it costs that ink is no digit: little, if it is small or flat."""
    if is_small(piece, height):
        return DIRT + DIRT_BY_SIZE * min(max(piece.height, FLAT_SIZE * piece.width) / height, SMALL)
    return REFUSED * max(1.0, piece.width / (USUAL_WIDTH * height))


def _near(chosen: Sequence[Part], height: float) -> bool:
    """Whether the last part is close enough to those before it to be of the same digit, and in the same cell."""
    if chosen[-1].cell != chosen[0].cell:
        return False
    before, last = united([part.piece for part in chosen[:-1]]), chosen[-1].piece
    aside, above = last.left - before.right, max(last.top - before.bottom, before.top - last.bottom)
    return aside <= MAX_GAP * height and above <= MAX_RISE * height


def _extra(chosen: Sequence[Part], parts: Sequence[Part], height: float, share: float) -> float:
    """What cutting, joining and a low height cost."""
    members = {part.of for part in chosen}
    cost = CUT * _is_cut(chosen, parts) + JOIN * (len(members) - 1)
    if len(members) > 1:
        tall = sorted(max(part.piece.height for part in chosen if part.of == member) for member in members)
        cost += JOIN_TALL * sum(tall[:-1]) / height + JOIN_BESIDE * _beside(chosen, height)
    return cost + LOW_COST * max(LOW - share, 0.0)


def _is_cut(chosen: Sequence[Part], parts: Sequence[Part]) -> bool:
    """Whether other parts hold ink of the same pieces."""
    members = {part.of for part in chosen}
    return sum(part.of in members for part in parts) > len(chosen)


def _beside(chosen: Sequence[Part], height: float) -> int:
    """How many small parts lie beside the largest one, neither above nor below it."""
    largest = max((part.piece for part in chosen), key=lambda piece: piece.height)
    small = [part.piece for part in chosen if part.whole and is_small(part.piece, height)]
    return sum(piece.left >= largest.right or piece.right <= largest.left for piece in small)


def _cheapest(steps: list[list[tuple[int, float, Glyph]]], cells: Sequence[int | None]) -> list[Glyph]:
    """The path from the first part to behind the last with the smallest sum of costs.

    A state is the next part, and whether a digit was read in its cell already.
    """
    count = len(steps)
    costs = {(count, False): 0.0}
    best: dict[tuple[int, bool], tuple[Glyph, tuple[int, bool]]] = {}
    for first in range(count - 1, -1, -1):
        for used in (False, True):
            ways = []
            for end, cost, glyph in steps[first]:
                same = end < count and cells[first] is not None and cells[end] == cells[first]
                after = (end, same and (used or glyph.is_digit))
                ways.append((cost + TWICE * (used and glyph.is_digit) + costs[after], glyph, after))
            cheapest = min(ways, key=lambda way: way[0])
            costs[first, used], best[first, used] = cheapest[0], cheapest[1:]
    path, at = [], (0, False)
    while at[0] < count:
        glyph, at = best[at]
        path.append(glyph)
    return path
