"""Stopping early keeps the best epoch; what each class has in the history; classes drawn equally often."""

import json
from dataclasses import replace

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.evaluation.metrics import class_rates
from handgrad.model.model import Model
from handgrad.training.checkpoint import Checkpoint, save
from handgrad.training.data import Source
from handgrad.training.patience import best_epoch
from handgrad.training.progress import Epoch
from handgrad.training.recipe import Recipe
from handgrad.training.run import Run
from handgrad.training.sampling import Sampler
from handgrad.training.trainer import Trainer

DATA, VALID = load("mnist").train[:300], load("mnist").train[-200:]
# Such steps soon lead away from what little the validation images have in common with 300 others.
HASTY = Recipe("hasty", hidden=(16,), epochs=40, batch=20, lr=0.02, schedule="constant", patience=3)


def finished(recipe: Recipe) -> Trainer:
    trainer = Trainer(recipe, DATA, VALID)
    for _ in trainer.run():
        pass
    return trainer


@pytest.fixture(scope="module")
def stopped() -> Trainer:
    return finished(HASTY)


def test_training_stops_after_so_many_epochs_without_a_better_one(stopped: Trainer) -> None:
    history = stopped.progress.history
    assert len(history) < HASTY.epochs
    assert history[-1].epoch == best_epoch(history).epoch + HASTY.patience


def test_the_model_has_the_weights_of_the_best_epoch(stopped: Trainer) -> None:
    best = best_epoch(stopped.progress.history)
    model = stopped.model()
    assert (model.predict(VALID.pixels) == VALID.labels).mean() == best.valid_accuracy
    shorter = finished(HASTY.change(epochs=best.epoch, patience=0))
    np.testing.assert_array_equal(model.network.theta, shorter.model().network.theta)


def test_a_run_that_is_left_and_taken_up_keeps_the_same_weights(stopped: Trainer, tmp_path) -> None:
    left = Trainer(HASTY, DATA, VALID)
    for event in left.run():
        if isinstance(event, Epoch) and event.epoch == len(stopped.progress.history) - 1:
            break
    save(left, tmp_path / "c.safetensors", Source("mnist"), "")
    again = Checkpoint.read(tmp_path / "c.safetensors").trainer(DATA, VALID)
    for _ in again.run():
        pass
    assert [replace(e, seconds=0, images_per_second=0) for e in again.progress.history] == [
        replace(e, seconds=0, images_per_second=0) for e in stopped.progress.history
    ]
    np.testing.assert_array_equal(again.model().network.theta, stopped.model().network.theta)


def test_without_images_to_watch_there_is_no_patience() -> None:
    with pytest.raises(UserError, match="patience with all_data"):
        HASTY.change(all_data=True)


def test_each_class_in_the_history_and_the_report(tmp_path) -> None:
    np.savez(tmp_path / "own.npz", x=DATA.pixels, y=DATA.labels)
    run = Run.begin(tmp_path / "run", HASTY.change(rotation=10.0, dropout=0.6), Source(str(tmp_path / "own.npz")))
    for _ in run.events():
        pass
    model, valid = Model.load(run.finish()), run.trainer.valid
    answers = model.predict(valid.pixels)
    kept = json.loads((tmp_path / "run" / "history.jsonl").read_text().splitlines()[run.kept.epoch - 1])
    for label, rate in enumerate(kept["valid_class_accuracy"]):
        of_class = valid.labels == label
        assert rate == (answers[of_class] == label).mean()
    hits = [2 * ((answers == k) & (valid.labels == k)).sum() / ((answers == k).sum() + (valid.labels == k).sum())
            for k in range(10)]  # fmt: skip
    assert kept["valid_f1"] == pytest.approx(np.mean(hits))
    page = (tmp_path / "run" / "report.html").read_text()
    assert "<h2>Each class</h2>" in page and "F1, mean of the classes" in page
    assert "stopped early; epoch" in page
    last = run.trainer.progress.history[-1]
    assert last.train_accuracy < last.valid_accuracy, "or this says nothing"
    assert "it is measured with dropout and on distorted images, during the epoch" in page


def test_a_class_without_images_has_no_accuracy_and_no_part_in_f1() -> None:
    f1, accuracies = class_rates(np.array([0, 0, 2]), np.array([0, 3, 2]), 3)
    assert f1 == pytest.approx((2 / 3 + 1) / 2) and accuracies == (0.5, None, 1.0)


@pytest.mark.parametrize("hard", [0.0, 0.5])
def test_balanced_classes_are_drawn_equally_often(hard: float) -> None:
    labels = np.repeat(np.arange(3, dtype=np.uint8), (500, 90, 10))
    drawn = np.bincount(labels[Sampler(600, 0, hard, labels).order(0)])
    assert abs(drawn - 200).max() <= 2
    assert (np.bincount(Sampler(600, 0, 0.0, np.arange(600, dtype=np.uint16) % 3).order(1)) == 1).all()


def test_balance_finds_more_of_a_rare_class() -> None:
    few = np.flatnonzero(DATA.labels == 7)[4:]
    rare = DATA[np.setdiff1d(np.arange(300), few)]
    recalls = []
    for balance in (False, True):
        trainer = Trainer(Recipe("rare", hidden=(32,), epochs=6, batch=20, balance=balance), rare, VALID)
        for _ in trainer.run():
            pass
        recalls.append(trainer.progress.history[-1].valid_class_accuracy[7])
    assert recalls[1] > recalls[0]
