"""Ink as it was read: a digit with its probabilities, or none; and what is too small to be one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handgrad.reading.pieces import Piece

Scores = NDArray[np.float32]  # of each class, (K,)

# In digit heights of the line.
# What is smaller may be a sign or dirt, and so may what is so many times as wide as high, and as low.
SMALL, FLAT, FLAT_HEIGHT = 0.38, 2.0, 0.3


@dataclass(frozen=True, eq=False)
class Glyph:
    """Ink as it was read.

    Parameters
    ----------
    piece : Piece
        The ink.
    scores : numpy.ndarray or None
        The probability of each class; None where the model was not asked.
    is_digit : bool
        Whether the best path takes it for a digit.
    is_cut : bool
        Whether it was cut from other ink.
    alone : float
        What the model's score of a digit was before the line reader was asked; 0 for ink that is none.
    """

    piece: Piece
    scores: Scores | None
    is_digit: bool
    is_cut: bool = False
    alone: float = 0.0

    @property
    def score(self) -> float:
        """The probability of the likeliest class, if it is a digit."""
        return float(self.scores.max()) if self.is_digit and self.scores is not None else 0.0


def is_small(piece: Piece, height: float) -> bool:
    """Return whether ink may be a sign or dirt.

    Parameters
    ----------
    piece : Piece
        The ink.
    height : float
        The height of the line's digits, in pixels.

    Returns
    -------
    bool
        Whether it is much smaller than a digit, or flat.
    """
    small = piece.height < SMALL * height and piece.width < SMALL * height
    return small or (piece.height < FLAT_HEIGHT * height and piece.width > FLAT * piece.height)
