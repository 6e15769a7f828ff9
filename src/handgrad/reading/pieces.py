"""Connected ink: the pieces that digits are made of, and what is too small, too thick or too soft to be one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from handgrad.reading.ink import Floats, Ink
from handgrad.reading.masks import NEIGHBOURS, Mask, dilated
from handgrad.reading.picture import Box

CORE = 0.4  # amount of ink from which a pixel is a stroke's
MARGIN = 2  # pixels of soft edge that belong to a piece


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink that may be a digit, a part of one, several, or none.

    Parameters
    ----------
    left, top, width, height : int
        Its box in the picture, in pixels, of the strokes' cores.
    amount : numpy.ndarray
        Its ink, float32, from 0 to 1, with a margin of soft edge around the box.
    corner : tuple of int
        Left and top of `amount` in the picture.
    """

    left: int
    top: int
    width: int
    height: int
    amount: Floats
    corner: tuple[int, int]

    @property
    def box(self) -> Box:
        """Left, top, width and height."""
        return self.left, self.top, self.width, self.height

    @property
    def right(self) -> int:
        """The column behind its box."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The row below its box."""
        return self.top + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """The box's middle, (x, y)."""
        return self.left + self.width / 2, self.top + self.height / 2

    @cached_property
    def stroke(self) -> float:
        """The width of its thickest stroke, in pixels."""
        return 2 * float(ndimage.distance_transform_cdt(self.amount > CORE).max()) - 1

    @property
    def mass(self) -> float:
        """The sum of its ink, in pixels of full ink."""
        return float(self.amount.sum())


def find_pieces(ink: Ink, rules: Mask) -> list[Piece]:
    """Return the connected ink that is left without printed lines.

    Parameters
    ----------
    ink : Ink
        The ink of a picture.
    rules : numpy.ndarray
        Bool (H, W), the ink to leave out.

    Returns
    -------
    list of Piece
        The pieces, in no order.
    """
    mask = ink.mask & ~rules
    labels, count = ndimage.label(mask, NEIGHBOURS)
    amount = np.where(rules, np.float32(0), ink.amount)
    places = ndimage.find_objects(labels)[:count]
    pieces = [_cut_out(amount, labels, i + 1, place) for i, place in enumerate(places)]
    return [piece for piece in pieces if piece.amount.any()]


def _cut_out(amount: Floats, labels: NDArray[np.int32], label: int, place: tuple[slice, slice]) -> Piece:
    """The ink of a label, with the soft edge around it."""
    rows = slice(max(place[0].start - MARGIN, 0), place[0].stop + MARGIN)
    columns = slice(max(place[1].start - MARGIN, 0), place[1].stop + MARGIN)
    there = labels[rows, columns]
    own = there == label
    near = dilated(own, MARGIN) & ((there == 0) | own)
    cut = np.where(near, amount[rows, columns], np.float32(0))
    width, height = place[1].stop - place[1].start, place[0].stop - place[0].start
    return Piece(place[1].start, place[0].start, width, height, cut, (columns.start, rows.start))


def united(pieces: list[Piece]) -> Piece:
    """Return several pieces as one.

    Parameters
    ----------
    pieces : list of Piece
        One or more.

    Returns
    -------
    Piece
        All their ink.
    """
    if len(pieces) == 1:
        return pieces[0]
    left, top = (min(piece.corner[i] for piece in pieces) for i in (0, 1))
    right = max(piece.corner[0] + piece.amount.shape[1] for piece in pieces)
    bottom = max(piece.corner[1] + piece.amount.shape[0] for piece in pieces)
    amount = np.zeros((bottom - top, right - left), np.float32)
    for piece in pieces:
        x, y = piece.corner[0] - left, piece.corner[1] - top
        there = amount[y : y + piece.amount.shape[0], x : x + piece.amount.shape[1]]
        np.maximum(there, piece.amount, out=there)
    box_left, box_top = min(piece.left for piece in pieces), min(piece.top for piece in pieces)
    width = max(piece.right for piece in pieces) - box_left
    height = max(piece.bottom for piece in pieces) - box_top
    return Piece(box_left, box_top, width, height, amount, (left, top))


def cropped(piece: Piece, rows: slice) -> Piece | None:
    """Return some rows of a piece.

    Parameters
    ----------
    piece : Piece
        The ink.
    rows : slice
        Which rows of its `amount`.

    Returns
    -------
    Piece or None
        What ink they have; None where that is next to none.
    """
    return trimmed(piece.amount[rows], (piece.corner[0], piece.corner[1] + rows.start))


def trimmed(amount: Floats, corner: tuple[int, int]) -> Piece | None:
    """Return the ink in a part of a picture as a piece.

    Parameters
    ----------
    amount : numpy.ndarray
        Float32 (H, W), from 0 to 1.
    corner : tuple of int
        Its left and top in the picture.

    Returns
    -------
    Piece or None
        None where there is next to no ink.
    """
    core = amount > CORE
    rows, columns = np.flatnonzero(core.any(axis=1)), np.flatnonzero(core.any(axis=0))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    y, x = max(top - MARGIN, 0), max(left - MARGIN, 0)
    cut = amount[y : bottom + MARGIN, x : right + MARGIN]
    return Piece(left + corner[0], top + corner[1], right - left, bottom - top, cut, (corner[0] + x, corner[1] + y))
