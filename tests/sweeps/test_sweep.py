import json
import sys
from pathlib import Path

import pandas
import pytest

import handgrad
from handgrad.datasets.images import Dataset
from handgrad.errors import UserError
from handgrad.sweeps import Sweep
from handgrad.sweeps.grid import cells, parse_vary
from handgrad.sweeps.local import Failed, Finished
from handgrad.sweeps.trial import OverTime, run_trial
from handgrad.training.recipe import recipe
from sweeps.drive import make_data

SMALL = recipe("mlp").change(hidden=(16, 16), epochs=2, batch=20)
VARY = {"dropout": [0, (0.1, 0.3)]}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_data(tmp_path_factory.mktemp("data")))


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
        ({}, VARY, 0, "seeds is 0"),
        ({"all_data": True}, VARY, 2, "no validation images"),
    ):
        with pytest.raises(UserError, match=expected):
            Sweep.open(tmp_path / "s", SMALL.change(**change), vary, seeds, data)
    (Path(data) / "t10k-labels-idx1-ubyte").rename(tmp_path / "kept")
    (Path(data) / "t10k-images-idx3-ubyte").rename(tmp_path / "kept too")
    try:
        with pytest.raises(UserError, match="has no test images to judge the winner by"):
            Sweep.open(tmp_path / "s", SMALL, VARY, 2, data)
    finally:
        (tmp_path / "kept").rename(Path(data) / "t10k-labels-idx1-ubyte")
        (tmp_path / "kept too").rename(Path(data) / "t10k-images-idx3-ubyte")
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


def test_nothing_is_trained_twice(swept, data, monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("it trains")

    monkeypatch.setattr("handgrad.sweeps.local.run_trial", never)
    monkeypatch.setattr("handgrad.training.trainer.Trainer.run", never)
    assert handgrad.sweep(SMALL, VARY, 3, swept[0], data) == swept[1]


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


def test_other_code_is_another_sweep(swept, data, monkeypatch):
    monkeypatch.setattr("handgrad.sweeps.folder.code_version", lambda: "0.0.9+abc")
    with pytest.raises(UserError, match=r"code is .*, expected 0\.0\.9\+abc"):
        Sweep.open(swept[0], SMALL, VARY, 3, data)


@pytest.mark.parametrize("content", ["", "[]", '{"trial": "another"}', "{"])
def test_a_damaged_record_is_named(content, data, tmp_path):
    made = Sweep.open(tmp_path / "s", SMALL, VARY, 1, data)
    list(made.run())
    record = next((tmp_path / "s" / "trials").iterdir())
    record.write_text(content)
    with pytest.raises(UserError, match=f"{record.name}.*delete it"):
        made.choose()
    record.unlink()
    assert len([event for event in made.run() if isinstance(event, Finished)]) == 1


def test_several_workers_without_dask_say_what_to_install(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"pip install 'handgrad\[cluster\]'"):
        list(Sweep.open(tmp_path / "s", SMALL, VARY, 1, data).run(workers=2))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "localhost", "nonsense://x", "tcp://127.0.0.1"])
def test_no_scheduler_is_one_line(address, data, tmp_path, monkeypatch):
    monkeypatch.setattr("handgrad.sweeps.cluster.CONNECT", 1)
    with pytest.raises(UserError, match="no scheduler at"):
        list(Sweep.open(tmp_path / "s", SMALL, VARY, 1, data).run(cluster=address))


def test_a_record_that_died_with_its_worker_is_no_outcome():
    """The trial ended well, but the cluster went away before its record was fetched: it is to run again."""
    from types import SimpleNamespace

    from handgrad.sweeps.cluster import _outcome

    def gone(*_):
        raise OSError("the stream is closed")

    trial = SimpleNamespace(name="t")
    assert _outcome(trial, SimpleNamespace(status="finished", exception=lambda: None, result=gone)) is None
    assert _outcome(trial, SimpleNamespace(status="lost")) is None
    kept = SimpleNamespace(status="finished", exception=lambda: None, result=lambda: "record")
    assert _outcome(trial, kept) == Finished("t", "record")
