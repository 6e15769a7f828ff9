"""Sweep folders that an earlier version wrote: they are read and concluded, but never mixed with new trials."""

import json
import shutil
from pathlib import Path

import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.model.renamed import RECIPE_FIELDS
from handgrad.sweeps import Sweep
from handgrad.sweeps.local import Finished
from handgrad.training.recipe import Recipe

BEFORE = Path(__file__).parent.parent / "before"
SMOOTHING = RECIPE_FIELDS.get("smoothing", "smoothing")
VARY = {SMOOTHING: [0, 0.1]}
FAILED = "f8bb40c699289e72"  # level 0.1 with seed 1, as the earlier version called it


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BEFORE / "sweep", tmp_path / "sweep"))


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BEFORE / "sweep-open", tmp_path / "sweep-open"))


def reopened(folder: Path) -> Sweep:
    """The sweep as its owner would write it today."""
    small = Recipe.from_json({"name": "small", "features": ["pool", "pool"], "hidden": [], "epochs": 1, "batch": 1000,
                              "lr": 0.01, "average": 0.5})  # fmt: skip
    return Sweep.open(folder, small, VARY, 2)


def expected_rows() -> list[dict]:
    rows = json.loads((BEFORE / "sweep" / "rows.json").read_text())
    return [{SMOOTHING if name == "smoothing" else name: value for name, value in row.items()} for row in rows]


def without(row: dict, *names: str) -> dict:
    return {name: value for name, value in row.items() if name not in names}


def test_the_images_are_those_of_the_fixtures():
    assert load("mnist").checksum == json.loads((BEFORE / "sweep" / "sweep.json").read_text())["checksum"]


def test_a_finished_sweep_has_its_rows(finished):
    made = reopened(finished)
    assert [without(row, "history", "seconds") for row in made.rows()] == expected_rows()
    assert [len(row["history"]) for row in made.rows()] == [1] * 4
    assert made.tried() == {f"{SMOOTHING} 0": {0: 0.6725, 1: 0.5653}, f"{SMOOTHING} 0.1": {0: 0.6678, 1: 0.5534}}
    assert made.folder.missing() == [] and list(made.run()) == []


@pytest.mark.slow
def test_a_finished_sweep_is_concluded_as_before(finished):
    before = json.loads((finished / "choice.json").read_text())
    evaluation = json.loads((finished / "winner" / "evaluation.json").read_text())
    made = reopened(finished)
    choice = made.choose()
    assert choice.winner == f"{SMOOTHING} 0"
    assert [(s.mean, s.close) for s in choice.standings] == [(s["mean"], s["close"]) for s in before["standings"]]
    assert made.winner(choice) is None, "it is trained"
    found = made.conclude(choice)
    assert found.accuracy == evaluation["accuracy"] and found.confusion.tolist() == evaluation["confusion"]
    page = made.report.read_text()
    assert f"{SMOOTHING} 0" in page and "4 of 4" in page
    assert [without(row, "history", "seconds") for row in reopened(finished).rows()] == expected_rows()


def test_a_trial_that_was_set_aside_keeps_its_reason(finished):
    (finished / "trials" / f"{FAILED}.json").unlink()
    chosen = json.loads((finished / "choice.json").read_text())
    (finished / "choice.json").write_text(json.dumps(chosen | {"failures": {FAILED: "no memory"}}))
    made = reopened(finished)
    assert list(made.run()) == []
    assert {made.plan.describe(trial): why for trial, why in made.failures.items()} == {
        f"{SMOOTHING} 0.1, seed 1": "no memory"
    }
    assert made.choose().seeds == (0,)
    assert reopened(finished).failures == made.failures, "the choice, written anew, says the same"


def test_an_unfinished_sweep_keeps_what_it_has_and_trains_nothing(unfinished):
    before = {path: path.read_bytes() for path in unfinished.rglob("*") if path.is_file()}
    made = reopened(unfinished)
    assert [without(row, "history", "seconds") for row in made.rows()] == expected_rows()[:2]
    for train in (lambda: list(made.run()), made.compile_kernels):
        with pytest.raises(
            UserError, match=r"begun with handgrad 0\.1\.0\+54da8223fde3, this is .*2 missing"
        ) as refusal:
            train()
        assert "\n" not in str(refusal.value) and "new folder" in str(refusal.value)
    with pytest.raises(UserError, match="2 of 4 trials are open"):
        made.choose()
    assert {path: path.read_bytes() for path in unfinished.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "vary", "seeds", "expected"),
    [
        ({"lr": 0.5}, VARY, 2, r"lr is 0\.01, expected 0\.5"),
        ({}, {SMOOTHING: [0, 0.2]}, 2, "vary is"),
        ({}, {"dropout": [0]}, 2, "vary is"),
        ({}, VARY, 3, "seeds is 2, expected 3"),
    ],
)
def test_an_earlier_sweep_is_another_one_where_its_plan_differs(finished, change, vary, seeds, expected):
    recipe = reopened(finished).plan.recipe.change(**change)
    with pytest.raises(UserError, match=f"holds another sweep: {expected}"):
        Sweep.open(finished, recipe, vary, seeds)


def test_records_are_found_by_what_they_hold(finished):
    for path in list((finished / "trials").iterdir()):
        path.rename(path.with_name(f"copy of {path.name}"))
    assert len(reopened(finished).rows()) == 4


def test_a_record_of_other_code_is_not_mixed_in(unfinished, tmp_path):
    made = reopened(tmp_path / "today")
    record = next(event.record for event in made.run() if isinstance(event, Finished))
    (unfinished / "trials" / "new.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"new\.json: is the record of a trial that this sweep does not have"):
        reopened(unfinished).rows()


@pytest.mark.parametrize("content", ["{}", '{"recipe": 3, "vary": {}}', '{"recipe": {"name": "x"}}', "[]", "{"])
def test_a_damaged_manifest_is_named(finished, content):
    (finished / "sweep.json").write_text(content)
    with pytest.raises(UserError, match=r"sweep\.json"):
        reopened(finished)


def test_a_recipe_of_a_later_version_is_named(finished):
    manifest = json.loads((finished / "sweep.json").read_text())
    manifest["recipe"]["telepathy"] = 1.0
    (finished / "sweep.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=r"sweep\.json: its recipe cannot be read .*telepathy"):
        reopened(finished)
