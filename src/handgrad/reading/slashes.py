"""Slashes and brackets: bare strokes as tall as digits, which only the line around them tells from a 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from handgrad.reading.band import Band, band_of
from handgrad.reading.pieces import Piece

# A bare stroke is a 1, a slash or a bracket.
LIKE_STROKES = "1?"  # what a bare stroke is read as
MIN_STROKE = 0.7  # digit heights that it has at least
MAX_ROUGH = 1.6  # standard deviation of its ink about its middle line, over that of a bar as wide
MIN_LONG = 3.0  # times as long as wide, at least

# Brackets are bowed apart, and their ends lie on a curve.
MIN_BOW, MIN_BOWS = 0.035, 0.21  # heights that the middle lies off the ends' line: each bracket's, and both together
BOW_BY_REACH, BOW_FIRST = 0.3, 0.05  # what counts as bow of their reach beyond the line, and that nothing is before
MOST_BRACKETED = 6  # digits between them

# A slash is no more bowed than this, in heights, and leans to the right by so much, in degrees.
MAX_BOW, MIN_LEAN, MAX_LEAN = 0.15, -5.0, 65.0
# Evidence that a stroke is a slash and no 1, in nats: for each digit height that it reaches above the line and below
# it, and for each degree that it leans more than most 1s do; a logistic regression on strokes of composed dates.
BY_RISE, BY_FALL, BY_LEAN, USUAL_LEAN = 4.0, 14.0, 0.055, 24.0
LESS_UPRIGHT = 0.1  # and for each degree that it leans less than the most slanted of the line's other strokes

REACH = (-0.06, 0.25)  # digit heights: what reaches less far or further is a 1 as likely as a slash
# One slash between digits, which no date explains, reaches so many digit heights beyond the line at both ends, and
# leans by so many degrees, more than all 1s of the line.
LONE_REACH, LONE_LEAN = 0.1, 18.0

# Evidence from the line, in nats.
NO_SLASH = 3.5  # how much likelier a line of digits is than a date with slashes
ONE = math.log(10)  # that a digit happens to be a 1
DAY, MONTH, YEAR, LATE_YEAR = (1, 31), (1, 12), (1900, 2099), (0, 99)
DATES = {
    (DAY, MONTH, YEAR): 0.0, (DAY, MONTH, LATE_YEAR): 0.0, (MONTH, DAY, YEAR): 0.0, (MONTH, DAY, LATE_YEAR): 0.0,
    (YEAR, MONTH, DAY): -1.5,
}  # fmt: skip
UNREAD = "?"  # a digit that is not known


@dataclass(frozen=True)
class Stroke:
    """A bare stroke.

    Parameters
    ----------
    lean : float
        Degrees from upright, to the right.
    bow : float
        Heights by which its middle lies to the right of the line through its ends.
    """

    lean: float
    bow: float


def tall_signs(pieces: Sequence[Piece], digits: Sequence[str], slope: float) -> list[str]:
    """Return which tall strokes of a line are slashes and brackets.

    Parameters
    ----------
    pieces : sequence of Piece
        The ink of neighbouring digits of a line, from left to right.
    digits : sequence of str
        What each was read as; ? where it is not known, and nothing where it is no digit.
    slope : float
        Pixels that the line falls for each pixel to the right.

    Returns
    -------
    list of str
        `/`, `(` or `)` for each piece; nothing for those that are none of them.
    """
    signs = [""] * len(pieces)
    found = [_stroke(piece) for piece in pieces]
    others = [
        piece
        for piece, digit, stroke in zip(pieces, digits, found, strict=True)
        if digit not in LIKE_STROKES or (digit == UNREAD and not stroke)
    ]
    if not others:
        return signs
    band = band_of(others, slope)
    strokes = [
        stroke if digit and digit in LIKE_STROKES and piece.height > MIN_STROKE * band.height else None
        for piece, digit, stroke in zip(pieces, digits, found, strict=True)
    ]
    first = 0
    for end in [*(i for i, digit in enumerate(digits) if not digit), len(pieces)]:
        signs[first:end] = _group_signs(pieces[first:end], digits[first:end], strokes[first:end], band)
        first = end + 1
    return signs


def _group_signs(
    pieces: Sequence[Piece], digits: Sequence[str], found: Sequence[Stroke | None], band: Band
) -> list[str]:
    """The signs among digits and strokes that nothing else parts."""
    strokes = {i: stroke for i, stroke in enumerate(found) if stroke}
    signs = dict.fromkeys(_slashes(pieces, digits, strokes, band), "/") or _brackets(pieces, strokes, band)
    return [signs.get(i, "") for i in range(len(pieces))]


def _brackets(pieces: Sequence[Piece], strokes: dict[int, Stroke], band: Band) -> dict[int, str]:
    """The pair of strokes that are bowed apart most."""
    beyond = {i: sum(band.beyond(pieces[i])) for i in strokes}
    pairs = [
        (strokes[j].bow - strokes[i].bow + BOW_BY_REACH * (beyond[i] + beyond[j]) + BOW_FIRST * (i == 0), i, j)
        for i, j in combinations(strokes, 2)
        if 1 < j - i <= MOST_BRACKETED + 1 and -strokes[i].bow > MIN_BOW < strokes[j].bow
    ]
    bows, i, j = max(pairs, default=(0.0, 0, 0))
    return {i: "(", j: ")"} if bows > MIN_BOWS else {}


def _slashes(pieces: Sequence[Piece], digits: Sequence[str], strokes: dict[int, Stroke], band: Band) -> list[int]:
    """The two strokes that make the line a date, or those that could be nothing else."""
    likely = {
        i: _evidence(pieces[i], stroke, band) for i, stroke in strokes.items()
        if abs(stroke.bow) < MAX_BOW and MIN_LEAN < stroke.lean < MAX_LEAN
    }  # fmt: skip
    best, chosen = 0.0, list[int]()
    for pair in combinations(likely, 2):
        others = [stroke.lean for i, stroke in strokes.items() if i not in pair and digits[i] == "1"]
        less = max(max(others, default=0.0) - min(strokes[i].lean for i in pair), 0.0)
        found = sum(likely[i] for i in pair) + _date_evidence(digits, pair) - LESS_UPRIGHT * less
        if found > best:
            best, chosen = found, list(pair)
    return chosen or [i for i in likely if 0 < i < len(pieces) - 1 and _is_lone_slash(i, pieces, strokes, band)]


def _is_lone_slash(at: int, pieces: Sequence[Piece], strokes: dict[int, Stroke], band: Band) -> bool:
    others = max((stroke.lean for i, stroke in strokes.items() if i != at), default=0.0)
    return min(band.beyond(pieces[at])) > LONE_REACH and strokes[at].lean > max(LONE_LEAN, others)


def _evidence(piece: Piece, stroke: Stroke, band: Band) -> float:
    rise, fall = (min(max(reach, REACH[0]), REACH[1]) for reach in band.beyond(piece))
    return BY_RISE * rise + BY_FALL * fall + BY_LEAN * (stroke.lean - USUAL_LEAN)


def _date_evidence(digits: Sequence[str], slashes: tuple[int, int]) -> float:
    """How much likelier these digits are as a date than as a number with a 1 in place of each slash."""
    first, second = slashes
    fields = ["".join(digits[a:b]) for a, b in ((0, first), (first + 1, second), (second + 1, None))]
    found = -math.inf
    for date, usual in DATES.items():
        chance = math.prod(map(_chance, fields, date))
        if chance:
            found = max(found, usual - math.log(chance))
    return found + 2 * ONE - NO_SLASH


@lru_cache
def _chance(field: str, limits: tuple[int, int]) -> float:
    """Which share of all numbers of so many digits may be this field of a date; 0 where this one may not be."""
    low, high = limits
    long, known = len(field), [i for i, digit in enumerate(field) if digit != UNREAD]
    width = 2 if limits == LATE_YEAR else long
    numbers = [f"{number:0{width}}" for number in range(low, high + 1)]
    allowed = {tuple(number[i] for i in known) for number in numbers if len(number) == long}
    return len(allowed) / 10 ** len(known) if tuple(field[i] for i in known) in allowed else 0.0


def _stroke(piece: Piece) -> Stroke | None:
    """Ink as one stroke, if it is: its middle line is a parabola, and its ink lies close around it."""
    amount = piece.amount.astype(np.float64)
    mass = float(amount.sum())
    down = np.arange(amount.shape[0]) - (piece.top - piece.corner[1]) + 0.5
    t = down / piece.height - 0.5
    rows, across = amount.sum(axis=1), amount @ np.arange(amount.shape[1])
    powers = np.stack([np.ones_like(t), t, t**2])
    curve = np.linalg.lstsq((powers * rows) @ powers.T, powers @ across, rcond=None)[0]
    off = np.arange(amount.shape[1])[None, :] - (curve @ powers)[:, None]
    cosine = 1 / math.hypot(1, curve[1] / piece.height)
    length = piece.height / cosine
    bar = mass / length
    rough = math.sqrt(float((amount * off**2).sum()) / mass) * cosine / (bar / math.sqrt(12))
    if rough > MAX_ROUGH or length < MIN_LONG * bar:
        return None
    return Stroke(math.degrees(math.atan(-curve[1] / piece.height)), -float(curve[2]) / 4 / piece.height)
