"""Commands that are told to stop: what they leave, what they say, and how they go on."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from command import TINY, refused, run
from handgrad.cli.train import _new_folder
from handgrad.datasets import load
from handgrad.files import locked
from handgrad.training import tune
from handgrad.training.run import Run
from handgrad.training.trainer import Trainer

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def then_stop(monkeypatch: pytest.MonkeyPatch, number: int, epoch: int) -> None:
    """Let a signal come at the end of an epoch."""
    real: Callable[..., Any] = Trainer._finish

    def finish(self: Trainer, *rest: Any) -> Any:
        if len(self.progress.history) + 1 == epoch:
            os.kill(os.getpid(), number)
        return real(self, *rest)

    monkeypatch.setattr(Trainer, "_finish", finish)


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("epoch", [1, 2])
def test_training_saves_and_goes_on_to_the_same_model(
    data: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, epoch: int
) -> None:
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        then_stop(patch, number, epoch)
        done = run("train", *TINY, "--data", data, "--out", out, code=CODES[number])
    assert done.stderr.endswith(f"go on with: handgrad train --resume {out}\n")
    if epoch == 2:  # the last one: what is left is not trained again
        monkeypatch.setattr(Trainer, "_update", None)
    run("train", "--resume", out)
    assert (out / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()
    assert (out / "report.html").exists() and not (out / "checkpoint.safetensors").exists()


def test_a_signal_after_the_last_step_lets_the_run_be_finished(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Run.finish

    def finish(self: Run) -> Path:
        os.kill(os.getpid(), signal.SIGTERM)
        return real(self)

    monkeypatch.setattr(Run, "finish", finish)
    run("train", *TINY, "--data", data, "--out", tmp_path / "run")
    assert (tmp_path / "run" / "report.html").exists() and not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_a_run_killed_while_it_is_finished_is_not_trained_again(
    data: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def finish(self: Run) -> Path:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Run, "finish", finish)
        run("train", *TINY, "--data", data, "--out", tmp_path / "run")
    monkeypatch.setattr(Trainer, "_update", None)
    run("train", "--resume", tmp_path / "run")
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()


def test_a_run_under_way_is_left_alone(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    then_stop(monkeypatch, signal.SIGINT, 1)
    run("train", *TINY, "--data", data, "--out", tmp_path / "run", code=130)
    with locked(tmp_path / "run"):
        assert "another process is at work in it" in refused("train", "--resume", tmp_path / "run")
    assert "is not empty" in refused("train", *TINY, "--data", data, "--out", tmp_path / "run")


def test_two_trainings_at_the_same_moment_take_two_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with _new_folder("mlp") as one, _new_folder("mlp") as two:
        assert (one.name, two.name) == ("mlp-1", "mlp-2")
    refused("train", *TINY, "--data", tmp_path / "nothing")
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["mlp-1", "mlp-2"]


def test_a_training_that_learns_nothing_ends_in_one_line(data: Path, tmp_path: Path) -> None:
    words = ("train", *TINY, "--data", data)
    run(*words, "--out", tmp_path / "sound")
    kept = {path: path.read_bytes() for path in (tmp_path / "sound").iterdir()}
    wild = ("--optimiser", "sgd", "--lr", 100, "--clip-norm", 1, "--schedule", "constant")
    told = run(*words, *wild, "--out", tmp_path / "wild", code=2).stderr.splitlines()[-1]
    assert "nothing was learnt" in told and "lower lr" in told
    told = refused(*words, "--init", "normal:1e30", "--out", tmp_path / "huge")
    assert "became infinite or nan" in told
    assert {path: path.read_bytes() for path in (tmp_path / "sound").iterdir()} == kept
    assert not list(tmp_path.rglob("*/model.safetensors"))[1:]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures for a short tuning."""
    for name, value in (("OWN", 20), ("OTHERS", 300), ("EPOCHS", 2)):
        monkeypatch.setattr(tune, name, value)
    digits = load("mnist").train[:30]
    for number, (pixels, label) in enumerate(zip(digits.pixels, digits.labels, strict=True)):
        (tmp_path / "own" / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - pixels.reshape(28, 28)).save(tmp_path / "own" / str(label) / f"{number}.png")
    return tmp_path / "own"


def test_tune_goes_on(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    run("tune", "tiny", own, "--out", whole)
    with monkeypatch.context() as patch:
        then_stop(patch, signal.SIGHUP, 1)
        told = run("tune", "tiny", own, "--out", broken, code=129).stderr
    assert told.endswith("give the same command to go on\n") and not broken.exists()
    assert "another seed" in refused_after(own, broken, "--seed", 1)
    assert "epoch 1/2" not in run("tune", "tiny", own, "--out", broken).stderr
    assert broken.read_bytes() == whole.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"own", whole.name, broken.name}


def refused_after(own: Path, out: Path, *words: object) -> str:
    """The last line of a tuning that declines."""
    return run("tune", "tiny", own, "--out", out, *words, code=2).stderr.splitlines()[-1]
