"""Columns: networks side by side in one, which learn from a share of every batch each, and answer together."""

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.kernels import naive
from handgrad.model import Model
from handgrad.network import Network
from handgrad.recipes import Recipe, recipe
from handgrad.train import Trainer

DATA, VALID = (part[:600] for part in load("mnist").split())
SINGLE = Recipe("single", hidden=(16,), batch_norm=True, epochs=9, batch=60, lr=1e-2, average=0.9, shift=1)


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


def test_a_column_learns_from_its_share_of_the_batch_alone() -> None:
    """A step of the whole gives each column the gradient that its third of the images gives it alone."""
    whole = Network(SINGLE.change(columns=3).layers(10), DATA.shape, dtype=np.float64)
    alone = Network(SINGLE.layers(10), DATA.shape, dtype=np.float64)
    x, labels = DATA.pixels[:10, ..., None] / 255.0, DATA.labels[:10]
    dlogits = np.empty((10, 10))
    ws = whole.workspace(10, train=True)
    naive.softmax_cross_entropy(dlogits, whole.forward(x, ws), labels, 0.0)
    whole.backward(dlogits.copy(), ws)
    for i, share in enumerate((slice(0, 10, 3), slice(1, 10, 3), slice(2, 10, 3))):
        for name, view in alone.layout.views(alone.theta):
            view[...] = whole.layout.view(whole.theta, f"0.{i}.{name}")
        ws = alone.workspace(len(labels[share]), train=True)
        alone.forward(x[share], ws)
        alone.backward(dlogits[share].copy(), ws)
        for name, view in alone.layout.views(alone.grad):
            np.testing.assert_allclose(whole.layout.view(whole.grad, f"0.{i}.{name}"), view, atol=1e-12)
        assert np.abs(alone.grad).max() > 1e-3


def test_a_batch_has_images_for_every_column() -> None:
    with pytest.raises(UserError, match="batch is 5 for 3 columns: expected 6 or more"):
        SINGLE.change(columns=3, batch=5)
    with pytest.raises(UserError, match="a batch of 2 for 3 columns: expected an image each or more"):
        Trainer(SINGLE.change(columns=3), DATA[:2], VALID).memory()


def test_the_best_recipe_keeps_to_its_size() -> None:
    best = recipe("cnn-best")
    assert Network(best.layers(10), (28, 28, 1)).layout.count <= 350_000
