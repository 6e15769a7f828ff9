"""Going on with one's own digits: they are learnt, the others are kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from handgrad.cli import cli
from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.model.shipped import pretrained
from handgrad.training.tune import OWN, load_own, tuner


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixteen digits each of 0 to 4, of which 4 is written as nobody does: a square."""
    _, valid = load("mnist").split()
    for digit in range(5):
        (tmp_path / "own" / str(digit)).mkdir(parents=True)
        for number, pixels in enumerate(valid.pixels[valid.labels == digit][:16]):
            if digit == 4:
                pixels = np.zeros((28, 28), np.uint8)
                thick = number % 3 + 1
                pixels[4:24, 4 + number % 4 : 24] = 255
                pixels[4 + thick : 24 - thick, 4 + number % 4 + thick : 24 - thick] = 0
            picture = Image.fromarray(255 - pixels).resize((56 + number, 56 + number))
            picture.save(tmp_path / "own" / str(digit) / f"{number}.png")
    return tmp_path / "own"


def test_own_pictures_are_normalised_and_a_fifth_is_kept_back(folder: Path) -> None:
    (folder / "3" / "bad.png").write_bytes(b"nothing")
    own = load_own(folder, pretrained("tiny"))
    assert (len(own.learn), len(own.held)) == (64, 16)
    assert own.learn.pixels.shape[1:] == (28, 28) and set(own.held.labels) <= set(range(5))
    assert len(own.failed) == 1 and "bad.png" in own.failed[0]


@pytest.mark.parametrize(("name", "message"), [("seven", "got 'seven'"), ("", "got none"), (None, "no such folder")])
def test_folders_that_are_no_digits(tmp_path: Path, name: str | None, message: str) -> None:
    if name:
        (tmp_path / name).mkdir()
    with pytest.raises(UserError, match=message):
        load_own(tmp_path if name is not None else tmp_path / "none", pretrained("tiny"))


def test_a_model_that_no_training_made_is_one_line() -> None:
    learn = load("mnist").train[:20]
    for record in ({}, {"recipe": []}, {"recipe": {"name": "mlp"}}, {"recipe": {"name": ["x"]}}):
        model = pretrained("tiny")
        model.record = record
        with pytest.raises(UserError, match="whose record does not say how"):
            tuner(model, learn)


def test_too_few_pictures(folder: Path) -> None:
    for file in list(folder.glob("*/*.png"))[5:]:
        file.unlink()
    with pytest.raises(UserError, match="5 readable pictures, expected 10 or more"):
        load_own(folder, pretrained("tiny"))


def test_many_pictures_all_have_their_turn_and_their_labels_count() -> None:
    """9,000 pictures, class by class as a folder lists them, and a model that had learnt from a teacher's answers."""
    data = load("mnist").split()[0]
    learn = data[np.argsort(data.labels[:9000], kind="stable")]
    model = pretrained("tiny")
    model.record["recipe"] = {**model.record["recipe"], "teacher": "nobody", "distillation": 1.0}
    trainer = tuner(model, learn)
    assert trainer.teacher is None
    assert np.bincount(trainer.data.labels[:OWN], minlength=10).min() > 200


@pytest.mark.slow
def test_what_is_new_is_learnt_and_nothing_is_forgotten(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned.safetensors"
    done = CliRunner().invoke(cli, ["tune", "tiny", str(folder), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["own"][1] > found["own"][0] and found["own"][1] > 0.9
    assert found["mnist"][1] > found["mnist"][0] - 0.005
    again = CliRunner().invoke(cli, ["tune", "tiny", str(folder), "--out", str(out)])
    assert isinstance(again.exception, UserError) and "exists" in str(again.exception)
