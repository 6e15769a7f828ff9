"""Columns: networks side by side in one, which learn each by itself and answer together."""

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.kernels.naive import softmax
from handgrad.model import Model
from handgrad.network import Network
from handgrad.recipes import Recipe, recipe
from handgrad.train import Trainer

DATA, VALID = (part[:600] for part in load("mnist").split())
SINGLE = Recipe("single", hidden=(16,), batch_norm=True, epochs=4, batch=50, lr=1e-2, average=0.9, shift=1)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    trainer = Trainer(SINGLE.change(columns=3), DATA, VALID)
    for _ in trainer.run():
        pass
    return trainer


def column(model: Model, i: int) -> Network:
    network = Network(SINGLE.layers(10), model.network.in_shape)
    for layout, flat, own_layout, own in (
        (model.network.layout, model.network.theta, network.layout, network.theta),
        (model.network.state_layout, model.network.state, network.state_layout, network.state),
    ):
        for name, view in own_layout.views(own):
            view[...] = layout.view(flat, f"0.{i}.{name}")
    return network


def test_the_answer_is_the_mean_of_what_the_columns_say(trainer: Trainer) -> None:
    model = trainer.model()
    model.temperature = 1.0
    columns = [Model(column(model, i), model.mean, model.scale, model.classes) for i in range(3)]
    wanted = np.mean([each.predict_proba(VALID.pixels) for each in columns], axis=0)
    np.testing.assert_allclose(model.predict_proba(VALID.pixels), wanted, atol=1e-5)
    assert len({each.predict_proba(VALID.pixels[:50]).tobytes() for each in columns}) == 3
    assert trainer.history[-1].valid_accuracy == (wanted.argmax(axis=1) == VALID.labels).mean() > 0.7


def test_a_column_learns_as_if_it_were_alone() -> None:
    """The same start, batches and distortions; the mean over three columns divides their gradients, and so the rate."""
    plain = SINGLE.change(optimiser="sgd", lr=0.02, epochs=2)
    together = Trainer(plain.change(columns=3, lr=0.06), DATA, VALID)
    start = Model(column(together.model(), 1), together.mean, together.scale, DATA.classes)
    alone = Trainer(plain, DATA, VALID, start=start)
    for trainer in (together, alone):
        for _ in trainer.run():
            pass
    found = column(together.model(), 1)
    np.testing.assert_allclose(found.theta, alone.model().network.theta, atol=1e-4)
    np.testing.assert_allclose(found.state, alone.model().network.state, atol=1e-3)
    assert (found.theta != start.network.theta).mean() > 0.5


def test_the_loss_is_the_mean_of_the_columns_losses() -> None:
    trainer = Trainer(SINGLE.change(columns=2, smoothing=0.1), DATA, VALID)
    random = np.random.default_rng(0)
    logits, labels = random.standard_normal((5, 2, 10)).astype(np.float32), np.arange(5, dtype=np.uint8)
    dlogits = np.empty_like(logits)
    loss, right = trainer._loss(dlogits, logits, labels)
    target = 0.9 * np.eye(10)[labels][:, None] + 0.01
    assert loss == pytest.approx(-(target * np.log(softmax(logits))).sum() / 10, rel=1e-5)
    assert right == (logits.argmax(axis=2) == labels[:, None]).sum() / 2
    np.testing.assert_allclose(dlogits, (softmax(logits) - target) / 10, atol=1e-6)


@pytest.mark.parametrize("change", [{"focus": 0.5}, {"teacher": "cnn", "distillation": 1.0}], ids=str)
def test_columns_have_no_teacher_and_no_focus(change: dict) -> None:
    with pytest.raises(UserError, match="columns is 3 with a teacher or focus: expected 1, or neither of them"):
        SINGLE.change(columns=3, **change)


def test_the_best_recipe_keeps_to_its_size() -> None:
    best = recipe("cnn-best")
    assert Network(best.layers(10), (28, 28, 1)).layout.count <= 350_000
