import dataclasses
import errno
import os

import numpy as np
import pytest
from safetensors import safe_open

from command import write_small_data
from handgrad.datasets import Images, load
from handgrad.errors import UserError
from handgrad.model.shipped import MODEL_FILE
from handgrad.model.tensors import read_tensors, write_tensors
from handgrad.training import checkpoint
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.data import Source
from handgrad.training.run import CHECKPOINT, RECIPE, REPORT, SOURCE, Run
from handgrad.training.trainer import Trainer
from test_train import SMALL, weights


@pytest.fixture(scope="module")
def digits():
    data, valid = load("mnist").split()
    return data[:300], valid[:50]


def finish(trainer: Trainer) -> bytes:
    list(trainer.run())
    return weights(trainer)


@pytest.mark.parametrize(
    ("changes", "stop"),
    [
        *(({"optimiser": "adamw"}, stop) for stop in (0, 1, 9, 10, 17, 27)),
        ({"optimiser": "sgd"}, 10), ({"optimiser": "adam"}, 17),
        *(({"hard_sampling": 0.5}, stop) for stop in (1, 9, 17)),
    ],
    ids=str,
)  # fmt: skip
def test_a_run_left_after_any_step_ends_with_the_same_bytes(digits, tmp_path, changes, stop):
    recipe = dataclasses.replace(SMALL, **changes)
    whole = Trainer(recipe, *digits)
    expected = finish(whole)
    broken = Trainer(recipe, *digits)
    events = broken.run()
    while broken.progress.step < stop:
        next(events)
    checkpoint.save(broken, tmp_path / "c", Source("mnist"), "sum")
    resumed = Checkpoint.read(tmp_path / "c").trainer(*digits)
    assert resumed.progress.step == stop
    assert finish(resumed) == expected
    assert [clockless(e) for e in resumed.progress.history] == [clockless(e) for e in whole.progress.history]
    for run in (whole, resumed):
        run.model().save(tmp_path / f"{run is whole}")
    assert (tmp_path / "True").read_bytes() == (tmp_path / "False").read_bytes()


def clockless(epoch):
    return dataclasses.replace(epoch, seconds=0.0, images_per_second=0.0)


def test_leaving_a_run_saves_it_and_finishing_it_drops_the_checkpoint(tmp_path):
    data = str(write_small_data(tmp_path / "data"))
    run = Run.begin(tmp_path / "run", SMALL, data)
    events = run.events()
    next(events)
    events.close()
    assert (tmp_path / "run" / CHECKPOINT).is_file()
    again = Run.resume(tmp_path / "run")
    assert again.trainer.progress.step == run.trainer.progress.step > 0
    list(again.events())
    model = again.finish()
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {MODEL_FILE, RECIPE, SOURCE, "history.jsonl", "curves.png", "report.html"}
    with safe_open(model, framework="numpy") as file:
        tensors = set(file.keys())
    assert "1.w" not in tensors and "2.w" in tensors, "layer 1 is the dropout of the pixels"
    with pytest.raises(UserError, match="finished"):
        Run.resume(tmp_path / "run")


def test_a_run_does_not_go_on_with_other_images(tmp_path):
    data = write_small_data(tmp_path / "data")
    events = (run := Run.begin(tmp_path / "run", SMALL, str(data))).events()
    next(events)
    events.close()
    pixels = (data / "train-images-idx3-ubyte").read_bytes()
    (data / "train-images-idx3-ubyte").write_bytes(pixels[:-1] + b"\x07")
    with pytest.raises(UserError, match="have changed"):
        Run.resume(run.folder)


@pytest.mark.parametrize("finished", [False, True])
def test_a_run_of_something_else_is_not_taken_up(tmp_path, finished):
    data, other = write_small_data(tmp_path / "data"), write_small_data(tmp_path / "other", 130)
    run = Run.begin(tmp_path / "run", SMALL, str(data))
    if finished:
        list(run.events())
        run.finish()
    again = Run.begin_or_resume(run.folder, SMALL, str(data), 0)
    assert again is None if finished else again.trainer.recipe == SMALL
    for what, recipe, images, seed in (
        ("recipe", dataclasses.replace(SMALL, epochs=9), data, 0), ("images", SMALL, other, 0), ("seed", SMALL, data, 1)
    ):  # fmt: skip
        with pytest.raises(UserError, match=f"a run of another {what}"):
            Run.begin_or_resume(run.folder, recipe, str(images), seed)


