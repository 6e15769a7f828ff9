"""The benchmarks of reading: composed scenes are what their truth says, and answers are counted as they should be."""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def small(kind: str, seed: int) -> Any:
    """A scene on a photo of a million pixels at most, to save time."""
    from composing import compose
    from forms import FORMS, form
    from kinds import STYLES
    from scenes import alphabet

    if kind in STYLES:
        return compose(kind, replace(STYLES[kind], size=(800, 800), tall=(30, 40)), seed, alphabet())
    style = FORMS[kind]
    return form(kind, replace(style, look=replace(style.look, size=(900, 900))), seed, alphabet())


@pytest.mark.parametrize("kind", ["dates", "form dates"])
def test_a_seed_decides_everything(kind: str) -> None:
    made = small(kind, 3)
    assert made == small(kind, 3)
    assert made.file != small(kind, 4).file


@pytest.mark.parametrize("kind", ["table", "form amounts"])
def test_characters_stand_where_the_truth_says(kind: str) -> None:
    made = small(kind, 2)
    grey = np.asarray(Image.open(BytesIO(made.file)).convert("L"), float)
    height, width = grey.shape
    assert made.lines
    for line in made.lines:
        written = "".join(place.text for place in line.places)
        assert written == "".join(c for c in line.text if c.isdigit() or (kind == "table" and c != " "))
        for place in line.places:
            left, top, wide, tall = map(round, place.box)
            assert left >= 0 and top >= 0 and left + wide <= width and top + tall <= height
            inside, around = grey[top : top + tall, left : left + wide], grey[top - 3 : top + tall, left - 3 : left]
            assert np.percentile(inside, 5) < np.median(around)


@pytest.mark.parametrize("kind", ["table", "form dates"])
def test_the_truth_itself_makes_no_mistake(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import scenes

    made = small(kind, 1)
    written = [
        [SimpleNamespace(text=p.text, box=p.box) for p in line.places if p.text.isdigit()] for line in made.lines
    ]
    monkeypatch.setattr(scenes, "read_page", lambda file, model: SimpleNamespace(lines=written))
    found = scenes.judged(made, "any")
    assert found.count.shares["accuracy"] == found.count.shares["exact"] == 1
    assert (found.as_digit, found.nowhere, found.printed) == (0, 0, 0)


@pytest.mark.parametrize(
    ("truth", "answer", "counts"),
    [
        ("12.50", "1250", {"right": 4, "exact": 1, "distance": 0}),
        ("12.50", "12?50", {"right": 4, "exact": 1, "distance": 0}),
        ("12.50", "12150", {"right": 4, "extra": 1, "exact": 0, "distance": 1}),
        ("1234", "1?35", {"right": 2, "refused": 1, "wrong": 1, "exact": 0, "distance": 2}),
        ("1234", "124", {"right": 3, "missing": 1, "exact": 0}),
        ("1234", "12?34", {"right": 4, "stray": 1, "exact": 0, "distance": 0}),
        ("+44 20", "4420", {"right": 4, "exact": 1}),
    ],
)
def test_a_line_is_counted(truth: str, answer: str, counts: dict[str, int]) -> None:
    from scoring import compare

    found = compare(truth, answer)
    assert {name: getattr(found, name) for name in counts} == counts


def test_lines_are_aligned_in_order() -> None:
    from scoring import compare_lines

    found = compare_lines(["123", "456", "789"], ["123", "7?9", "1"])
    assert (found.right, found.missing, found.refused, found.extra) == (5, 3, 1, 1)
    assert (found.lines, found.exact) == (3, 1)
