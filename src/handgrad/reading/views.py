"""The ways to see a digit on a picture: dark or light ink, paper around or none, one piece of ink or all of it.

Which of them shows the digit cannot be told from the picture alone. They come in order, the likeliest first, and a
model tells when to stop.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter

from handgrad.reading.answer import Refusal
from handgrad.reading.fit import Pixels, extent, fit
from handgrad.reading.ink import Floats, Ink, find_ink
from handgrad.reading.masks import Mask
from handgrad.reading.paper import ink_is_dark, level_paper
from handgrad.reading.picture import Box, Picture
from handgrad.reading.pieces import Piece, find_pieces, united
from handgrad.reading.rules import find_rules
from handgrad.reading.sheet import find_sheet

WIDEST_STROKE = 0.34  # on a picture of one digit, as a share of its longer side
MIN_INK_SIDE = 5  # pixels that the ink's longer side must have
TOO_LITTLE = 0.5  # prior of ink that is smaller: the other polarity may show a digit
MIN_MASS = 0.02  # of the largest piece's ink: a smaller one is dirt
NEAR = 0.3  # of the largest side: pieces within such a distance are parts of the digit
EDGE_PLACE, EDGE_WIDTH, EDGE_LENGTH = 0.1, 0.08, 0.6  # of the picture's sides: of an edge along one of them
LESS_LIKELY, UNLIKELY = 0.85, 0.75  # prior of the other polarity: in a picture that is cut to the ink, and elsewhere
SIDES = 4  # of a picture
SMOOTHING = 0.5  # standard deviation in pixels of a small picture, whose strokes may be jagged
HALO = 0.5  # share of the paper that is as dark as ink, at most
MOST_KEPT = 0.35  # share of the ink that is left where what runs along the border is an edge
IN_ONE_PIECE, KEPT = 0.5, 1.0  # exponents of the largest piece's share: of all ink, and of what belongs together
DIGIT_HEIGHT = 0.6  # a piece of ink beside another is a second digit from this share of the tallest one's height on


@dataclass(frozen=True, eq=False)
class Normalised:
    """What a model sees of a picture, and the steps that led there.

    Parameters
    ----------
    picture : Picture
        The picture's grey levels.
    ink : Ink or None
        The ink on it; None for a model that sees pictures as they are.
    pixels : numpy.ndarray
        What the network sees, uint8: (H, W) with bright ink on dark, all 0 for a blank, for a model of digits;
        (H, W) or (H, W, 3) for a model of pictures.
    doubt : Refusal or None
        Why that is not a single digit, or None.
    prior : float
        How likely this way to see the picture is before a model has seen it, 0 to 1, beside the first one.
    left_out : bool
        Whether ink as tall as a digit stands beside what is seen.
    """

    picture: Picture
    ink: Ink | None
    pixels: Pixels
    doubt: Refusal | None
    prior: float = 1.0
    left_out: bool = False

    @property
    def box(self) -> Box:
        """Left, top, width and height of what is seen, in pixels of the original; all 0 where there is no ink."""
        if self.ink is None:
            height, width = self.picture.grey.shape
            return self.picture.in_original((0, 0, width, height))
        if not self.ink.amount.any():
            return 0, 0, 0, 0
        rows, columns = extent(self.ink.amount, 0.0)
        box = columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
        return self.picture.in_original(box)


def views(picture: Picture, height: int = 28, width: int = 28) -> Iterator[Normalised]:
    """Return the ways to see a digit on a picture, the likeliest first; a model tells which of them shows one.

    Parameters
    ----------
    picture : Picture
        The picture.
    height, width : int
        Sides of the images to make, in pixels.

    Yields
    ------
    Normalised
        Dark ink and light ink; a digit on paper and one that fills its picture; one piece of ink and all of it.
    """
    level = picture.grey.astype(np.float32)
    sheet = find_sheet(level, dark=True)
    dark = ink_is_dark(level, sheet, WIDEST_STROKE)
    found = False
    for is_dark in (dark, not dark):
        for ink in _inks(level, sheet if is_dark else find_sheet(level, dark=False), is_dark):
            likely = 1.0 if is_dark == dark else LESS_LIKELY if _sides_reached(ink.mask) == SIDES else UNLIKELY
            for amount, prior, doubt, left_out in _digits(ink):
                found = True
                seen = replace(ink, amount=amount)
                yield Normalised(picture, seen, fit(amount, height, width), doubt, likely * prior, left_out)
                if is_dark == dark and max(level.shape) <= max(height, width):
                    smooth = fit(gaussian_filter(amount, SMOOTHING), height, width)
                    yield Normalised(picture, seen, smooth, doubt, likely * prior, left_out)
    if not found:
        nothing = np.zeros_like(level)
        ink = Ink(nothing, nothing > 0, nothing > 0, nothing, dark, 0.0)
        yield Normalised(picture, ink, np.zeros((height, width), np.uint8), Refusal.BLANK)


def _inks(level: Floats, sheet: Mask | None, dark: bool) -> list[Ink]:
    """The ink on a picture cut to it, and on one with paper around, where an edge may show; the likelier first."""
    levelled = [level_paper(level, sheet, dark, WIDEST_STROKE, tight) for tight in (True, False)]
    uneven = not levelled[0]
    inks = [ink for ink in (find_ink(each, blurred=uneven) for each in levelled if each) if ink.contrast]
    inks = [ink for ink in inks if not _is_halo(ink, level if dark else -level)]
    if len(inks) == 2 and 0 < _sides_reached(inks[0].mask) < SIDES:
        kept = int(inks[1].mask.sum()) / int(inks[0].mask.sum())
        return inks[::-1] if kept > MOST_KEPT else inks  # what runs along the border was an edge, or the digit
    return inks


def _is_halo(ink: Ink, level: Floats) -> bool:
    """Whether most of the paper is as dark as the ink, which is then what lies around strokes of the other polarity."""
    paper = level[~ink.mask]
    return paper.size > 0 and float((paper <= np.median(level[ink.mask])).mean()) > HALO


def _sides_reached(mask: Mask) -> int:
    """How many sides of the picture ink reaches: none with paper around, all where the picture is cut to the ink."""
    return sum(bool(side.any()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _digits(ink: Ink) -> Iterator[tuple[Floats, float, Refusal | None, bool]]:
    """What may be the digit, its prior, a doubt, and whether tall ink is left out.

    First the largest piece with what belongs to it, then that piece alone, then all ink.
    """
    found = find_pieces(ink, find_rules(ink.faint, ink.flat).ink)
    pieces = [piece for piece in found if not _is_edge(piece, ink.mask.shape)] or found
    size = max((max(piece.width, piece.height) for piece in pieces), default=0)
    if size < MIN_INK_SIDE:
        yield ink.amount, TOO_LITTLE, Refusal.TOO_LITTLE_INK, False
        return
    main = max(pieces, key=lambda piece: piece.mass)
    group = [main]
    for piece in sorted((piece for piece in pieces if piece is not main), key=lambda piece: _apart(piece, main)):
        if piece.mass > MIN_MASS * main.mass and min(_apart(piece, each) for each in group) < NEAR * size:
            group.append(piece)
    total = sum(piece.mass for piece in pieces)
    whole = (main.mass / total) ** IN_ONE_PIECE  # in the wrong polarity, ink falls apart
    two = _two(pieces)
    yield _placed(group, ink.amount.shape), whole, two, _two(group) != two
    if len(group) > 1:
        kept = main.mass / sum(piece.mass for piece in group)
        yield _placed([main], ink.amount.shape), whole * kept**KEPT, two, bool(two)
    if len(group) < len(pieces):
        yield ink.amount, whole, two, False


def _is_edge(piece: Piece, shape: tuple[int, ...]) -> bool:
    """Whether ink runs along a side of the picture, as the edge of a sheet or of a cell does."""
    for start, side, along, reach, whole in (
        (piece.left, piece.width, piece.height, shape[1], shape[0]),
        (piece.top, piece.height, piece.width, shape[0], shape[1]),
    ):
        near = min(start, reach - start - side) < EDGE_PLACE * reach
        if near and side < EDGE_WIDTH * reach and along > EDGE_LENGTH * whole:
            return True
    return False


def _apart(a: Piece, b: Piece) -> float:
    """Pixels between the boxes of two pieces."""
    aside = max(a.left - b.right, b.left - a.right, 0)
    return math.hypot(aside, max(a.top - b.bottom, b.top - a.bottom, 0))


def _placed(pieces: list[Piece], shape: tuple[int, ...]) -> Floats:
    """The pieces' ink in the picture."""
    piece = united(pieces)
    amount = np.zeros(shape, np.float32)
    x, y = piece.corner
    amount[y : y + piece.amount.shape[0], x : x + piece.amount.shape[1]] = piece.amount
    return amount


def _two(pieces: Sequence[Piece]) -> Refusal | None:
    """Whether tall pieces stand side by side."""
    tallest = max(piece.height for piece in pieces)
    tall = sorted((piece for piece in pieces if piece.height > DIGIT_HEIGHT * tallest), key=lambda piece: piece.left)
    gaps = [b.left - a.right for a, b in pairwise(tall)]
    return Refusal.TWO_DIGITS if gaps and max(gaps) > 0 else None
