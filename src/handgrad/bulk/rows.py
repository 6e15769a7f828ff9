"""What a table says about a picture: a row for each line of digits, as CSV or as JSON lines."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad.reading.answer import Answer, Page

COLUMNS = ("path", "page", "line", "text", "probability", "reason")
CSV, JSON_LINES = ".csv", ".jsonl"
FORMATS = (CSV, JSON_LINES)
DECIMALS = 6  # of a probability in CSV
NO_DIGITS = "no digits"


@dataclass(frozen=True)
class Row:
    """A line of digits; or a page without any; or why there are no more rows of this picture.

    Parameters
    ----------
    path : str
        The picture.
    page : int
        Its page, from 1.
    line : int or None
        The line on the page, from 1; None where there is none.
    text : str
        The digits, each "?" where it is refused.
    probability : float or None
        The least probability of the line's digits.
    reason : str or None
        Why digits are refused, each reason once; or why there is nothing to read.
    answers : tuple of Answer
        The digits, and the punctuation among them.
    full_text : str
        The digits with the punctuation.
    """

    path: str
    page: int
    line: int | None = None
    text: str = ""
    probability: float | None = None
    reason: str | None = None
    answers: tuple[Answer, ...] = ()
    full_text: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain values, for JSON.

        Returns
        -------
        dict
            The keys of `COLUMNS`, full_text, and answers: a list of `Answer.to_json`.
        """
        return {
            **{name: getattr(self, name) for name in COLUMNS},
            "full_text": self.full_text,
            "answers": [answer.to_json() for answer in self.answers],
        }


def page_rows(path: str, number: int, page: Page) -> list[Row]:
    """Return the rows of a page.

    Parameters
    ----------
    path : str
        The picture.
    number : int
        The number of the page.
    page : Page
        What was read.

    Returns
    -------
    list of Row
        One for each line; one without text for a page without digits.
    """
    if not page.lines:
        return [Row(path, number, reason=NO_DIGITS)]
    return [_line_row(path, number, line, answers) for line, answers in enumerate(page.lines, 1)]


def failed_row(path: str, page: int, why: str) -> Row:
    """Return the row of a picture that cannot be read, or of the page on which its reading ended.

    Parameters
    ----------
    path : str
        The picture.
    page : int
        The number of the page.
    why : str
        The reason, which may begin with the path.

    Returns
    -------
    Row
        One without text.
    """
    return Row(path, page, reason=" ".join(why.removeprefix(f"{path}: ").split()))


def _line_row(path: str, page: int, line: int, answers: tuple[Answer, ...]) -> Row:
    digits = [answer for answer in answers if not answer.sign]
    reasons = dict.fromkeys(str(answer.reason) for answer in digits if answer.reason)
    least = min((answer.probability for answer in digits), default=math.nan)
    return Row(
        path, page, line, "".join(answer.text for answer in answers), least if math.isfinite(least) else None,
        "; ".join(reasons) or None, answers, "".join(answer.sign or answer.text for answer in answers),
    )  # fmt: skip


def heading(ending: str) -> bytes:
    """Return what a table begins with.

    Parameters
    ----------
    ending : str
        One of `FORMATS`.

    Returns
    -------
    bytes
        The names of the columns in CSV, nothing in JSON lines.
    """
    return csv_lines([COLUMNS]) if ending == CSV else b""


def encoded(rows: Iterable[Row], ending: str, punctuation: bool = False) -> bytes:
    """Return rows as they stand in the file.

    Parameters
    ----------
    rows : iterable of Row
        The rows.
    ending : str
        One of `FORMATS`.
    punctuation : bool
        Whether the column text of CSV has punctuation; JSON lines have both texts.

    Returns
    -------
    bytes
        Whole lines of UTF-8, which end in a line feed. What is no text in a file's name becomes an escape.
    """
    if ending == CSV:
        return csv_lines(_cells(row, punctuation) for row in rows)
    return "".join(json.dumps(row.to_json(), allow_nan=False) + "\n" for row in rows).encode()


def _cells(row: Row, punctuation: bool) -> tuple[object, ...]:
    text = row.full_text if punctuation else row.text
    probability = "" if row.probability is None else f"{row.probability:.{DECIMALS}f}"
    return row.path, row.page, row.line, text, probability, row.reason


def csv_lines(rows: Iterable[tuple[object, ...]]) -> bytes:
    """Return rows as CSV, as RFC 4180 has it, but for the ends of lines.

    Parameters
    ----------
    rows : iterable of tuple
        The cells of each; None is an empty one.

    Returns
    -------
    bytes
        UTF-8, a line feed behind each row.
    """
    text = StringIO()
    plain, quoted = (csv.writer(text, lineterminator="\n", quoting=how) for how in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    for row in rows:
        # The module leaves a carriage return as it is, which would end the row for whoever reads it.
        (quoted if any("\r" in str(cell) for cell in row) else plain).writerow(row)
    return text.getvalue().encode(errors="backslashreplace")
