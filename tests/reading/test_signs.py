"""Punctuation is told by its shape and place, and digits are not taken for it."""

import numpy as np
import pytest

from handgrad.reading.band import Band
from handgrad.reading.glyph import is_small
from handgrad.reading.ink import Ink
from handgrad.reading.pieces import Piece, find_pieces, trimmed
from handgrad.reading.signs import are_stacked, is_comma, is_plus, small_sign

from .drawings import ink, written

TALL = 60
TOP = 60
BASE = float(TOP + TALL)
BAND = Band(float(TOP), BASE, 0.0)


def pieces(text: str, width: float = 6, **how: float) -> list[Piece]:
    amount = ink(written(text, TALL, (40, TOP), 0.5, **how), (200, 700), width).astype(np.float32)
    whole = Ink(amount, amount > 0.4, amount > 0.4, amount, True, 200.0)
    return sorted(find_pieces(whole, np.zeros(amount.shape, bool)), key=lambda piece: piece.left)


@pytest.mark.parametrize("width", [4, 6, 8])
@pytest.mark.parametrize("sign", [".", ",", ":", "-", "="])
def test_small_signs(sign: str, width: float) -> None:
    found = pieces(sign, width)
    assert all(is_small(piece, TALL) for piece in found)
    assert small_sign(found, BAND) == sign


def test_a_dot_in_the_air_is_no_sign() -> None:
    (dot,) = pieces(".")
    assert small_sign([dot], Band(BASE, BASE + TALL, 0.0)) == ""


@pytest.mark.parametrize(("sign", "stacked"), [(":", True), ("=", True), ("..", False), ("--", False)])
def test_what_stands_above_each_other(sign: str, stacked: bool) -> None:
    a, b = pieces(sign)
    assert are_stacked(a, b, TALL) == are_stacked(b, a, TALL) == stacked


@pytest.mark.parametrize("width", [3, 6, 9])
def test_a_plus(width: float) -> None:
    (plus,) = pieces("+", width)
    assert is_plus(plus, BAND) and not is_small(plus, TALL)


@pytest.mark.parametrize("digit", list("0123456789"))
@pytest.mark.parametrize("slant", [0.0, 0.3])
def test_no_digit_is_a_sign(digit: str, slant: float) -> None:
    (piece,) = pieces(digit, slant=slant)
    assert not is_plus(piece, BAND) and not is_small(piece, TALL)


@pytest.mark.parametrize("width", [4, 7])
def test_a_comma_as_tall_as_half_a_digit_hangs_below_the_line(width: float) -> None:
    line = [np.array([(50, BASE - 8), (44, BASE + 12)])]
    found = trimmed(ink(line, (200, 200), width).astype(np.float32), (0, 0))
    raised = trimmed(ink([line[0] - (0, 30)], (200, 200), width).astype(np.float32), (0, 0))
    assert found and raised
    assert is_comma(found, BAND) and not is_comma(raised, BAND)


def test_a_plus_stands_half_way_up() -> None:
    (plus,) = pieces("+")
    assert is_plus(plus, BAND) and not is_plus(plus, Band(float(plus.top), BASE, 0.0))
