"""Slashes and brackets are told from 1s by the line around them."""

import numpy as np
import pytest

from handgrad.reading.ink import Ink
from handgrad.reading.pieces import Piece, find_pieces
from handgrad.reading.slashes import tall_signs

from .drawings import arc, ink, written

TALL, TOP = 60, 60


def pieces(text: str, **how: float) -> list[Piece]:
    return of_ink(ink(written(text, TALL, (40, TOP), 0.5, **how), (200, 900), 6))


def of_ink(amount: np.ndarray) -> list[Piece]:
    amount = amount.astype(np.float32)
    whole = Ink(amount, amount > 0.4, amount > 0.4, amount, True, 200.0)
    return sorted(find_pieces(whole, np.zeros(amount.shape, bool)), key=lambda piece: piece.left)


def signs(text: str, **how: float) -> str:
    """Where signs are found in a text whose slashes were read as 1s; a space for each digit."""
    return "".join(sign or " " for sign in tall_signs(pieces(text, **how), text.replace("/", "1"), how.get("slope", 0)))


def only(text: str, sign: str = "/") -> str:
    return "".join(each if each == sign else " " for each in text)


@pytest.mark.parametrize("text", ["12/03/2024", "28/2/24", "31/12/99", "2024/03/12", "11/11/2011", "12/31/1999"])
@pytest.mark.parametrize("slant", [0.0, 0.15])
@pytest.mark.parametrize("slope", [0.0, 0.05])
def test_slashes_of_a_date(text: str, slant: float, slope: float) -> None:
    assert signs(text, slant=slant, slope=slope) == only(text)


def test_a_digit_that_is_not_known_may_be_of_a_date() -> None:
    assert "".join(sign or " " for sign in tall_signs(pieces("28/02/1999"), "2?1021199?", 0)) == "  /  /    "


def test_a_dash_parts_what_may_be_a_date() -> None:
    found = pieces("28/11/71", slant=0.1)
    digits = list("28111171")
    assert "".join(tall_signs(found, digits, 0)) == "//"
    digits[3] = ""  # the fourth is a dash
    assert not any(tall_signs(found, digits, 0)[:3])


@pytest.mark.parametrize("text", ["3/4", "52/60"])
def test_one_long_slash_between_digits(text: str) -> None:
    assert signs(text) == only(text)


@pytest.mark.parametrize("text", ["1111", "11", "12103", "7171", "2024", "1", "", "4419155", "9919912345"])
@pytest.mark.parametrize("slant", [0.0, 0.3])
def test_digits_are_no_signs(text: str, slant: float) -> None:
    assert not signs(text, slant=slant).strip() if text else tall_signs([], "", 0) == []


def test_a_slash_at_the_end_is_a_slanted_1() -> None:
    assert not signs("34/").strip()


@pytest.mark.parametrize(("left", "right", "found"), [(-1, 1, "(   )"), (1, -1, "     "), (-1, -1, "     ")])
def test_brackets_are_bowed_apart(left: int, right: int, found: str) -> None:
    """Each bow is an arc whose middle lies to the left, as that of an opening bracket, or to the right."""
    bows = {-1: arc(30, 0, 12, 36, 110, 250), 1: arc(0, 0, 12, 36, -70, 70)}
    x, y = 40, TOP + TALL / 2
    lines = [
        np.add(bows[left], (x - 30, y)),
        *written("245", TALL, (x + 20, TOP), 0.3),
        np.add(bows[right], (x + 200, y)),
    ]
    made = of_ink(ink(lines, (200, 400), 6))
    assert "".join(sign or " " for sign in tall_signs(made, "12451", 0)) == found
