"""The history of a run: a line an epoch, while it trains."""

import json
from os import fstat
from os.path import samestat
from pathlib import Path

import pytest

from command import write_small_data
from handgrad.errors import UserError
from handgrad.training.history import HISTORY, read_history
from handgrad.training.progress import Epoch
from handgrad.training.recipe import Recipe
from handgrad.training.run import Run

SMALL = Recipe("small", hidden=(8,), epochs=3, batch=40)


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.begin(tmp_path / "run", SMALL, str(write_small_data(tmp_path / "data")))


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["epoch"] for line in path.read_text().splitlines()]


def test_a_line_after_each_epoch_in_one_file_that_can_be_followed(run) -> None:
    path, seen, events = run.folder / HISTORY, [], run.events()
    next(events)
    with path.open() as follower:
        for event in events:
            if isinstance(event, Epoch):
                seen.append(json.loads(follower.readline())["epoch"])
        run.finish()
        assert seen == [1, 2, 3] and follower.read() == ""
        assert samestat(path.stat(), fstat(follower.fileno())), "the same file"
    assert read_history(run.folder) == run.trainer.progress.history


def test_epochs_that_were_lost_are_taken_out_when_a_run_goes_on(run) -> None:
    path = run.folder / HISTORY
    for event in (events := run.events()):
        if isinstance(event, Epoch) and event.epoch == 1:
            break
    events.close()
    path.write_bytes(2 * path.read_bytes() + b'{"epoch": 3, "st')  # what a process left that ended without a checkpoint
    again = Run.resume(run.folder)
    events = again.events()
    next(events)
    assert numbers(path) == [1]
    assert [event.epoch for event in events if isinstance(event, Epoch)] == [2, 3]
    assert numbers(path) == [1, 2, 3]


def test_a_disk_without_room_costs_no_run(run, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = run.folder / HISTORY
    for event in run.events():
        if isinstance(event, Epoch):
            if event.epoch == 1:
                monkeypatch.setattr("handgrad.training.history.os.fsync", full)
            elif event.epoch == 2:
                monkeypatch.undo()
            else:
                assert numbers(path) == [1, 2, 3]
    run.finish()
    assert numbers(path) == [1, 2, 3]


def test_a_damaged_history_is_refused(run) -> None:
    (run.folder / HISTORY).write_text("[]\n")
    with pytest.raises(UserError, match=r"history.jsonl: cannot be read as a history"):
        read_history(run.folder)
