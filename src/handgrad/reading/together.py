"""Readings side by side: a model answers what all of them ask at once, since an image costs it less among others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

import numpy as np

from handgrad.nn.params import Array
from handgrad.reading.pieces import Piece

Found = TypeVar("Found")

Asking = Generator[list[Piece], Array, Found]  # asks about N pieces, and is sent the probability of each class (N, K)


def side_by_side(readings: Sequence[Asking[Found]], judge: Callable[[list[Piece]], Array]) -> list[Found | Exception]:
    """Carry on several readings until all have ended.

    Parameters
    ----------
    readings : sequence of generator
        They yield pieces, and are sent the model's word on these.
    judge : callable
        From N pieces to the probability of each of K classes, float32 (N, K).

    Returns
    -------
    list of object
        What each reading returns, or the exception that it ends with.
    """
    found: dict[int, Found | Exception] = {}
    answers: dict[int, Array | None] = dict.fromkeys(range(len(readings)))
    while answers:
        asked: dict[int, list[Piece]] = {}
        for i, answer in answers.items():
            try:
                asked[i] = next(readings[i]) if answer is None else readings[i].send(answer)
            except StopIteration as end:
                found[i] = end.value
            except Exception as error:  # one that fails leaves the others as they are
                found[i] = error
        scores = judge([piece for pieces in asked.values() for piece in pieces])
        ends = np.cumsum([len(pieces) for pieces in asked.values()])
        answers = dict(zip(asked, np.split(scores, ends[:-1]), strict=False))
    return [found[i] for i in range(len(readings))]
