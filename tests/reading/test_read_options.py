"""Options of `handgrad read`, and what it says of refused digits, punctuation and printed words."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import handgrad.reading.reader
from command import refused, run
from handgrad.datasets import load
from handgrad.reading import Answer, Page, Refusal
from handgrad.reading.picture import Picture
from handgrad.report.reading import draw_page

from .scenes import png

PIXELS = load("mnist").test.pixels
PICTURE = Picture("p.png", np.full((100, 200), 255, np.uint8), 1.0)


def answer(digit: str, left: int, score: float = 0.99, reason: Refusal | None = None, sign: str = "") -> Answer:
    return Answer(digit, score, (score, 1 - score), reason, (left, 40, 12, 20), sign)


PAGE = Page(
    PICTURE,
    ((answer("7", 20), answer("1", 40, 0.5, Refusal.PUNCTUATION, "/"), answer("4", 60, 0.61, Refusal.UNKNOWN)),),
    ((100, 40, 30, 10), (140, 40, 30, 10)),
)


@pytest.fixture
def row(tmp_path: Path) -> Path:
    """Three digits in a row, 28 pixels each."""
    path = tmp_path / "row.png"
    path.write_bytes(png(255 - np.concatenate([PIXELS[0], PIXELS[1], PIXELS[2]], axis=1)))
    return path


@pytest.fixture
def read_as(monkeypatch: pytest.MonkeyPatch, row: Path) -> Path:
    """A picture on which PAGE is read."""
    monkeypatch.setattr(handgrad.reading, "read_pages", lambda *_: iter([PAGE]))
    return row


def first_words(*words: object) -> list[str]:
    return [line.split()[0] for line in run("read", *words).stdout.splitlines()]


def test_a_region_alone_is_read(row: Path) -> None:
    assert first_words(row, "--region", "28,0,28,28") == ["2"]
    found = json.loads(run("read", row, "--region", "28,0,28,28", "--json").stdout)
    left, _, width, _ = found["lines"][0][0]["box"]
    assert left >= 28 and left + width <= 56, "boxes are in pixels of the whole picture"


def test_every_cell_of_a_grid_has_an_answer(row: Path, tmp_path: Path) -> None:
    assert first_words(row, "--grid", "3x1") == ["721"]
    assert first_words(row, "--region", "28,0,56,28", "--grid", "2x1") == ["21"]
    run("read", row, "--grid", "3x1", "--out", tmp_path / "seen.png")
    with Image.open(tmp_path / "seen.png") as picture:
        assert picture.size == (84, 28)
    empty = tmp_path / "empty.png"
    empty.write_bytes(png(255 - np.concatenate([PIXELS[0], np.zeros_like(PIXELS[0])], axis=1)))
    assert run("read", empty, "--grid", "2x1").stdout == "7?   100 ? %\n"


@pytest.mark.parametrize("given", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,0,4", "-1,2,3,4", "1.5,2,3,4", "9" * 40])
def test_a_bad_region_is_one_line(given: str, row: Path) -> None:
    expected = "expected left, top, width and height in pixels, four whole numbers as in 0,120,800,60"
    assert refused("read", row, f"--region={given}") == f"handgrad: --region {given}: {expected}"


@pytest.mark.parametrize("given", ["8", "8x", "0x1", "8x0", "ax1", "8x1x1", "99999x1"])
def test_a_bad_grid_is_one_line(given: str, row: Path) -> None:
    expected = f"handgrad: --grid {given}: expected the numbers of columns and rows, 1 to 9999 each, as in 8x1"
    assert refused("read", row, "--grid", given) == expected


def test_a_region_beside_the_picture_costs_that_picture_alone(row: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(png(np.full((40, 200), 255, np.uint8)))
    done = run("read", row, large, "--region", "100,0,90,40", code=1)
    assert "row.png: region 100,0,90,40 of 84x28 pixels, expected a part of them" in done.stderr
    assert "no digits found" in done.stdout


def test_a_refused_digit_shows_the_likeliest_one_and_words_are_counted(read_as: Path) -> None:
    assert run("read", read_as).stdout == "7?   99 ? (4, 61 %) %\n2 pieces of other writing left out\n"


def test_punctuation_is_printed_if_asked_for(read_as: Path) -> None:
    assert run("read", read_as, "--text").stdout.splitlines()[0] == "7/?   99 ? (4, 61 %) %"
    found = json.loads(run("read", read_as, "--json").stdout)
    assert (found["text"], found["full_text"]) == ("7?", "7/?")


def test_predict_shows_the_likeliest_digit_of_a_refusal(row: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = answer("4", 60, 0.61, Refusal.UNKNOWN)
    monkeypatch.setattr(handgrad.reading.reader, "inspect_digit", lambda *_: (unknown, None))
    assert run("predict", row).stdout == f"{row}: ?  not sure: not like any digit seen (4, 61 %)\n"


def test_digits_refusals_signs_and_words_are_drawn_in_colours_of_their_own(tmp_path: Path) -> None:
    draw_page(PAGE, tmp_path / "seen.png")
    with Image.open(tmp_path / "seen.png") as picture:
        seen = [picture.getpixel((left, 50)) for left in (20, 40, 60, 100, 140)]
    assert seen == [(0, 114, 178), (0, 158, 115), (213, 94, 0), (101, 109, 118), (101, 109, 118)]


@pytest.mark.process
def test_a_table_has_the_region_the_grid_and_the_text(row: Path) -> None:
    words = ("--region", "28,0,56,28", "--grid", "2x1", "--text", "--workers", 1, "--model", "tiny")
    run("read", row, "--out", row.parent / "a.csv", *words)
    assert (row.parent / "a.csv").read_text().splitlines()[1].startswith(f"{row},1,1,21,")
