"""How well an answer fits the truth: lines aligned, digits compared, a refusal "?" apart from a mistake.

Punctuation in the truth may be missing in the answer, or be "?" there; as a digit it is a mistake.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np

REFUSED = "?"
LITTLE = 0.001  # the price of a "?" where nothing is written: any other way to align is better


@dataclass
class Count:
    """Digits right, refused, answered as another and missing; digits too much; lines, and those without a mistake."""

    digits: int = 0
    right: int = 0
    refused: int = 0
    wrong: int = 0
    missing: int = 0
    extra: int = 0
    stray: int = 0
    lines: int = 0
    exact: int = 0
    distance: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def shares(self) -> dict[str, float]:
        """Of the digits (accuracy: 1 less the edit distance for each digit), and of the lines."""
        digits, lines = max(self.digits, 1), max(self.lines, 1)
        found = {name: getattr(self, name) / digits for name in ("right", "refused", "wrong", "missing", "extra")}
        return {"accuracy": 1 - self.distance / digits, **found, "exact": self.exact / lines}

    def to_json(self) -> dict[str, float]:
        """The shares and the numbers that they are made of."""
        return {**self.shares, **{f"n_{name}": value for name, value in asdict(self).items()}}


def compare(truth: str, answer: str) -> Count:
    """A line of truth and the line that answers it, aligned at the least price (Levenshtein 1966)."""
    truth = truth.replace(" ", "")
    price = np.zeros((len(truth) + 1, len(answer) + 1))
    for i in range(len(truth) + 1):
        for j in range(len(answer) + 1):
            ways = [price[a, b] + cost for a, b, cost in _ways(truth, answer, i, j)]
            price[i, j] = min(ways, default=0)
    count = Count(digits=sum(map(str.isdigit, truth)), lines=1)
    i, j = len(truth), len(answer)
    while i or j:
        a, b, cost = next(way for way in _ways(truth, answer, i, j) if price[way[0], way[1]] + way[2] == price[i, j])
        _tell(count, truth[a:i], answer[b:j])
        i, j, _ = a, b, cost
    count.exact = int(count.right == count.digits and count.extra == count.stray == 0)
    count.distance = count.refused + count.wrong + count.missing + count.extra
    return count


def _ways(truth: str, answer: str, i: int, j: int) -> list[tuple[int, int, float]]:
    """How to come to (i, j): from where, and at which price."""
    ways = []
    if i and j:
        ways.append((i - 1, j - 1, _price(truth[i - 1], answer[j - 1])))
    if i:
        ways.append((i - 1, j, float(truth[i - 1].isdigit())))
    if j:
        ways.append((i, j - 1, 1.0 if answer[j - 1].isdigit() else LITTLE))
    return ways


def _price(truth: str, answer: str) -> float:
    if truth.isdigit():
        return float(truth != answer)
    return float(answer.isdigit())


def _tell(count: Count, truth: str, answer: str) -> None:
    """Counts a character of the truth, one of the answer, or both where they are aligned."""
    if truth.isdigit():
        outcome = (
            "missing" if not answer else "right" if answer == truth else "wrong" if answer.isdigit() else "refused"
        )
    elif answer.isdigit():
        outcome = "extra"
    elif truth or not answer:
        return
    else:
        outcome = "stray"
    setattr(count, outcome, getattr(count, outcome) + 1)


def compare_lines(truth: list[str], answer: list[str]) -> Count:
    """All lines of a page, in order: a line may lack an answer, and an answer may belong to no line."""
    pairs = [[compare(a, b) for b in answer] for a in truth]
    lost, added = [compare(a, "") for a in truth], [compare("", b) for b in answer]
    best = [[Count()] * (len(answer) + 1) for _ in range(len(truth) + 1)]
    for i in range(len(truth) + 1):
        for j in range(len(answer) + 1):
            ways = []
            if i and j:
                ways.append(best[i - 1][j - 1] + pairs[i - 1][j - 1])
            if i:
                ways.append(best[i - 1][j] + lost[i - 1])
            if j:
                ways.append(best[i][j - 1] + _no_line(added[j - 1]))
            best[i][j] = min(ways, key=_worth) if ways else Count()
    return best[-1][-1]


def _worth(count: Count) -> float:
    return count.distance + LITTLE * (count.stray - count.exact)


def _no_line(count: Count) -> Count:
    return Count(extra=count.extra, stray=count.stray, distance=count.distance)
