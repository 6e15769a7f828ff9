"""What stands in a table."""

import csv
import json
from io import StringIO

import numpy as np
import pytest

from handgrad.bulk.rows import COLUMNS, Row, encoded, heading, page_rows
from handgrad.reading import Answer, Page, Refusal
from handgrad.reading.picture import Picture


def answer(digit: str, probability: float, reason: Refusal | None = None) -> Answer:
    return Answer(digit, probability, (probability, 1 - probability), reason, (1, 2, 3, 4))


LINES = (
    (answer("7", 0.99), answer("2", 0.625)),
    (answer("1", 0.5, Refusal.UNKNOWN), answer("3", 0.75), answer("4", 0.875, Refusal.UNKNOWN)),
)
PICTURE = Picture("a.png", np.zeros((9, 9), np.uint8), 1.0)
ROWS = page_rows("a.png", 2, Page(PICTURE, LINES))


def test_a_row_is_a_line() -> None:
    assert (heading(".csv") + encoded(ROWS, ".csv")).decode() == (
        "path,page,line,text,probability,reason\n"
        "a.png,2,1,72,0.625000,\n"
        "a.png,2,2,?3?,0.500000,not like any digit seen\n"
    )  # fmt: skip


def test_punctuation_is_written_if_asked_for_and_is_no_refusal() -> None:
    dot = Answer("1", 0.0, (0.25, 0.25), Refusal.PUNCTUATION, (1, 2, 3, 4), ".")
    (row,) = page_rows("a.png", 1, Page(PICTURE, ((answer("7", 0.75), dot, answer("2", 0.5)),)))
    assert encoded([row], ".csv") == b"a.png,1,1,72,0.500000,\n"
    assert encoded([row], ".csv", punctuation=True) == b"a.png,1,1,7.2,0.500000,\n"
    found = json.loads(encoded([row], ".jsonl"))
    assert (found["text"], found["full_text"], found["answers"][1]["sign"]) == ("72", "7.2", ".")


def test_json_lines_have_the_answers_too() -> None:
    assert heading(".jsonl") == b""
    found = [json.loads(line) for line in encoded(ROWS, ".jsonl").splitlines()]
    assert [list(row) for row in found] == [[*COLUMNS, "full_text", "answers"]] * 2
    assert found[0]["reason"] is None and found[1]["probability"] == 0.5
    assert found[1]["answers"] == [answer.to_json() for answer in LINES[1]]


def test_a_model_that_has_no_number_to_say_leaves_the_cell_empty() -> None:
    (row,) = page_rows("a.png", 1, Page(PICTURE, ((answer("7", float("nan")),),)))
    assert encoded([row], ".csv") == b"a.png,1,1,7,,\n"
    assert json.loads(encoded([row], ".jsonl"))["probability"] is None


def test_a_page_without_digits_is_a_row() -> None:
    assert page_rows("a.png", 1, Page(PICTURE, ())) == [Row("a.png", 1, reason="no digits")]
    assert encoded([Row("a.png", 1, reason="no digits")], ".csv") == b"a.png,1,,,,no digits\n"
    (found,) = map(json.loads, encoded([Row("a.png", 1, reason="no digits")], ".jsonl").splitlines())
    assert (found["line"], found["text"], found["probability"], found["answers"]) == (None, "", None, [])


@pytest.mark.parametrize("name", ["a,b.png", 'a"b.png', "a\nb.png", "a\rb.png", "é.png", "=1+1.png"])
def test_names_come_back_as_they_were(name: str) -> None:
    text = encoded([Row(name, 1, reason="no digits")], ".csv").decode()
    ((path, *_),) = csv.reader(StringIO(text, newline=""))
    assert path == name
    assert json.loads(encoded([Row(name, 1)], ".jsonl"))["path"] == name


def test_a_name_that_is_no_text_leaves_the_file_readable() -> None:
    name = b"a\xff.png".decode(errors="surrogateescape")
    assert encoded([Row(name, 1)], ".csv").decode().startswith("a\\udcff.png,1,")
    assert json.loads(encoded([Row(name, 1)], ".jsonl"))["path"] == name
