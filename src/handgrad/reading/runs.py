"""The parts of a line of ink, its pieces and what they are cut into, and every run of neighbouring parts as a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.reading.cuts import cut_apart, find_cuts
from handgrad.reading.glyph import SMALL, Scores, is_small
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

# Costs, in nats.
CUT = 0.25  # of a digit whose ink was cut
JOIN, JOIN_TALL = 0.1, 1.0  # of each piece that a digit takes beside its first, and for its height in digit heights
JOIN_BESIDE = 1.2  # of small ink that is beside the digit, as signs are


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
