"""A recipe: every number that training depends on, named and frozen."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from handgrad.errors import UserError
from handgrad.model.renamed import RECIPE_FIELDS, RECIPES, renamed
from handgrad.nn.classifier import dense_layers
from handgrad.nn.features import feature_layers
from handgrad.nn.init import std
from handgrad.nn.layers import Layer
from handgrad.nn.layers.dropout import Dropout
from handgrad.nn.layers.ensemble import Ensemble
from handgrad.nn.layers.sequential import Sequential
from handgrad.training.class_weight import listed
from handgrad.training.combinations import check_combinations, check_lengths
from handgrad.training.optim import RULES, Rule
from handgrad.training.options import ONE, brief, document_options, option, options
from handgrad.training.schedules import SCHEDULES, Schedule, warm_up

_network, _optimiser, _loss, _data, _augmentation = (
    partial(option, group=group) for group in ("network", "optimiser", "loss", "data", "augmentation")
)
NAME = re.compile(r"\w[\w .-]*")  # run folders go by it


@dataclass(frozen=True)
class Recipe:
    """How to build and train a network; docs/recipes.md lists the fields.

    Parameters
    ----------
    name : str
        What run folders and reports call it: letters and digits, with spaces, dots and dashes among them.
    {options}

    Raises
    ------
    UserError
        For a value of a wrong type or out of range, and for values that do not go together.

    Examples
    --------
    >>> Recipe("small", hidden=(32, 16), dropout=0.2).dropout
    (0.2,)
    """

    name: str

    features: tuple[str, ...] = _network((), "Convolutional part: 3x3-32,pool,3x3-64,residual,average.")
    hidden: tuple[int, ...] = _network((256,), "Units of each hidden layer, as 512,512,512.", 1, 65536)
    members: int = _network(1, "Networks that learn from a share of each batch each, and answer together.", 1, 64)
    batch_norm: bool = _network(False, "Batch normalisation before each ReLU.")
    dropout: tuple[float, ...] = _network((0.0,), "Dropout rate behind hidden layers: one, or one for each.", 0, 0.99)
    input_dropout: float = _network(0.0, "Dropout rate of the pixels.", 0, 0.99)
    init: str = _network("he", "Random start of the weights: he, glorot, lecun or normal:DEVIATION.")

    epochs: int = _optimiser(10, "Passes over the training images.", 1, 100_000)
    batch: int = _optimiser(128, "Images in a mini-batch.", 1, 65536)
    optimiser: str = _optimiser("adamw", "Update rule.", choices=tuple(RULES))
    lr: float = _optimiser(1e-3, "Learning rate, the highest of the schedule.", 1e-12, 1e6)
    lr_scales: tuple[float, ...] = _optimiser(
        (), "Factor of the learning rate for each dense layer; empty for 1.", 0, 1e6
    )
    schedule: str = _optimiser("cosine", "How the learning rate changes over the steps.", choices=tuple(SCHEDULES))
    warmup: float = _optimiser(0.0, "First share of the steps, over which the learning rate rises.", 0, 1)
    momentum: float = _optimiser(0.9, "Momentum of sgd, beta1 of adam and adamw.", 0, ONE)
    nesterov: bool = _optimiser(False, "Nesterov momentum, for sgd.")
    beta2: float = _optimiser(0.999, "Decay of the second moment of adam and adamw.", 0, ONE)
    weight_decay: float = _optimiser(0.0, "Weight decay, on weights only.", 0, 1e3)
    clip_norm: float = _optimiser(0.0, "Largest Euclidean norm of the gradient; 0 for no limit.", 0, 1e9)
    patience: int = _optimiser(0, "Epochs without a lower validation loss before a stop; 0: never.", 0, 100_000)
    ema: float = _optimiser(0.0, "Decay of the exponential moving average of the weights; 0 for none.", 0, ONE)

    label_smoothing: float = _loss(0.0, "Share of the target spread over all classes.", 0, ONE)
    unsmoothed_tail: float = _loss(0.0, "Last share of the epochs, without label smoothing.", 0, 1)
    teacher: str = _loss("", "Model whose answers are learnt beside the labels: cnn, say, or a model file.")
    distillation: float = _loss(0.0, "Share of the target that is the teacher's.", 0, 1)
    temperature: float = _loss(1.0, "Temperature of the model where all_data leaves no images to find it on.", 0.05, 20)

    all_data: bool = _data(False, "Learn from the validation images too.")
    normalise: str = _data(
        "image",
        "Scale pixels to 0..1, or standardise them together or one by one.",
        choices=("range", "image", "pixel"),
    )
    deskew: bool = _data(False, "Shear slanted digits upright first.")
    balance: bool = _data(False, "Draw every class equally often.")
    class_weight: tuple[str, ...] = _data((), "Weight of each class in the loss: balanced, or 0=1,1=5 (the others 1).")
    hard_sampling: float = _data(0.0, "Share of the images that are drawn by their difficulty.", 0, ONE)
    outliers: float = _data(0.0, "Share of each batch that shows no digit; it has an output of its own.", 0, 0.9)
    wrong_cuts: float = _data(0.0, "Share of the outliers that are parts of digits, touching digits, and marks.", 0, 1)
    redrawn: float = _data(0.0, "Share of the digits that are drawn anew, with other pens and in other hands.", 0, 1)

    rotation: float = _augmentation(0.0, "Largest rotation, degrees.", 0, 180)
    shear: float = _augmentation(0.0, "Largest slant, degrees.", 0, 60)
    scale: float = _augmentation(0.0, "Largest stretch of an axis: 0.1 is a factor from 1/1.1 to 1.1.", 0, 2)
    shift: float = _augmentation(0.0, "Largest shift, pixels.", 0, 100)
    elastic: float = _augmentation(0.0, "Largest elastic displacement, root mean square in pixels.", 0, 100)
    stroke: float = _augmentation(0.0, "Largest change of the stroke width: 1 is a pixel on each side.", 0, 1)
    flip: bool = _augmentation(False, "Mirror half of the images left to right (never for digits).")
    unaugmented_share: float = _augmentation(0.0, "Share of the images that are not distorted.", 0, 1)
    blur: float = _augmentation(0.0, "Largest blur; 1 replaces pixels by the mean of 3x3, twice.", 0, 1)
    noise: float = _augmentation(0.0, "Largest deviation of noise; 1 is the whole range of grey.", 0, 1)
    contrast: float = _augmentation(0.0, "Largest loss of contrast; 1 is all of it.", 0, 1)
    clutter: float = _augmentation(0.0, "Share of the images with lines, patches, outlines or specks.", 0, 1)
    finetune_share: float = _augmentation(0.0, "Last share of the epochs, with half the distortion.", 0, 1)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise UserError(f"name is {brief(self.name)}: expected str of letters, digits, spaces, dots and dashes")
        for name, each in options(Recipe).items():
            object.__setattr__(self, name, each.checked(getattr(self, name)))
        check_lengths(self)
        check_combinations(self)
        listed(self.class_weight)
        std(self.init, 1, 1)
        feature_layers(self.features, self.batch_norm, self.init)

    def layers(self, classes: int) -> list[Layer]:
        """Return the layers: the convolutional part, the hidden layers, the logits.

        Several members become an `Ensemble` of such networks.

        Parameters
        ----------
        classes : int
            How many logits there are.

        Returns
        -------
        list of Layer
            From the pixels to the logits.
        """
        member = self._member(classes)
        return member if self.members == 1 else [Ensemble((Sequential(tuple(member)),) * self.members)]

    def _member(self, classes: int) -> list[Layer]:
        layers: list[Layer] = [Dropout(self.input_dropout)] if self.input_dropout else []
        layers += feature_layers(self.features, self.batch_norm, self.init)
        layers += dense_layers(self.hidden, classes, self.dropout, self.batch_norm, self.init, self.lr_scales)
        return layers

    def rule(self) -> Rule:
        """Return the optimiser's update rule.

        Returns
        -------
        Rule
            `RULES[optimiser]`, made from this recipe's momentum, nesterov and beta2.
        """
        return RULES[self.optimiser](self.momentum, self.nesterov, self.beta2)

    def learning_rate(self, steps: int) -> Schedule:
        """Return the learning rate as a function of the step.

        Parameters
        ----------
        steps : int
            How many steps the training has.

        Returns
        -------
        callable
            From the step, 0 .. steps - 1, to the learning rate.
        """
        return warm_up(SCHEDULES[self.schedule](self.lr, steps), round(self.warmup * steps))

    def augmentation(self) -> dict[str, float]:
        """Return the strengths of the augmentation.

        Returns
        -------
        dict of str to float
            The options of that group, by name.
        """
        named = options(Recipe).items()
        return {name: float(getattr(self, name)) for name, each in named if each.option.group == "augmentation"}

    def change(self, /, **changes: Any) -> Recipe:
        """Return a copy with other values.

        Parameters
        ----------
        **changes
            Fields and their new values.

        Returns
        -------
        Recipe
            The copy.

        Raises
        ------
        UserError
            For an unknown field or a bad value.
        """
        for name in changes:
            reject_unknown(name)
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain values.

        Returns
        -------
        dict of str to object
            As `from_json` reads them.
        """
        return asdict(self)

    @classmethod
    def from_json(cls, values: Any, base: Recipe | None = None) -> Recipe:
        """Return the recipe that a file holds.

        Parameters
        ----------
        values : mapping of str to object
            Fields under their present or earlier names; one that is missing came later, and has its default.
        base : Recipe, optional
            What the values change, instead of the defaults.

        Returns
        -------
        Recipe
            The recipe.

        Raises
        ------
        UserError
            Where the values make no recipe.
        """
        if not isinstance(values, Mapping):
            raise UserError(f"a recipe is a {type(values).__name__}: expected a table of its fields")
        found = renamed(values, RECIPE_FIELDS)
        if isinstance(found.get("name"), str):
            found["name"] = RECIPES.get(found["name"], found["name"])
        return (base or cls("custom")).change(**found)

    def to_toml(self) -> str:
        """Return the recipe as TOML, which `recipe` reads.

        Returns
        -------
        str
            A line a field.
        """
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in asdict(self).items()]
        return "\n".join(lines) + "\n"


document_options(Recipe)


def reject_unknown(name: str) -> None:
    """Check that recipes have a field.

    Parameters
    ----------
    name : str
        The field.

    Raises
    ------
    UserError
        Where there is none of this name; it names the nearest one.
    """
    known = ["name", *options(Recipe)]
    if name not in known:
        near = [RECIPE_FIELDS[name]] if name in RECIPE_FIELDS else difflib.get_close_matches(name, known, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
        raise UserError(f"a recipe has no field '{name}': {hint}")
