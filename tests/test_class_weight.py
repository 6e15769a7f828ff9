"""Weights of classes: in the recipe, so that runs go on with them; the same as an estimator's."""

from pathlib import Path

import numpy as np
import pytest

from command import TINY, refused, run, write_small_data
from handgrad.datasets import Images, load
from handgrad.errors import UserError
from handgrad.estimator.rows import counted
from handgrad.model.model import Model
from handgrad.training.class_weight import LARGEST, image_weights, listed, mean_one
from handgrad.training.history import read_history
from handgrad.training.recipe import Recipe
from handgrad.training.run import Run
from handgrad.training.trainer import Trainer

DATA, VALID = (images[:300] for images in load("mnist").split())
SMALL = Recipe("small", hidden=(16,), epochs=2, batch=20)


def of_classes(*counts: int) -> Images:
    labels = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
    return Images(np.arange(len(labels), dtype=np.uint8)[:, None, None] + np.zeros((2, 2), np.uint8), labels, "abc")


def test_weights_of_images_are_those_of_their_classes() -> None:
    data = of_classes(4, 2, 2)
    found = image_weights(("b=3", "c=2"), data)
    assert found is not None and found.dtype == np.float32
    np.testing.assert_allclose(found / found[0], [1, 1, 1, 1, 3, 3, 2, 2], rtol=1e-6)
    assert found.mean() == pytest.approx(1)
    assert image_weights((), data) is None


def test_balanced_weights_are_the_estimator_s() -> None:
    data = of_classes(4, 3, 1)
    found = image_weights(("balanced",), data)
    assert found is not None
    np.testing.assert_allclose(np.bincount(data.labels, found), [8 / 3] * 3, rtol=1e-6)
    first, counts = counted(data.pixels, data.labels, np.ones(8), 3, "balanced")
    np.testing.assert_array_equal(found[first], mean_one(counts))


def test_training_is_the_same_as_with_these_weights_of_images() -> None:
    weights = image_weights(("7=5", "1=0.5"), DATA)
    runs = [
        Trainer(SMALL.change(class_weight=["7=5", "1=0.5"]), DATA, VALID), Trainer(SMALL, DATA, VALID, weights=weights),
        Trainer(SMALL, DATA, VALID),
    ]  # fmt: skip
    for each in runs:
        list(each.run())
    thetas = [each.network.theta.tobytes() for each in runs]
    assert thetas[0] == thetas[1] != thetas[2]


def test_a_rare_class_is_found_more_often() -> None:
    rare = DATA[np.setdiff1d(np.arange(300), np.flatnonzero(DATA.labels == 7)[4:])]
    recalls = []
    for weights in ((), ("balanced",)):
        trainer = Trainer(SMALL.change(hidden=(32,), epochs=6, class_weight=weights), rare, VALID)
        list(trainer.run())
        recalls.append(trainer.progress.history[-1].valid_class_accuracy[7] or 0.0)
    assert recalls[1] > recalls[0]


def test_the_largest_weight_that_a_class_may_have() -> None:
    assert listed((f"0={LARGEST}", "1=1e-9")) == {"0": LARGEST, "1": 1e-9}
    with pytest.raises(UserError, match=r"class_weight is '0=1000000\.1': .* up to 1e\+06"):
        listed(("0=1000000.1",))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("0", "class_weight is '0': expected balanced alone, or NAME=WEIGHT"), ("0=0", "above 0"), ("0=-1", "above 0"),
        ("0=nan", "above 0"), ("0=inf", "up to 1e+06"), ("0=x", "NAME=WEIGHT"), ("=2", "NAME=WEIGHT"),
        ("balanced,0=2", "balanced alone"), ("0=1,0=2", "lists '0' twice"),
    ],
)  # fmt: skip
def test_other_weights_are_one_line(given: str, message: str) -> None:
    assert message in refused("train", "--class-weight", given)


def test_a_class_that_is_not_there_and_balance_are_refused(tmp_path: Path) -> None:
    data = write_small_data(tmp_path / "data")
    out = tmp_path / "run"
    line = refused("train", *TINY, "--data", data, "--out", out, "--class-weight", "seven=2")
    assert "class_weight lists 'seven': expected classes of the images, 0, 1, 2" in line and not out.exists()
    with pytest.raises(UserError, match="balance with class_weight"):
        SMALL.change(balance=True, class_weight="balanced")


@pytest.mark.parametrize("weights", ["balanced", "0=2,7=5"])
def test_a_run_that_goes_on_ends_with_the_same_bytes(weights: str, tmp_path: Path) -> None:
    data = write_small_data(tmp_path / "data")
    words = ("train", *TINY, "--data", data, "--class-weight", weights)
    run(*words, "--out", tmp_path / "whole")
    recipe = Model.load(tmp_path / "whole" / "model.safetensors").record["recipe"]
    assert recipe["class_weight"] == weights.split(",")
    broken = Run.begin(tmp_path / "broken", Recipe.from_json(recipe), data)
    events = broken.events()
    for _ in range(7):
        next(events)
    events.close()
    run("train", "--resume", tmp_path / "broken")
    thetas = [Model.load(tmp_path / name / "model.safetensors").network.theta for name in ("whole", "broken")]
    np.testing.assert_array_equal(*thetas)
    history = [read_history(tmp_path / name) for name in ("whole", "broken")]
    assert [epoch.train_loss for epoch in history[0]] == [epoch.train_loss for epoch in history[1]]
