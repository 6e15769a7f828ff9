"""Touching digits are cut near where they touch, and all their ink is in the parts."""

from itertools import pairwise

import numpy as np
import pytest

from handgrad.reading.cuts import cut_apart, find_cuts
from handgrad.reading.pieces import Piece, trimmed

from .drawings import Lines, ink, shape, written

TALL = 60


def piece_of(lines: Lines, width: float = 5, length: int = 500) -> Piece:
    found = trimmed(ink(lines, (160, length), width).astype(np.float32), (0, 0))
    assert found is not None
    return found


def touching(text: str, overlap: float = 0.03, **how: float) -> tuple[Lines, list[float]]:
    """Digits that touch, and the columns where they do."""
    lines = written(text, TALL, (30, 30), -overlap, **how)
    ends = np.cumsum([max(line[:, 0].max() for line in shape(digit)) - overlap for digit in text])[:-1]
    return lines, [30 + TALL * (end + overlap / 2) for end in ends]


def through(piece: Piece, cut: np.ndarray) -> np.ndarray:
    """The cut's columns in the picture, in the rows of the box."""
    start = piece.top - piece.corner[1]
    return cut[start : start + piece.height] + piece.corner[0]


@pytest.mark.parametrize("pen", [3, 6])
@pytest.mark.parametrize("text", ["20", "00", "53", "86", "47", "38", "65", "09"])
def test_a_cut_goes_through_where_two_digits_touch(text: str, pen: float) -> None:
    lines, (place,) = touching(text)
    piece = piece_of(lines, pen)
    nearest = min(np.abs(through(piece, cut) - place).min() for cut in find_cuts(piece))
    assert nearest <= 0.1 * TALL


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_chain_of_zeros_may_be_cut_between_all(count: int) -> None:
    lines, places = touching("0" * count, -0.05)
    piece = piece_of(lines, 6)
    cuts = find_cuts(piece)
    assert all(min(np.abs(through(piece, cut) - place).min() for cut in cuts) < 0.1 * TALL for place in places)


@pytest.mark.parametrize("slant", [0.0, 0.3])
def test_a_wall_that_two_zeros_share_is_cut_lengthwise(slant: float) -> None:
    lines, _ = touching("00", 0.0, slant=slant)
    piece = piece_of(lines, 7)
    pairs = [cut_apart(piece, [cut]) for cut in find_cuts(piece)]
    unlike = [abs(a.mass - b.mass) / piece.mass + abs(a.width - b.width) / piece.width for a, b in pairs]
    assert min(unlike) < 0.08, "one cut leaves two like zeros"


def test_a_slanted_gap_is_followed() -> None:
    lines, _ = touching("77", 0.2)
    piece = piece_of(lines)
    parts = [cut_apart(piece, [cut]) for cut in find_cuts(piece)]
    masses = [[part.mass for part in pair] for pair in parts if len(pair) == 2]
    assert min(abs(a - b) / (a + b) for a, b in masses) < 0.15, "one cut leaves two equal digits"


@pytest.mark.parametrize("text", ["20", "00000", "5386"])
def test_the_parts_have_all_the_ink_from_left_to_right(text: str) -> None:
    piece = piece_of(touching(text)[0])
    cuts = find_cuts(piece)
    parts = cut_apart(piece, cuts)
    assert 2 <= len(parts) <= len(cuts) + 1
    assert sum(part.mass for part in parts) == pytest.approx(piece.mass, rel=0.03)
    assert (np.diff([part.middle[0] for part in parts]) > -0.2 * TALL).all()
    assert min(part.left for part in parts) == piece.left and max(part.right for part in parts) == piece.right


def test_cuts_do_not_cross_and_lie_within() -> None:
    piece = piece_of(touching("8068")[0])
    cuts = find_cuts(piece)
    assert all((after >= before).all() for before, after in pairwise(cuts))
    assert all(len(cut) == len(piece.amount) and cut.min() > 0 and cut.max() < piece.amount.shape[1] for cut in cuts)


def test_no_cut_is_one_part() -> None:
    piece = piece_of(shape_at("5"))
    (part,) = cut_apart(piece, [])
    assert part.box == piece.box


def shape_at(digit: str) -> Lines:
    return written(digit, TALL, (30, 30))


def test_ink_of_few_pixels_may_be_cut_or_not_but_never_fails() -> None:
    for height, width in ((1, 1), (1, 30), (30, 1), (2, 2), (5, 60), (3, 3)):
        piece = trimmed(np.pad(np.ones((height, width), np.float32), 2), (0, 0))
        assert piece is not None
        assert cut_apart(piece, find_cuts(piece))
