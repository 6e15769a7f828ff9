"""`handgrad read FOLDER --out answers.csv`, called in this process."""

import csv
import json
import re
from pathlib import Path

import pytest

from bulk.drive import BAD, write_pictures
from command import refused, run
from handgrad.bulk.rows import FORMATS
from handgrad.cli import table
from handgrad.cli.read import TABLES
from handgrad.model.shipped import pretrained
from handgrad.reading import read_page


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "photos", 4)


@pytest.mark.process
def test_a_folder_becomes_a_table(photos: Path) -> None:
    done = run("read", "photos", "--out", "a.csv", "--model", "tiny", "--workers", 1, cwd=photos.parent, code=1)
    assert done.stdout == ""
    assert done.stderr == "a.csv: 6 pictures; 1 cannot be read, the column reason says why; 3 other files passed over\n"
    with (photos.parent / "a.csv").open(newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert [*rows] == sorted(rows) and len(rows) == 6
    (answer,) = read_page(photos / "000.png", "tiny").lines[0]
    assert rows["photos/000.png"] == {
        "path": "photos/000.png", "page": "1", "line": "1", "text": answer.text,
        "probability": f"{answer.probability:.6f}", "reason": "",
    }  # fmt: skip
    assert rows["photos/blank.png"]["reason"] == "no digits"
    assert rows[f"photos/{BAD}"]["reason"].startswith("not a readable picture (UnidentifiedImageError), expected PNG")
    assert "a.csv: exists" in refused("read", "photos", "--out", "a.csv", cwd=photos.parent)


@pytest.mark.process
def test_json_lines(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "TELL_EVERY", 0.0)
    (photos / BAD).unlink()
    done = run("read", photos, "--out", photos / "a.jsonl", "--model", "tiny", "--workers", 1)
    assert re.search(r"^5 of 5 pictures, [\d,.]+ a second, 0 s left$", done.stderr, re.MULTILINE)
    rows = [json.loads(line) for line in (photos / "a.jsonl").read_text().splitlines()]
    assert len(rows) == 5
    model = pretrained("tiny")
    model.kernels = "naive"  # as few pictures are read
    assert rows[0]["answers"] == [answer.to_json() for answer in read_page(photos / "000.png", model).lines[0]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--json", "--out", "a.csv"), "--json prints here, --out a.csv writes a table: give one of them"),
        (("--workers", "2"), "--workers is for tables"),
        (("--cluster", "tcp://h:1", "--out", "a.png"), "--cluster is for tables"),
        (("--cluster", "tcp://h:1", "--workers", "2", "--out", "a.csv"), "give one of them"),
        (("--out", "nowhere/a.csv"), "nowhere: no such folder"),
        (("--out", "a.txt"), "expected .png, .jpg, .jpeg, .webp, .bmp, .csv, .jsonl"),
        (("-", "--out", "a.csv"), "standard input cannot be read again"),
        (("--model", "nothing", "--out", "a.csv"), "no pretrained model 'nothing'"),
        (("nothing", "--out", "a.csv"), "nothing: no such file or folder"),
    ],
    ids=str,
)
def test_what_makes_no_table_is_refused_before_there_are_files(
    photos: Path, words: tuple[str, ...], message: str
) -> None:
    before = sorted(photos.parent.iterdir())
    assert message in refused("read", photos / "000.png", *words, cwd=photos.parent)
    assert sorted(photos.parent.iterdir()) == before


def test_a_folder_without_pictures_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty: no pictures, 0 other files" in refused("read", "empty", "--out", "a.csv", cwd=tmp_path)


def test_the_endings_are_those_of_tables() -> None:
    assert TABLES == FORMATS
