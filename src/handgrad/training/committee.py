"""A committee: networks that were trained apart and vote; as one model in one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.nn.layers.dense import Dense
from handgrad.nn.layers.ensemble import Ensemble
from handgrad.nn.layers.sequential import Sequential
from handgrad.nn.network import Network
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe


@dataclass(frozen=True)
class Member:
    """What to train, with which seed.

    Parameters
    ----------
    recipe : Recipe
        How to train it.
    seed : int
        Of every random number.
    """

    recipe: Recipe
    seed: int

    @property
    def name(self) -> str:
        """What its run folder is called."""
        return f"{self.recipe.name}-{self.seed}"


# How many seeds of each kind there are, and what they change in a member of `cnn-best`. `cnn-large` has the shape of
# Doucet's MNIST network, at half its width; `cnn-stroke` sees thinner and thicker strokes.
KINDS: dict[str, tuple[int, dict[str, Any]]] = {
    "cnn-large": (5, {
        "features": ("5x5-64v", "residual", "pool", "residual", "3x3-128", "pool", "residual", "3x3-256", "pool",
                     "residual", "average"),
        "epochs": 12, "lr": 4e-3, "weight_decay": 0.01, "label_smoothing": 0.0, "unsmoothed_tail": 0.0, "ema": 0.998,
        "rotation": 10, "shear": 5, "scale": 0.1, "shift": 1.5, "elastic": 0.8, "temperature": 1.25}),
    "cnn-stroke": (4, {"epochs": 30, "unsmoothed_tail": 0.1, "stroke": 0.5, "temperature": 0.75}),
}  # fmt: skip


def members() -> tuple[Member, ...]:
    """Return the members of the committee.

    They are fixed here: none is left out for what it turned out to be.

    Returns
    -------
    tuple of Member
        Several seeds of each kind.
    """
    base = recipe("cnn-best").change(members=1, batch=128)
    return tuple(
        Member(base.change(name=name, **changes), seed)
        for name, (seeds, changes) in KINDS.items()
        for seed in range(seeds)
    )


def vote(models: Sequence[Model]) -> Model:
    """Join several models into one that answers with the mean of their probabilities.

    Each answers at its own temperature; where it is an ensemble already, each of its members does.

    Parameters
    ----------
    models : sequence of Model
        They must see images in the same way.

    Returns
    -------
    Model
        With the record of each of them.

    Raises
    ------
    UserError
        Where they differ in classes, images or preprocessing.
    """
    first = models[0]
    for model in models:
        same = (model.classes, model.network.in_shape) == (first.classes, first.network.in_shape)
        if not (same and model.preprocess == first.preprocess):
            raise UserError("members of a committee differ in classes, images or normalisation: expected the same")
    rows = [Sequential(model.network.layers) for model in models]
    network = Network([Ensemble(tuple(rows))], first.network.in_shape)
    for i, model in enumerate(models):
        for layout, flat, own, own_flat in (
            (network.layout, network.theta, model.network.layout, model.network.theta),
            (network.state_layout, network.state, model.network.state_layout, model.network.state),
        ):
            for name, view in own.views(own_flat):
                layout.view(flat, f"0.{i}.{name}")[...] = view
        _calibrate(network, f"0.{i}", rows[i], model.temperature)
    record = {"recipe": {"name": "committee"}, "members": [model.record for model in models]}
    return Model(network, first.preprocess, first.classes, record)


def _calibrate(network: Network, place: str, row: Sequential, temperature: float) -> None:
    """Divide a member's logits by its temperature, in the weights of its last layer, or of its members' last layers."""
    last = row.layers[-1]
    place = f"{place}.{len(row.layers) - 1}"
    if isinstance(last, Ensemble):
        for j, member in enumerate(last.layers):
            assert isinstance(member, Sequential)
            _calibrate(network, f"{place}.{j}", member, temperature)
        return
    assert isinstance(last, Dense)
    for name in ("w", "b"):
        network.layout.view(network.theta, f"{place}.{name}")[...] /= np.float32(temperature)
