"""A committee: networks that were trained apart and vote; as one model in one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.errors import UserError
from handgrad.layers import Dense, Sequential, Vote
from handgrad.model import Model
from handgrad.network import Network
from handgrad.recipes import Recipe, recipe


@dataclass(frozen=True)
class Member:
    """What to train, with which seed."""

    recipe: Recipe
    seed: int

    @property
    def name(self) -> str:
        return f"{self.recipe.name}-{self.seed}"


# What the others change in a column of `cnn-best`. Networks of one recipe make mostly the same mistakes, those that
# differ in shape, distortions or targets fewer.
OTHERS: dict[str, dict[str, Any]] = {
    "wide": {"features": ("5x5-32v", "pool", "3x3-64", "3x3-64", "pool", "3x3-128v", "3x3-128", "average")},
    "fine": {"features": ("5x5-32v", "3x3-32", "pool", "3x3-64", "3x3-64", "pool", "3x3-96", "3x3-96", "average")},
    "residual": {"features": ("5x5-32", "residual", "pool", "residual", "3x3-64", "pool", "residual", "3x3-128", "pool",
                              "residual", "average")},
    "large-kernel": {"features": ("7x7-32v", "pool", "3x3-64", "3x3-64", "pool", "3x3-128", "average")},
    "unsmoothed": {"smoothing": 0.0, "temperature": 1.5,
                   "rotation": 8, "shear": 6, "scale": 0.1, "shift": 1, "elastic": 0.8},
}  # fmt: skip
SAME = 5  # seeds of `cnn-best` itself


def members() -> tuple[Member, ...]:
    """The committee's members: fixed here, and none is left out for what it turned out to be."""
    best = recipe("cnn-best")
    column = best.change(columns=1, batch=128, epochs=40, temperature=0.69)
    others = [column.change(name=f"cnn-{name}", **changes) for name, changes in OTHERS.items()]
    return (*(Member(best, seed) for seed in range(SAME)), *(Member(other, 0) for other in others))


def vote(models: Sequence[Model]) -> Model:
    """One model that answers with the mean of the probabilities of several; they must see images in the same way.

    Each member answers at its own temperature; where it has columns, each of them does, before they vote.
    """
    first = models[0]
    for model in models:
        same = (model.classes, model.network.in_shape, model.upright) == (
            first.classes, first.network.in_shape, first.upright,
        )  # fmt: skip
        if not (same and np.array_equal(model.mean, first.mean) and np.array_equal(model.scale, first.scale)):
            raise UserError("members of a committee differ in classes, images or normalisation: expected the same")
    rows = [Sequential(model.network.layers) for model in models]
    network = Network([Vote(tuple(rows))], first.network.in_shape)
    for i, model in enumerate(models):
        for layout, flat, own, own_flat in (
            (network.layout, network.theta, model.network.layout, model.network.theta),
            (network.state_layout, network.state, model.network.state_layout, model.network.state),
        ):
            for name, view in own.views(own_flat):
                layout.view(flat, f"0.{i}.{name}")[...] = view
        _calibrate(network, f"0.{i}", rows[i], model.temperature)
    record = {"recipe": {"name": "committee"}, "members": [model.record for model in models]}
    return Model(network, first.mean, first.scale, first.classes, record, 1.0, first.upright)


def _calibrate(network: Network, place: str, row: Sequential, temperature: float) -> None:
    """Divide a member's logits by its temperature, in the weights of its last layer, or of its columns' last layers."""
    last = row.layers[-1]
    place = f"{place}.{len(row.layers) - 1}"
    if isinstance(last, Vote):
        for j, column in enumerate(last.layers):
            assert isinstance(column, Sequential)
            _calibrate(network, f"{place}.{j}", column, temperature)
        return
    assert isinstance(last, Dense)
    for name in ("w", "b"):
        network.layout.view(network.theta, f"{place}.{name}")[...] /= np.float32(temperature)
