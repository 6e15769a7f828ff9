"""`handgrad compare`: what differs between runs, how good they are, and a test of each pair."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import TINY, refused, run, write_small_data
from handgrad.datasets import load
from handgrad.evaluation import mcnemar
from handgrad.model.model import Model
from handgrad.model.shipped import MODEL_FILE
from handgrad.training.committee import vote


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory) -> Path:
    """A folder with two runs that were evaluated, `a` and `b`, and one that was not, `new`; nobody changes it."""
    folder = tmp_path_factory.mktemp("runs")
    for name, options in {"a": (), "b": ("--hidden", "8,8", "--seed", 1), "new": ("--epochs", 1)}.items():
        run("train", *TINY, "--data", data, "--out", folder / name, *options)
    for name in ("a", "b"):
        run("evaluate", folder / name)
    return folder


@pytest.fixture
def own(runs, tmp_path) -> Path:
    """A copy of the runs that may be changed."""
    return Path(shutil.copytree(runs, tmp_path / "own"))


def test_the_figures_are_those_of_evaluate_and_the_test_is_that_of_the_answers(runs, data) -> None:
    done = run("compare", "a", "b", "--json", cwd=runs)
    found = json.loads(done.stdout)
    test = load(str(data)).test
    right = [Model.load(runs / name / MODEL_FILE).predict(test.pixels) == test.labels for name in "ab"]
    (pair,) = found["pairs"]
    assert pair["first_alone"] == (~right[0] & right[1]).sum() and pair["second_alone"] == (right[0] & ~right[1]).sum()
    assert pair["p"] == mcnemar(*right) and pair["first_alone"] + pair["second_alone"] > 0
    for one, answers in zip(found["runs"], right, strict=True):
        assert one["evaluation"]["accuracy"] == pytest.approx(answers.mean()) and one["evaluation"]["n"] == 60
        assert one["epochs"] == 2 and one["seconds"] > 0 and one["todo"] is None
    assert found["runs"][0]["weights"] > found["runs"][1]["weights"]
    assert found["differ"] == {"hidden": [[16], [8, 8]], "seed": [0, 1]}


def test_the_table(runs) -> None:
    lines = run("compare", "a", "b", "new", cwd=runs).stdout.splitlines()
    rows = {line.split()[0]: line for line in lines[:-1] if line}
    assert " to " in rows["a"] and "%" in rows["a"] and "60 test images of " in rows["b"]
    assert rows["new"].endswith("not evaluated: handgrad evaluate new")
    assert rows["hidden"].split() == ["hidden", "16", "8,8", "16"]
    assert rows["epochs"].split() == ["epochs", "2", "2", "1"] and "batch" not in rows
    assert lines[-1].startswith("a and b: ") and lines[-1].endswith("by McNemar's exact test")
    assert "images" in lines[-1] and not any(line.startswith("a and new") for line in lines)


def test_compare_reads_no_images(own, monkeypatch) -> None:
    def no(*_: object) -> None:
        raise AssertionError("images were read")

    monkeypatch.setattr("handgrad.datasets.load", no)
    monkeypatch.setattr("handgrad.training.data.Source.load", no)
    run("compare", own / "a", own / "b")


def test_the_picture(runs, tmp_path) -> None:
    done = run("compare", "a", "b", "new", "--json", "--out", tmp_path / "c.png", cwd=runs)
    assert len(json.loads(done.stdout)["runs"]) == 3 and "c.png" in done.stderr
    with Image.open(tmp_path / "c.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for colour in ((0, 114, 178), (213, 94, 0), (0, 158, 115)):
        assert (pixels == colour).all(axis=1).any(), "a line a run"
    assert "exists; choose another file" in refused("compare", "a", "b", "--out", tmp_path / "c.png", cwd=runs)
    assert "expected .png" in refused("compare", "a", "b", "--out", tmp_path / "c.gif", cwd=runs)


def test_runs_judged_by_different_images_are_not_tested(own, tmp_path) -> None:
    run("evaluate", own / "b", "--data", write_small_data(tmp_path / "other", test=50))
    shown = run("compare", "a", "b", cwd=own).stdout.splitlines()
    assert shown[-1] == "a and b: no paired test, they were judged by different images"
    assert "50 test images of " in next(line for line in shown if line.startswith("b"))


@pytest.mark.parametrize("missing", [("images",), ("data", "part", "images", "mistakes")])
def test_what_an_earlier_version_left_is_read(own, missing: tuple[str, ...]) -> None:
    folder = own / "a"
    lines = (folder / "history.jsonl").read_text().splitlines()
    (folder / "history.json").write_text(json.dumps([json.loads(line) for line in lines], indent=1))
    (folder / "history.jsonl").unlink()
    found = json.loads((folder / "evaluation.json").read_text())
    for name in missing:
        del found[name]
    (folder / "evaluation.json").write_text(json.dumps(found))
    document = json.loads(run("compare", "a", "b", "--json", cwd=own).stdout)
    assert document["runs"][0]["epochs"] == 2 and document["pairs"][0]["p"] is None
    assert run("compare", "a", "b", cwd=own).stdout.endswith(
        "no paired test, a was evaluated by an earlier version: handgrad evaluate a\n"
    )


def test_a_run_that_is_not_finished(own) -> None:
    (own / "new" / MODEL_FILE).unlink()
    with (own / "new" / "history.jsonl").open("a") as file:
        file.write('{"epoch": 2, "st')  # a line that is being written
    document = json.loads(run("compare", "a", "new", "--json", cwd=own).stdout)
    assert document["runs"][1]["epochs"] == 1 and document["runs"][1]["weights"] is None
    assert document["runs"][1]["todo"] == "not finished: handgrad train --resume new"
    assert document["pairs"] == []


def test_a_committee_has_no_fields_and_no_history_of_its_own(own) -> None:
    joined = vote([Model.load(own / "a" / MODEL_FILE)] * 2)
    (own / "all").mkdir()
    joined.save(own / "all" / MODEL_FILE)
    shown = run("compare", "a", "all", "--out", own / "c.png", cwd=own).stdout
    assert "recipe" in shown and "committee" in shown and "not evaluated: handgrad evaluate all" in shown
    assert next(line for line in shown.splitlines() if line.startswith("hidden")).split() == ["hidden", "16", "-"]


def test_of_several_pairs_some_look_different_by_chance(own) -> None:
    run("evaluate", own / "new")
    shown = run("compare", "a", "b", "new", cwd=own).stdout
    assert shown.count("exact test") == 3 and "ask for p below 0.017" in shown.splitlines()[-1]


def test_what_is_refused(own) -> None:
    assert "a: expected two or more different runs" in refused("compare", "a", cwd=own)
    assert "different runs" in refused("compare", "a", "./a", cwd=own)
    assert "no run folder" in refused("compare", "a", "none", cwd=own)
    for name in ("evaluation.json", "history.jsonl"):
        (own / "b" / name).write_text('{"accuracy": 7}\n')
        assert f"{name}: cannot be read" in refused("compare", "a", "b", cwd=own)
        shutil.copy(own / "a" / name, own / "b" / name)
