import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas
import pytest

import handgrad
from command import write_small_data
from handgrad.datasets.images import Dataset
from handgrad.errors import UserError
from handgrad.sweeps import Sweep
from handgrad.sweeps.cluster import _outcome, connected
from handgrad.sweeps.grid import as_levels, cells, parse_vary
from handgrad.sweeps.local import Failed, Finished
from handgrad.sweeps.trial import OverTime, run_trial

SMALL = handgrad.recipe("mlp").change(hidden=(16, 16), epochs=2, batch=20)
VARY = {"dropout": [0, (0.1, 0.3)]}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_small_data(tmp_path_factory.mktemp("data")))


def test_levels_are_read_as_their_fields_want_them():
    texts = ["dropout=0,0.1/0.3", "batch-norm=yes,no", "hidden=16/8", "optimiser=sgd,adamw", "epochs=1,2", "lr=1e-3"]
    vary = parse_vary(texts)
    assert vary == {
        "dropout": ((0.0,), (0.1, 0.3)), "batch_norm": (True, False), "hidden": ((16, 8),),
        "optimiser": ("sgd", "adamw"), "epochs": (1, 2), "lr": (0.001,),
    }  # fmt: skip
    grid = cells(SMALL, vary)
    assert len(grid) == 16
    first = "dropout 0, batch_norm yes, hidden 16/8, optimiser sgd, epochs 1, lr 0.001"
    assert next(iter(grid)) == first
    assert grid[first].batch_norm and grid[first].optimiser == "sgd"


@pytest.mark.parametrize(
    "levels",
    [
        np.linspace(0, 0.5, 3),
        np.linspace(0, 0.5, 3, dtype=np.float32),
        list(np.linspace(0, 0.5, 3)),
        pandas.Series([0, 0.25, 0.5]),
        (level / 4 for level in range(3)),
        np.array([[0.0], [0.25], [0.5]]),
    ],
    ids=["array", "float32", "numpy scalars", "series", "generator", "rows"],
)
def test_levels_may_be_any_sequence(levels):
    found = as_levels({"dropout": levels})
    assert list(cells(SMALL, found)) == ["dropout 0", "dropout 0.25", "dropout 0.5"]
    flat = [level for given in found["dropout"] for level in (given if isinstance(given, tuple) else (given,))]
    assert [type(level) for level in flat] == [float] * 3


def test_levels_of_other_kinds_may_be_any_sequence():
    vary = {
        "epochs": range(1, 3), "batch": np.array([10, 20]), "batch_norm": np.array([True, False]),
        "optimiser": np.array(["sgd", "adam"]), "hidden": np.array([[16, 8], [8, 8]]), "lr": {0.1: "", 0.2: ""}.keys(),
        "dropout": [(np.float64(0.1), 0.2), np.array([0.3, 0.4]), np.array(0.5)],
    }  # fmt: skip
    found = as_levels(vary)
    assert found == {
        "epochs": (1, 2), "batch": (10, 20), "batch_norm": (True, False), "optimiser": ("sgd", "adam"),
        "hidden": ((16, 8), (8, 8)), "lr": (0.1, 0.2), "dropout": ((0.1, 0.2), (0.3, 0.4), 0.5),
    }  # fmt: skip
    assert len(cells(SMALL, found)) == 2**6 * 3


def test_a_sweep_takes_what_numpy_makes(data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL, {"dropout": np.linspace(0, 0.5, 3)}, 2, data)
    assert list(made.plan.cells) == ["dropout 0", "dropout 0.25", "dropout 0.5"]
    assert len(Sweep.open(tmp_path / "s", SMALL, {"dropout": [0, 0.25, 0.5]}, 2, data).folder.missing()) == 6


BAD_LEVELS = {
    "dropuot=0": "did you mean 'dropout'",
    "dropout": "expected FIELD=LEVEL",
    "dropout=": "expected FIELD=LEVEL",
    "dropout=much": "got the level 'much', expected numbers",
    "epochs=1.5": "expected a whole number",
    "batch_norm=perhaps": "expected yes or no",
    "dropout=1.0": "dropout is 1.0: expected a number from 0",
    "dropout=0,0.0": "listed twice",
    "optimiser=lion": "expected one of sgd",
    "name=mlp": "cannot be varied",
    "all_data=yes": "cannot be varied",
}


@pytest.mark.parametrize("text", BAD_LEVELS)
def test_bad_levels_are_refused_before_anything_is_made(text, tmp_path, data):
    with pytest.raises(UserError, match=BAD_LEVELS[text]):
        Sweep.open(tmp_path / "s", SMALL, parse_vary([text]), 2, data)
    assert not (tmp_path / "s").exists()


