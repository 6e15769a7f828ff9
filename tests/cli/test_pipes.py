"""What commands print for other programs: JSON or CSV alone, one row an answer, one vocabulary."""

import csv
import io
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import refused, run
from handgrad.datasets import load
from handgrad.model.shipped import open_model
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import RECIPES, recipe

VALID = load("mnist").split()[1][:4]
PIXEL_NAMES = [f"pixel{i}" for i in range(784)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    for i, pixels in enumerate((*VALID.pixels[:2], np.zeros((28, 28), np.uint8))):
        Image.fromarray(pixels).save(made / f"{i}.png")
    return made


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def write_table(path: Path, names: list[str] | None, table: np.ndarray) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([*([names] if names else []), *table.tolist()])
    return path


def test_json_and_csv_of_predict_say_the_same(folder: Path) -> None:
    as_json = run("predict", folder, "--json")
    as_csv = run("predict", folder, "--csv")
    answers = [json.loads(line) for line in as_json.stdout.splitlines()]
    found = rows(as_csv.stdout)
    assert [list(row) for row in found] == [["path", "digit", "probability", "reason"]] * 3
    for answer, row in zip(answers, found, strict=True):
        assert {name: str(answer[name] or "") for name in ("path", "digit", "reason")} == {
            name: row[name] for name in ("path", "digit", "reason")
        }
        assert float(row["probability"]) == answer["probability"]
    assert [row["digit"] for row in found[:2]] == [VALID.classes[label] for label in VALID.labels[:2]]
    assert found[2]["reason"] == "blank"
    assert as_csv.stderr.count("\n") == as_json.stderr.count("\n") == 3, "text for people goes there"


def test_csv_of_read_is_the_table_that_out_writes(folder: Path, tmp_path: Path) -> None:
    run("read", folder, "--out", tmp_path / "t.csv", "--workers", 1)
    assert run("read", folder, "--csv").stdout == (tmp_path / "t.csv").read_text()
    assert "--csv prints here" in refused("read", folder, "--csv", "--out", tmp_path / "u.csv")


@pytest.mark.parametrize("command", ["predict", "read"])
def test_a_picture_that_cannot_be_read_has_a_record_with_its_reason(command: str, folder: Path, tmp_path: Path) -> None:
    (folder / "1.png").write_bytes(b"no picture at all")
    as_json = run(command, folder, tmp_path / "missing.png", "--json", code=1)
    as_csv = run(command, folder, tmp_path / "missing.png", "--csv", code=1)
    records = [json.loads(line) for line in as_json.stdout.splitlines()]
    found = rows(as_csv.stdout)
    paths = [*(str(folder / f"{i}.png") for i in range(3)), str(tmp_path / "missing.png")]
    assert [record["path"] for record in records] == [row["path"] for row in found] == paths
    for i in (1, 3):
        assert records[i]["reason"] == found[i]["reason"] != ""
        assert paths[i] not in records[i]["reason"], "the path has a field of its own"
        assert f"{paths[i]}: {records[i]['reason']}" in as_json.stderr
        assert not any(records[i].get(name) for name in ("digit", "probability", "text", "lines"))
        assert found[i]["probability"] == "" and not found[i].get("digit") and not found[i].get("text")
    assert records[0]["reason"] is None and found[0]["reason"] == ""
    assert (records[0].get("digit") or records[0]["text"]) == VALID.classes[VALID.labels[0]]
    alone = run(command, tmp_path / "missing.png", "--json", code=2)
    assert json.loads(alone.stdout) == records[3], "with nothing read, the exit code is that of an error"


def test_csv_of_read_names_broken_pictures_as_the_table_does(folder: Path, tmp_path: Path) -> None:
    (folder / "1.png").write_bytes(b"no picture at all")
    run("read", folder, "--out", tmp_path / "t.csv", "--workers", 1, code=1)
    assert run("read", folder, "--csv", code=1).stdout == (tmp_path / "t.csv").read_text()


@pytest.mark.parametrize("names", [PIXEL_NAMES, None, ["label", *PIXEL_NAMES]], ids=["header", "none", "labelled"])
def test_a_table_without_labels_becomes_a_submission(names: list[str] | None, tmp_path: Path) -> None:
    table = VALID.pixels.reshape(len(VALID), -1)
    if names and names[0] == "label":
        table = np.insert(table, 0, 0, axis=1)
    path = write_table(tmp_path / "test.csv", names, table)
    done = run("predict", path, "--model", "tiny", "--out", tmp_path / "submission.csv")
    assert done.stdout == "" and done.stderr == f"4 answers: {tmp_path / 'submission.csv'}\n"
    found = rows((tmp_path / "submission.csv").read_text())
    answers = open_model("tiny").predict(VALID.pixels)
    assert [(row["ImageId"], row["Label"]) for row in found] == [(str(i), str(a)) for i, a in enumerate(answers, 1)]
    assert (answers == VALID.labels).all()
    assert run("predict", path, "--model", "tiny").stdout == (tmp_path / "submission.csv").read_text()
    assert "exists" in refused("predict", path, "--out", tmp_path / "submission.csv")


def test_tables_that_cannot_be_answered_are_one_line(folder: Path, tmp_path: Path) -> None:
    path = write_table(tmp_path / "test.csv", None, VALID.pixels.reshape(len(VALID), -1))
    for words in (("--json",), ("--show-steps", tmp_path / "s.png"), (path,)):
        assert "give it alone" in refused("predict", path, *words)
    assert "--out a.csv is for the answers to a table" in refused("predict", folder, "--out", "a.csv")
    wrong = write_table(tmp_path / "wrong.csv", None, np.zeros((2, 783), np.uint8))
    assert "got 783 columns" in refused("predict", wrong)
    small = write_table(tmp_path / "small.csv", None, np.zeros((2, 64), np.uint8))
    assert "(2, 8, 8, 1)" in refused("predict", small)


def test_recipes_are_listed_and_printed(tmp_path: Path) -> None:
    heading, *lines = run("recipes").stdout.splitlines()
    assert heading.split() == ["recipe", "weights", "epochs", "network"]
    assert [line.split()[0] for line in lines] == list(RECIPES)
    (line,) = [line for line in lines if line.startswith("assignment ")]
    assert line.split(maxsplit=3)[1:] == ["140,910", "5", "100, 200, 200"]
    printed = run("recipes", "mlp").stdout
    assert Recipe.from_json(tomllib.loads(printed)) == recipe("mlp")
    (tmp_path / "mine.toml").write_text(printed)
    assert run("recipes", tmp_path / "mine.toml").stdout == printed
    assert "did you mean 'mlp'" in refused("recipes", "mpl")
