"""The one JSON form of answers and pages."""

import json
import math
from typing import Any

import numpy as np
import pytest

from handgrad.reading import Answer, Page, Refusal
from handgrad.reading.picture import Picture

SURE = Answer("7", 0.75, (0.125, 0.875), None, (1, 2, 3, 4))
REFUSED = Answer("1", 0.25, (0.5, 0.5), Refusal.UNKNOWN, (5, 6, 7, 8))
PICTURE = Picture("p", np.zeros((9, 9), np.uint8), 1.0)


def strict(value: Any) -> Any:
    """What a reader of JSON gets who knows nothing of NaN."""
    return json.loads(json.dumps(value, allow_nan=False))


def test_an_answer() -> None:
    found = {
        "digit": "7", "probability": 0.875, "reason": None, "score": 0.75, "text": "7", "box": [1, 2, 3, 4],
        "probabilities": [0.125, 0.875], "sign": "",
    }  # fmt: skip
    assert SURE.to_json() == strict(SURE.to_json()) == found and list(SURE.to_json()) == list(found)


def test_a_refused_answer_keeps_its_digit_and_says_why() -> None:
    found = REFUSED.to_json()
    assert (found["text"], found["digit"], found["reason"]) == ("?", "1", "not like any digit seen")
    assert type(found["reason"]) is str


def test_the_texts_of_the_reasons() -> None:
    assert [*Refusal] == ["blank", "too little ink", "two digits", "not like any digit seen", "punctuation"]


def test_a_refused_answer_names_the_likeliest_digit() -> None:
    assert (REFUSED.likeliest, SURE.likeliest) == ("1, 50 %", "")
    for reason, probability in ((Refusal.BLANK, 0.5), (Refusal.PUNCTUATION, 0.5), (Refusal.UNKNOWN, 0.0)):
        assert Answer("1", 0.0, (probability,), reason, (0, 0, 0, 0)).likeliest == ""


def test_punctuation_stands_in_the_full_text_alone() -> None:
    comma = Answer("1", 0.0, (0.5, 0.5), Refusal.PUNCTUATION, (3, 3, 1, 1), ",")
    page = Page(PICTURE, ((SURE, comma, SURE),))
    assert (page.text, page.full_text, page.to_json()["full_text"]) == ("77", "7,7", "7,7")


def test_a_page() -> None:
    page = Page(PICTURE, ((SURE, REFUSED), (SURE,)))
    found = page.to_json()
    assert list(found) == ["text", "full_text", "lines"] and found["text"] == page.text == "7?\n7"
    assert strict(found) == found
    assert found["lines"] == [[SURE.to_json(), REFUSED.to_json()], [SURE.to_json()]]
    assert Page(PICTURE, ()).to_json() == {"text": "", "full_text": "", "lines": []}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_become_null(value: float) -> None:
    found = Answer("0", value, (value, value), Refusal.UNKNOWN, (0, 0, 0, 0)).to_json()
    assert strict(found) == found
    assert (found["probability"], found["score"], found["probabilities"]) == (None, None, [None, None])
