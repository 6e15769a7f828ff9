"""Punctuation is told by its shape and place, and digits are not taken for it."""

import numpy as np
import pytest

from handgrad.reading.glyph import is_small
from handgrad.reading.ink import Ink
from handgrad.reading.pieces import Piece, find_pieces
from handgrad.reading.signs import are_stacked, find_slashes, is_plus, small_sign

from .drawings import ink, written

TALL = 60
TOP = 60
BASE = float(TOP + TALL)


def pieces(text: str, width: float = 6, **how: float) -> list[Piece]:
    amount = ink(written(text, TALL, (40, TOP), 0.5, **how), (200, 700), width).astype(np.float32)
    whole = Ink(amount, amount > 0.4, amount > 0.4, amount, True, 200.0)
    return sorted(find_pieces(whole, np.zeros(amount.shape, bool)), key=lambda piece: piece.left)


@pytest.mark.parametrize("width", [4, 6, 8])
@pytest.mark.parametrize("sign", [".", ",", ":", "-", "="])
def test_small_signs(sign: str, width: float) -> None:
    found = pieces(sign, width)
    assert all(is_small(piece, TALL) for piece in found)
    assert small_sign(found, TALL, BASE) == sign


def test_a_dot_in_the_air_is_no_sign() -> None:
    (dot,) = pieces(".")
    assert small_sign([dot], TALL, BASE + TALL) == ""


@pytest.mark.parametrize(("sign", "stacked"), [(":", True), ("=", True), ("..", False), ("--", False)])
def test_what_stands_above_each_other(sign: str, stacked: bool) -> None:
    a, b = pieces(sign)
    assert are_stacked(a, b, TALL) == are_stacked(b, a, TALL) == stacked


@pytest.mark.parametrize("width", [3, 6, 9])
def test_a_plus(width: float) -> None:
    (plus,) = pieces("+", width)
    assert is_plus(plus, TALL) and not is_small(plus, TALL)


@pytest.mark.parametrize("digit", list("0123456789"))
@pytest.mark.parametrize("slant", [0.0, 0.3])
def test_no_digit_is_a_sign(digit: str, slant: float) -> None:
    (piece,) = pieces(digit, slant=slant)
    assert not is_plus(piece, TALL) and not is_small(piece, TALL)


@pytest.mark.parametrize("text", ["12/03/2024", "1/2/24", "12/3/24", "2024/03/12"])
@pytest.mark.parametrize("slant", [0.0, 0.15])
def test_slashes_of_a_date(text: str, slant: float) -> None:
    names = text.replace("/", "1")
    assert find_slashes(pieces(text, slant=slant), names, TALL) == [i for i, c in enumerate(text) if c == "/"]


def test_one_long_slash_between_digits() -> None:
    assert find_slashes(pieces("3/4"), "314", TALL) == [1]


@pytest.mark.parametrize("text", ["1111", "11", "12103", "7171", "2024", "1", ""])
@pytest.mark.parametrize("slant", [0.0, 0.3])
def test_digits_are_no_slashes(text: str, slant: float) -> None:
    assert find_slashes(pieces(text, slant=slant) if text else [], text, TALL) == []


def test_a_slash_at_the_end_is_a_slanted_1() -> None:
    assert find_slashes(pieces("34/"), "341", TALL) == []
