"""What reading gives: answers and pages of answers, and the one form that they have in JSON."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from handgrad.reading.picture import Box, Picture


class Refusal(StrEnum):
    """Why an answer is not to be relied on; the value is the text that users see."""

    BLANK = "blank"
    TOO_LITTLE_INK = "too little ink"
    TWO_DIGITS = "two digits"
    UNKNOWN = "not like any digit seen"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True)
class Answer:
    """What a model says about one image.

    Parameters
    ----------
    digit : str
        The likeliest class, also where the answer is refused.
    score : float
        Probability of that class where the image may also show none of the classes, 0 to 1. A model that knows only
        its classes has a score equal to the probability. On a page, the line reader may have raised it.
    probabilities : tuple of float
        Probability of each class of the model, in the model's order; their sum is 1.
    reason : Refusal or None
        Why the answer is not to be relied on; None where it is.
    box : tuple of int
        Left, top, width and height, in pixels of the picture as it was given. All 0 where there is no ink.
    sign : str
        The punctuation mark that it is, one of `. , : / - + = ( )`, where the reason is `PUNCTUATION`.
    """

    digit: str
    score: float
    probabilities: tuple[float, ...]
    reason: Refusal | None
    box: Box
    sign: str = ""

    @property
    def probability(self) -> float:
        """Probability of the likeliest class."""
        return max(self.probabilities)

    @property
    def text(self) -> str:
        """The digit; "?" where the answer is refused; nothing for punctuation."""
        if self.reason is Refusal.PUNCTUATION:
            return ""
        return "?" if self.reason else self.digit

    @property
    def likeliest(self) -> str:
        """The likeliest digit of a refused answer with its probability, as "4, 61 %"; nothing where there is none."""
        if self.reason in (None, Refusal.BLANK, Refusal.PUNCTUATION) or not self.probability > 0:
            return ""
        return f"{self.digit}, {100 * self.probability:.0f} %"

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain values, for JSON.

        Returns
        -------
        dict
            The keys digit, probability, reason (None or a text), score, text, box, probabilities and sign, in this
            order. A number that is not finite becomes None.
        """
        return {
            "digit": self.digit,
            "probability": _finite(self.probability),
            "reason": str(self.reason) if self.reason else None,
            "score": _finite(self.score),
            "text": self.text,
            "box": list(self.box),
            "probabilities": [_finite(probability) for probability in self.probabilities],
            "sign": self.sign,
        }


@dataclass(frozen=True, eq=False)
class Page:
    """What a model says about all the digits on a page.

    Parameters
    ----------
    picture : Picture
        The page as it was read.
    lines : tuple of tuple of Answer
        The lines from top to bottom, each from left to right.
    words : tuple of tuple of int
        The boxes of writing that is no digits, as printed words, in pixels of the picture as it was given.
    """

    picture: Picture
    lines: tuple[tuple[Answer, ...], ...]
    words: tuple[Box, ...] = ()

    @property
    def text(self) -> str:
        """The answers' texts, a line of text for each line of the page."""
        return "\n".join("".join(answer.text for answer in line) for line in self.lines)

    @property
    def full_text(self) -> str:
        """The same with punctuation."""
        return "\n".join("".join(answer.sign or answer.text for answer in line) for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """Return the page as plain values, for JSON.

        Returns
        -------
        dict
            The keys text, full_text and lines, in this order; lines holds a list of `Answer.to_json` for each line.
        """
        lines = [[answer.to_json() for answer in line] for line in self.lines]
        return {"text": self.text, "full_text": self.full_text, "lines": lines}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