def test_bad_plans_are_refused(tmp_path, data):
    for change, vary, seeds, expected in (
        ({}, {}, 2, "nothing varies"),
        ({}, {"dropout": []}, 2, "no levels"),
        ({}, {"dropout": np.array([])}, 2, "no levels"),
        ({}, {"dropout": 0.5}, 2, r"the levels of dropout are 0\.5: expected a sequence"),
        ({}, {"optimiser": "adam"}, 2, "the levels of optimiser are 'adam': expected a sequence"),
        ({}, {"epochs": np.linspace(1, 2, 2)}, 2, r"epochs is 1\.0: expected"),
        ({}, VARY, 2.5, "seeds is 2.5"),
        ({}, VARY, 0, "seeds is 0"),
        ({"all_data": True}, VARY, 2, "no validation images"),
    ):
        with pytest.raises(UserError, match=expected):
            Sweep.open(tmp_path / "s", SMALL.change(**change), vary, seeds, data)
    few = write_small_data(tmp_path / "few", 15, 0)
    with pytest.raises(UserError, match="has no test images to judge the winner by"):
        Sweep.open(tmp_path / "s", SMALL, VARY, 2, few)
    with pytest.raises(UserError, match="given twice"):
        parse_vary(["lr=0.1", "lr=0.2"])


