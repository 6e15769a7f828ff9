"""Where the digits of a line stand, and how far other ink reaches beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from handgrad.reading.pieces import Piece


@dataclass(frozen=True)
class Band:
    """Where the digits of a line stand.

    Parameters
    ----------
    top, base : float
        The rows between which most of them stand, at column 0.
    slope : float
        Pixels that the line falls for each pixel to the right.
    """

    top: float
    base: float
    slope: float

    @property
    def height(self) -> float:
        """Of a digit, in pixels."""
        return max(self.base - self.top, 1.0)

    def beyond(self, piece: Piece) -> tuple[float, float]:
        """Return how far ink reaches above the digits and below them.

        Parameters
        ----------
        piece : Piece
            Ink of this line.

        Returns
        -------
        tuple of float
            Both in digit heights, below 0 where it ends within.
        """
        lift = self.slope * piece.middle[0]
        return (self.top + lift - piece.top) / self.height, (piece.bottom - self.base - lift) / self.height


def band_of(pieces: Sequence[Piece], slope: float) -> Band:
    """Return where most of some pieces stand.

    Parameters
    ----------
    pieces : sequence of Piece
        Digits of a line, at least one.
    slope : float
        Pixels that the line falls for each pixel to the right.

    Returns
    -------
    Band
        The medians of their ends.
    """
    lifts = [slope * piece.middle[0] for piece in pieces]
    top = median(piece.top - lift for piece, lift in zip(pieces, lifts, strict=True))
    base = median(piece.bottom - lift for piece, lift in zip(pieces, lifts, strict=True))
    return Band(top, base, slope)
