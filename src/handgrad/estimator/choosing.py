"""From an estimator's parameters to a recipe that fits what it learns from."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from handgrad.nn.params import Shape
from handgrad.training.options import described_options, options
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import fits, recipe

Kind = TypeVar("Kind", bound=type)
# What MLPClassifier calls fields of a recipe.
ALIASES = {"hidden_layer_sizes": "hidden", "max_iter": "epochs", "batch_size": "batch", "learning_rate_init": "lr"}
# The fields that are parameters; `class_weight` is one already, with labels of any kind in place of names.
FIELDS = tuple(name for name in options(Recipe) if name != "class_weight")
# As MLPClassifier's, whose learning rate stays at 0.001; this one falls, and is so in the mean.
TABLE = Recipe("table", hidden=(100,), epochs=200, batch=200, optimiser="adam", lr=2e-3, init="glorot")
FOR_IMAGES = ("cnn", "tiny", "mlp")  # the first that fits is taken where no recipe is named
OF_IMAGES = ("features", "deskew", "teacher", "distillation", "outliers", "wrong_cuts", "redrawn")


def with_fields(estimator: Kind) -> Kind:
    """Give an estimator a parameter for each field of a recipe, and its docstring a line for each.

    Parameters
    ----------
    estimator : type
        Its constructor takes `**fields`; its docstring says where {options} are to stand.

    Returns
    -------
    type
        The same class.
    """
    constructor: Any = estimator.__init__  # type: ignore[misc]
    found = inspect.signature(constructor)
    own = [each for each in found.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    fields = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in FIELDS]
    constructor.__signature__ = found.replace(parameters=[*own, *fields])
    estimator.__doc__ = (estimator.__doc__ or "").replace("{options}", described_options(Recipe, FIELDS))
    return estimator


def chosen_recipe(
    named: str | Path | Recipe | None, given: Mapping[str, Any], classes: int, shape: Shape | None, rows: int
) -> Recipe:
    """Return the recipe that parameters ask for.

    Parameters
    ----------
    named : str, pathlib.Path, Recipe or None
        The recipe that they change; None takes the usual one.
    given : mapping of str to object
        Fields of a recipe, by their own names or MLPClassifier's, and `alpha`; those that are None are not given.
    classes : int
        How many classes there are.
    shape : tuple of int or None
        (H, W, C) of images, None for features.
    rows : int
        How many rows an epoch has: its batches are made equal, so that few are left out.

    Returns
    -------
    Recipe
        For features a dense network without distortions.

    Raises
    ------
    UserError
        For values that make no recipe.
    ValueError
        Where a field is given under both of its names, and for a recipe with weights of classes.
    """
    base = named if isinstance(named, Recipe) else recipe(named) if named is not None else _usual(classes, shape)
    if base.class_weight:
        raise ValueError("the recipe has class_weight: leave it out there, and give it to the estimator")
    changes = _fields(given)
    alpha = changes.pop("alpha", None)
    changed = base.change(**changes, all_data=False)
    changed = changed.change(batch=rows // math.ceil(rows / changed.batch))
    if shape is None:
        changed = _for_features(changed)
    return changed if alpha is None else _with_penalty(changed, alpha)


def _usual(classes: int, shape: Shape | None) -> Recipe:
    if shape is None:
        return TABLE
    return next(each for each in map(recipe, FOR_IMAGES) if fits(each, classes, shape))


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, under a recipe's names."""
    fields = {name: value for name, value in given.items() if value is not None and name != "all_data"}
    for alias in ALIASES.keys() & fields.keys():
        if ALIASES[alias] in fields:
            raise ValueError(f"{alias} and {ALIASES[alias]} are two names of one parameter: give one of them")
        fields[ALIASES[alias]] = fields.pop(alias)
    return fields


def _for_features(changed: Recipe) -> Recipe:
    """Without what only images have; a network that had nothing but convolutions gets the usual hidden layer."""
    named = options(Recipe)
    off = [name for name, each in named.items() if each.option.group == "augmentation" or name in OF_IMAGES]
    hidden = TABLE.hidden if changed.features and not changed.hidden else changed.hidden
    return changed.change(**{name: named[name].default for name in off}, hidden=hidden)


def _with_penalty(changed: Recipe, alpha: float) -> Recipe:
    """The L2 penalty as MLPClassifier has it: in the gradient, alpha / 2 times the squared weights, over a batch."""
    rule = "adam" if changed.optimiser == "adamw" else changed.optimiser  # adamw keeps the penalty out of the gradient
    return changed.change(optimiser=rule, weight_decay=alpha / changed.batch)