@pytest.fixture(scope="module")
def swept(data: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    out = tmp_path_factory.mktemp("swept") / "s"
    return out, handgrad.sweep(SMALL, VARY, 3, out, data)


def test_it_returns_what_pandas_takes(swept):
    table = pandas.DataFrame(swept[1])
    assert list(table.columns[:3]) == ["trial", "dropout", "seed"]
    assert list(table.dropout) == [0.0, "0.1/0.3"] * 3 and list(table.seed) == [0, 0, 1, 1, 2, 2]
    assert table.valid_accuracy.between(0, 1).all()
    assert [len(history) for history in table.history] == [2] * 6


def test_the_folder_holds_the_choice_and_the_winner(swept):
    out, rows = swept
    choice = json.loads((out / "choice.json").read_text())
    means = {}
    for row in rows:
        means.setdefault(f"dropout {row['dropout']:g}" if row["dropout"] == 0 else "dropout 0.1/0.3", []).append(
            row["valid_accuracy"]
        )
    assert choice["winner"] == max(means, key=lambda level: sum(means[level]))
    assert choice["seeds"] == [0, 1, 2] and choice["failures"] == {}
    record = handgrad.Model.load(out / "winner" / "model.safetensors").record
    assert record["seed"] == 3, "a seed that no trial had"
    page = (out / "sweep.html").read_text().replace("&nbsp;", " ")
    test = json.loads((out / "winner" / "evaluation.json").read_text())["accuracy"]
    assert choice["sentence"].split(";")[0].replace("%", " %")[:20] in page
    assert f"{100 * test:.2f} %" in page
    for name in ("levels.png", "curves.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")


def test_nothing_is_trained_twice(swept, data):
    out, rows = swept
    made = Sweep.open(out, SMALL, VARY, 3, data)
    assert list(made.run()) == [], "no trial is run"
    assert made.winner(made.choose()) is None, "the winner is finished"
    model = (out / "winner" / "model.safetensors").stat()
    assert handgrad.sweep(SMALL, VARY, 3, out, data) == rows, "with the seconds of the first time"
    assert (out / "winner" / "model.safetensors").stat() == model, "nor is the winner trained again"


def test_the_test_images_are_not_read_before_the_winner_is_fixed(data, tmp_path, monkeypatch):
    read = Dataset.test.func
    seen = []

    def guarded(dataset: Dataset) -> object:
        assert (tmp_path / "s" / "choice.json").is_file(), "the test images are read before the choice"
        assert (tmp_path / "s" / "winner" / "model.safetensors").is_file()
        seen.append(dataset.name)
        return read(dataset)

    monkeypatch.setattr(Dataset, "test", property(guarded))
    handgrad.sweep(SMALL.change(epochs=1), VARY, 2, tmp_path / "s", data)
    assert len(seen) == 1, "once"


def test_no_winner_while_trials_are_open(data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL, VARY, 2, data)
    events = made.run()
    while not isinstance(next(events), Finished):
        pass
    events.close()
    with pytest.raises(UserError, match="3 of 4 trials are open"):
        made.choose()
    assert not (tmp_path / "s" / "choice.json").exists()
    finished = [event for event in made.run() if isinstance(event, Finished)]
    assert len(finished) == 3, "it goes on with what is missing"


def test_a_trial_that_cannot_be_trained_is_named_and_set_aside(data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL.change(optimiser="sgd", batch_norm=False), {"lr": [0.01, 1e6]}, 1, data)
    failed = [event for event in made.run() if isinstance(event, Failed)]
    assert len(failed) == 1 and "the loss became" in failed[0].reason
    choice = made.choose()
    assert choice.winner == "lr 0.01"
    (why,) = json.loads((tmp_path / "s" / "choice.json").read_text())["failures"].values()
    assert why == failed[0].reason


def test_a_trial_has_a_time_limit(data, tmp_path):
    trial = Sweep.open(tmp_path / "s", SMALL, VARY, 1, data).folder.missing()[0]
    with pytest.raises(OverTime, match="stopped at step 1 of 16"):
        run_trial(trial, 0.0)


def test_a_folder_belongs_to_one_sweep(swept, data, tmp_path):
    before = {path: path.read_bytes() for path in swept[0].rglob("*") if path.is_file()}
    for change, vary, seeds, expected in (
        ({}, VARY, 4, "seeds is 3, expected 4"),
        ({}, {"dropout": [0]}, 3, "vary is"),
        ({"lr": 0.5}, VARY, 3, "lr is 0.003, expected 0.5"),
    ):
        with pytest.raises(UserError, match=expected):
            Sweep.open(swept[0], SMALL.change(**change), vary, seeds, data)
    with pytest.raises(UserError, match="checksum"):
        Sweep.open(swept[0], SMALL, VARY, 3, "mnist")
    assert {path: path.read_bytes() for path in swept[0].rglob("*") if path.is_file()} == before
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(UserError, match="holds no sweep"):
        Sweep.open(tmp_path, SMALL, VARY, 3, data)


def test_records_hold_only_what_json_knows(data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL, {"dropout": np.array([0.5])}, np.int64(1), data)
    (record,) = [event.record for event in made.run() if isinstance(event, Finished)]
    assert kinds(record) <= {str, int, float, bool, dict, list, tuple, type(None)}


def kinds(value: object) -> set[type]:
    """The types of a value and of all its parts."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return {type(value)}.union(*map(kinds, parts))


@pytest.mark.parametrize("content", ["", "[]", '{"trial": "another"}', "{"])
def test_a_damaged_record_is_named(content, data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL, VARY, 1, data)
    list(made.run())
    record = next((tmp_path / "s" / "trials").iterdir())
    record.write_text(content)
    with pytest.raises(UserError, match=f"{record.name}.*delete it"):
        made.choose()
    with pytest.raises(UserError, match=f"{record.name}.*delete it"):
        Sweep.open(tmp_path / "s", SMALL, VARY, 1, data).rows()
    record.unlink()
    assert len([event for event in made.run() if isinstance(event, Finished)]) == 1


def test_a_record_of_another_sweep_is_named(swept, data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL, {"dropout": [0.7]}, 1, data)
    stray = next((swept[0] / "trials").iterdir())
    shutil.copy(stray, tmp_path / "s" / "trials")
    with pytest.raises(UserError, match=f"{stray.name}: is the record of a trial that this sweep does not have"):
        made.rows()


def test_several_workers_without_dask_say_what_to_install(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"pip install 'handgrad\[cluster\]'"):
        list(Sweep.open(tmp_path / "s", SMALL, VARY, 1, data).run(workers=2))


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "localhost", "nonsense://x", "tcp://127.0.0.1"])
def test_no_scheduler_is_one_line(address):
    with pytest.raises(UserError, match=f"no scheduler at {address} ") as refusal, connected(address, timeout=1):
        pass
    assert "\n" not in str(refusal.value)


def test_a_sweep_on_no_cluster_keeps_its_folder(data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL, VARY, 1, data)
    with pytest.raises(UserError, match="no scheduler at"):
        list(made.run(cluster="nonsense://x"))
    assert len(made.folder.missing()) == 2


def test_a_record_that_died_with_its_worker_is_no_outcome():
    """The trial ended well, but the cluster went away before its record was fetched: it is to run again."""

    def gone(*_):
        raise OSError("the stream is closed")

    trial = SimpleNamespace(name="t")
    assert _outcome(trial, SimpleNamespace(status="finished", exception=lambda: None, result=gone)) is None
    assert _outcome(trial, SimpleNamespace(status="lost")) is None
    kept = SimpleNamespace(status="finished", exception=lambda: None, result=lambda: "record")
    assert _outcome(trial, kept) == Finished("t", "record")