def test_a_run_whose_report_found_no_room_is_finished_by_the_same_command(tmp_path, monkeypatch):
    data, folder = str(write_small_data(tmp_path / "data")), tmp_path / "run"
    run = Run.begin(folder, SMALL, data)
    (folder / RECIPE).unlink()  # as where there was room for the checkpoint alone
    list(run.events())
    with monkeypatch.context() as patched, pytest.raises(UserError, match="no room"):
        patched.setattr(Run, "_draw", lambda *_: (_ for _ in ()).throw(UserError("no room")))
        run.finish()
    model = (folder / MODEL_FILE).read_bytes()
    again = Run.begin_or_resume(folder, SMALL, data, 0)
    assert again is not None
    list(again.events())
    again.finish()
    assert (folder / MODEL_FILE).read_bytes() == model
    assert (folder / RECIPE).is_file() and (folder / REPORT).is_file() and not (folder / CHECKPOINT).exists()


def test_two_trainings_do_not_share_a_folder(tmp_path):
    data = str(write_small_data(tmp_path / "data"))
    events = Run.begin(tmp_path / "run", SMALL, data).events()
    next(events)
    with pytest.raises(UserError, match="another process is at work in it"):
        Run.resume(tmp_path / "run")
    events.close()
    next(Run.resume(tmp_path / "run").events())


@pytest.mark.parametrize(
    "field",
    [{"step": "x"}, {"step": 10**9}, {"step": -5}, {"seed": None}, {"history": [{}]}, {"epoch": [1]}, {"recipe": []}],
    ids=str,
)
def test_a_damaged_header_is_said_in_one_line(digits, tmp_path, field):
    path = tmp_path / "c"
    trainer = Trainer(SMALL, *digits)
    checkpoint.save(trainer, path, Source("mnist"), "sum")
    tensors, header = read_tensors(path, (checkpoint.FORMAT,), "checkpoint")
    write_tensors(path, tensors, {**header, **field})
    with pytest.raises(UserError, match="header is damaged"):
        Checkpoint.read(path).trainer(*digits)


@pytest.mark.parametrize("field", [{"recipe": []}, {"seed": "x"}, {"checksum": 5}, {"dataset": None}], ids=str)
def test_a_header_is_checked_when_it_is_read(digits, tmp_path, field):
    checkpoint.save(Trainer(SMALL, *digits), tmp_path / "c", Source("mnist"), "sum")
    tensors, header = read_tensors(tmp_path / "c", (checkpoint.FORMAT,), "checkpoint")
    write_tensors(tmp_path / "c", tensors, {**header, **field})
    with pytest.raises(UserError, match="header is damaged"):
        Checkpoint.read(tmp_path / "c")


def test_weights_that_fill_their_file_without_a_gap(digits, tmp_path):
    """Parameters begin at multiples of 16 floats: with 16 classes and units, nothing lies between them."""
    parts = [Images(part.pixels, part.labels, tuple(map(str, range(16)))) for part in digits]
    trainer = Trainer(dataclasses.replace(SMALL, hidden=(16,), dropout=(0.0,)), *parts)
    assert trainer.network.theta.size == trainer.network.layout.count
    checkpoint.save(trainer, tmp_path / "c", Source("mnist"), "sum")
    assert weights(Checkpoint.read(tmp_path / "c").trainer(*parts)) == weights(trainer)


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        Run.begin(tmp_path, SMALL, "mnist")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_disk_that_is_full_for_a_while_costs_nothing(tmp_path, monkeypatch):
    data = str(write_small_data(tmp_path / "data"))
    run = Run.begin(tmp_path / "run", SMALL, data)
    monkeypatch.setattr("handgrad.training.keeper.SAVE_EVERY", -1.0)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        list(run.events())
        assert "No space left" in run.keeper.problem
        with pytest.raises(UserError, match="No space left"):
            run.finish()
    assert not list((tmp_path / "run").glob(f"{MODEL_FILE}*"))
    assert run.finish().is_file()


@pytest.mark.parametrize("length", [0, 7, 100, 2000])
def test_a_cut_checkpoint_is_said_in_one_line(digits, tmp_path, length):
    path = tmp_path / "c"
    checkpoint.save(Trainer(SMALL, *digits), path, Source("mnist"), "sum")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError, match="not a whole safetensors file"):
        Checkpoint.read(path).trainer(*digits)


def test_the_test_images_are_not_read_while_training(tmp_path, monkeypatch):
    data = write_small_data(tmp_path / "data")
    for path in data.glob("t10k-*"):
        path.write_bytes(b"nothing to see here")
    run = Run.begin(tmp_path / "run", dataclasses.replace(SMALL, epochs=1), str(data))
    list(run.events())
    assert np.isfinite(run.trainer.progress.history[-1].valid_loss)
    with pytest.raises(UserError):
        _ = load(data).test
