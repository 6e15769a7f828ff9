"""One line of ink -> the best way to read it: the cheapest path through all runs of parts that may be digits.

The lattice of heuristic over-segmentation (LeCun et al. 1998, section V.B), solved by dynamic programming (Viterbi
1967). What a run costs is the negative logarithm of the model's probability that it is a digit; the model also knows
what is none, as halves and pairs of digits. A second network, which reads the line as a whole (`columns.py`), is asked
what it reads where the run stands; its word weighs half as much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from handgrad.reading.columns import Columns, Numbers
from handgrad.reading.glyph import SMALL, Glyph, Scores, is_small
from handgrad.reading.pieces import Piece, united
from handgrad.reading.runs import Part, Run

LEAST = 1e-4  # a probability is not taken to be less
WEIGHT = 0.5  # of the line reader's word
LEAST_DIGIT, LEAST_NONE = -4.0, -6.0  # its logarithms of probabilities are not taken to be less: it may be wrong
MOST_TIMES = 10.0  # how many times a score may grow by it

# Costs, in nats.
TWICE = 2.0  # of a second digit in one cell
REFUSED, USUAL_WIDTH = 3.0, 0.7  # of ink that stays unread, for each digit of such a width that it has room for
DIRT, DIRT_BY_SIZE = 0.4, 5.0  # of leaving out a sign or small ink, and for each digit height of it
FLAT_SIZE = 0.25  # what counts of its width


def best_path(
    parts: Sequence[Part], found: Sequence[Run], scores: Sequence[Scores], height: float,
    columns: Columns | None = None,
) -> list[Glyph]:  # fmt: skip
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
    columns : Columns, optional
        What the line reader says of the line, if it was asked.

    Returns
    -------
    list of Glyph
        All ink of the line, from left to right.
    """
    steps: list[list[tuple[int, float, Glyph]]] = [[] for _ in parts]
    known, ends = {}, _ends(parts)
    for run, score in zip(found, scores, strict=True):
        known[run.first, run.last] = score
        cost, agreed = -math.log(max(float(score.max()), LEAST)), score
        if columns:
            cost, agreed = _agreed(score, columns.digits(ends[run.first], ends[run.last]))
        glyph = Glyph(run.piece, agreed, True, run.is_cut, float(score.max()))
        steps[run.first].append((run.last, run.extra + cost, glyph))
    for first, part in enumerate(parts):
        last = first + 1
        while last < len(parts) and not part.whole and parts[last].of == part.of:
            last += 1
        for end in {first + 1} if part.whole else {first + 1, last}:  # a part, and all of a piece from here
            piece = united([each.piece for each in parts[first:end]])
            cost = DIRT if end == first + 1 and part.sign else _unread_cost(piece, height)
            if columns:
                cost -= WEIGHT * max(columns.nothing(ends[first], ends[end]), LEAST_NONE)
            steps[first].append((end, cost, Glyph(piece, known.get((first, end)), False)))
    return _cheapest(steps, [part.cell for part in parts])


def _ends(parts: Sequence[Part]) -> list[float]:
    """The columns that part neighbouring parts, and those before the first and behind the last."""
    between = []
    for before, after in ((a.piece, b.piece) for a, b in pairwise(parts)):
        overlap = after.left < before.right
        between.append((before.middle[0] + after.middle[0]) / 2 if overlap else (before.right + after.left) / 2)
    return [-math.inf, *between, math.inf]


def _agreed(score: Scores, said: Numbers) -> tuple[float, Scores]:
    """What the digit costs that the model and the line reader agree on, and the scores after both.

    Its score is the larger of both networks' probabilities of this digit, but at most so many times the model's, since
    the line reader has never seen letters.
    """
    both = np.log(np.maximum(score, LEAST)) + WEIGHT * np.maximum(said, LEAST_DIGIT)
    best = int(both.argmax())
    alone = float(score[best])
    surer = max(alone, min(float(np.exp(said[best])), MOST_TIMES * alone, 1.0))
    agreed = surer * np.exp(both - both[best])
    return -float(both[best]), agreed.astype(np.float32)


def _unread_cost(piece: Piece, height: float) -> float:
    """What it costs that ink is no digit: little, if it is small or flat."""
    if is_small(piece, height):
        return DIRT + DIRT_BY_SIZE * min(max(piece.height, FLAT_SIZE * piece.width) / height, SMALL)
    return REFUSED * max(1.0, piece.width / (USUAL_WIDTH * height))


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
