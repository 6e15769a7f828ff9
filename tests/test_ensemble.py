"""An ensemble: networks side by side in one, each learning from its own rows of a batch, which answer together."""

from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.kernels import naive
from handgrad.model.model import Model
from handgrad.nn.layers import Dense, Ensemble, ReLU, Sequential
from handgrad.nn.network import Network
from handgrad.training import checkpoint
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.compiling import compile_kernels
from handgrad.training.data import Source
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe
from handgrad.training.trainer import Trainer

DATA, VALID = (part[:600] for part in load("mnist").split())
SINGLE = Recipe("single", hidden=(16,), batch_norm=True, epochs=9, batch=60, lr=1e-2, ema=0.9, shift=1)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    trainer = Trainer(SINGLE.change(members=3), DATA, VALID)
    for _ in trainer.run():
        pass
    return trainer


def member(model: Model, i: int) -> Network:
    network = Network(SINGLE.layers(10), model.network.in_shape)
    for layout, flat, own_layout, own in (
        (model.network.layout, model.network.theta, network.layout, network.theta),
        (model.network.state_layout, model.network.state, network.state_layout, network.state),
    ):
        for name, view in own_layout.views(own):
            view[...] = layout.view(flat, f"0.{i}.{name}")
    return network


def test_the_answer_is_the_mean_of_the_answers_of_the_members(trainer: Trainer) -> None:
    model = trainer.model()
    model.temperature = 1.0
    members = [Model(member(model, i), model.preprocess, model.classes) for i in range(3)]
    wanted = np.mean([each.predict_proba(VALID.pixels) for each in members], axis=0)
    np.testing.assert_allclose(model.predict_proba(VALID.pixels), wanted, atol=1e-5)
    assert len({each.predict_proba(VALID.pixels[:50]).tobytes() for each in members}) == 3
    assert trainer.progress.history[-1].valid_accuracy == (wanted.argmax(axis=1) == VALID.labels).mean() > 0.7


def test_a_member_learns_from_its_rows_of_the_batch_alone() -> None:
    """The gradient of a member is that of its third of the images, as if there were no others."""
    whole = Network(SINGLE.change(members=3).layers(10), DATA.shape, dtype=np.float64)
    alone = Network(SINGLE.layers(10), DATA.shape, dtype=np.float64)
    x, labels = DATA.pixels[:10, ..., None] / 255.0, DATA.labels[:10]
    dlogits = np.empty((10, 10))
    ws = whole.workspace(10, train=True)
    naive.softmax_cross_entropy(dlogits, np.empty(2), whole.forward(x, ws), labels, 0.0)
    whole.backward(dlogits.copy(), ws)
    for i, rows in enumerate((slice(0, 10, 3), slice(1, 10, 3), slice(2, 10, 3))):
        for name, view in alone.layout.views(alone.theta):
            view[...] = whole.layout.view(whole.theta, f"0.{i}.{name}")
        ws = alone.workspace(len(labels[rows]), train=True)
        alone.forward(np.ascontiguousarray(x[rows]), ws)
        alone.backward(dlogits[rows].copy(), ws)
        for name, view in alone.layout.views(alone.grad):
            np.testing.assert_allclose(whole.layout.view(whole.grad, f"0.{i}.{name}"), view, atol=1e-12)
        assert np.abs(alone.grad).max() > 1e-3


@pytest.mark.parametrize(("batch", "images"), [(5, 600), (50, 5)])
def test_a_batch_has_images_for_every_member(batch: int, images: int) -> None:
    with pytest.raises(UserError, match="5 images in a batch for 3 members: expected two each or more; give more"):
        Trainer(SINGLE.change(members=3, batch=batch), DATA[:images], VALID)


def test_members_go_with_outliers_and_a_teacher() -> None:
    small = SINGLE.change(members=2, outliers=0.2, dropout=0.2, hard_sampling=0.5, epochs=2)
    compile_kernels(small, DATA)
    trainer = Trainer(small, DATA, VALID)
    for _ in trainer.run():
        pass
    assert trainer.model().network.out_shape == (11,)
    taught = Trainer(SINGLE.change(members=2, teacher="tiny", distillation=1.0, deskew=True, epochs=1), DATA, VALID)
    losses = [event.loss for event in taught.run() if hasattr(event, "loss")]
    assert np.mean(losses[-5:]) < 0.8 * losses[0]


def test_a_run_goes_on_from_its_checkpoint_to_the_same_bytes(trainer: Trainer, tmp_path: Path) -> None:
    broken = Trainer(trainer.recipe, DATA, VALID)
    for event in broken.run():
        if event.step == 13:
            break
    checkpoint.save(broken, tmp_path / "c", Source("mnist"), "")
    resumed = Checkpoint.read(tmp_path / "c").trainer(DATA, VALID)
    for _ in resumed.run():
        pass
    assert resumed.network.theta.tobytes() == trainer.network.theta.tobytes()


def test_the_network_is_shown_a_line_a_layer_equal_members_once() -> None:
    lines = repr(Network(SINGLE.change(members=3).layers(10), DATA.shape)).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["input", "Ensemble(3)", "Flatten()"]
    assert lines[1].split()[1:] == ["10", str(3 * (784 * 16 + 16 + 32 + 170))]
    assert len(lines) == 2 + len(SINGLE.layers(10)) + 1


def test_the_best_recipe_is_of_the_size_it_is_compared_at() -> None:
    """0.35 M weights at most, the class of Deotte's network of 0.33 M."""
    best = recipe("cnn-best")
    assert Network(best.layers(10), (28, 28, 1)).layout.count <= 350_000


def test_different_members_are_shown_below_each_other() -> None:
    pair = Ensemble((Dense(3), Sequential((Dense(4), ReLU(), Dense(3))), Dense(3)))
    lines = repr(Network([pair], (5,))).splitlines()
    names = [line.split()[0] for line in lines]
    assert names == ["input", "Ensemble(3)", "Dense(3)", "Dense(4)", "ReLU()", "Dense(3)", "75"]


@pytest.mark.parametrize(("members", "n"), [(1, 5), (3, 10), (3, 2), (4, 8)])
def test_member_rows_share_out_the_batch(members: int, n: int) -> None:
    ensemble = Ensemble((Dense(3),) * members)
    rows = [ensemble.member_rows(i, n) for i in range(members)]
    assert sorted(row for part in rows for row in part) == list(range(n))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1
