"""The header of a model file: what a network consists of, as plain values, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, NotRequired, TypedDict, get_type_hints

from handgrad.files import checked
from handgrad.model.renamed import LAYER_FIELDS, LAYERS, RECIPE_FIELDS, RECIPES, renamed
from handgrad.nn.layers import LAYERS as KINDS
from handgrad.nn.layers import Layer, chain
from handgrad.nn.network import Network

DEEPEST = 8  # layers inside layers; those that recipes make are three deep


class Named(TypedDict):
    """What is read of a recipe in a model's record; training checks the rest where it uses it."""

    name: NotRequired[str]


class Record(TypedDict):
    """What is read of a model's record; it may say anything more."""

    recipe: NotRequired[Named]


class Header(TypedDict):
    """The header of a model file, under present names."""

    format: str
    layers: list[tuple[str, dict[str, Any]]]
    in_shape: list[int]
    classes: list[str]
    temperature: float
    deskew: bool
    record: dict[str, Any]
    thresholds: NotRequired[float | list[float]]
    pictures: NotRequired[Literal["digits", "pictures"]]
    background: NotRequired[float]


def described_network(network: Network) -> dict[str, Any]:
    """Return what a network consists of.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    dict of str to object
        `layers` and `in_shape`, as `built_network` takes them.
    """
    return {"layers": [_described(layer) for layer in network.layers], "in_shape": network.in_shape}


def checked_header(header: Mapping[str, Any]) -> Header:
    """Return a header whose values have the types that they must have.

    Parameters
    ----------
    header : mapping of str to object
        Under present names.

    Returns
    -------
    Header
        A copy.

    Raises
    ------
    ValueError
        Where one is missing, or of another type.
    """
    found = checked(dict(header), Header)
    checked(found["record"], Record)
    return found


def built_network(header: Mapping[str, Any], floats: int) -> Network:
    """Return the network that a header describes.

    Parameters
    ----------
    header : mapping of str to object
        With `layers` and `in_shape`.
    floats : int
        How many numbers the file holds: a header that promises more is not believed, and nothing is allocated.

    Returns
    -------
    Network
        With weights at their start.

    Raises
    ------
    ValueError, TypeError, LookupError, UserError
        Where the header is damaged.
    """
    layers = [_built(name, values, DEEPEST) for name, values in header["layers"]]
    in_shape = tuple(header["in_shape"])
    if not all(type(side) is int and side > 0 for side in in_shape):
        raise ValueError(f"in_shape {in_shape}")
    plans = chain.chain_plan(layers, in_shape)
    needed = sum(math.prod(param.shape) for param in (*chain.params(plans), *chain.state(plans)))
    needed += 2 * math.prod(in_shape)  # mean and scale
    if needed > floats:
        raise ValueError(f"{needed} parameters, where the file holds {floats}")
    return Network(layers, in_shape)


def read_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's record under the present names of recipes and their fields.

    Parameters
    ----------
    record : mapping of str to object
        As a model file has it.

    Returns
    -------
    dict of str to object
        A copy.
    """
    found = dict(record)
    recipe = found.get("recipe")
    if isinstance(recipe, Mapping):
        found["recipe"] = renamed(recipe, RECIPE_FIELDS)
        name = recipe.get("name")
        if isinstance(name, str):
            found["recipe"]["name"] = RECIPES.get(name, name)
    return found


def checked_classes(names: Sequence[Any]) -> list[str]:
    """Return the class names of a header.

    Parameters
    ----------
    names : sequence of object
        As the header has them.

    Returns
    -------
    list of str
        The same.

    Raises
    ------
    ValueError
        Where some are no text, or two are equal.
    """
    classes = list(names)
    if not all(isinstance(name, str) for name in classes) or len({*classes}) < len(classes):
        raise ValueError(f"classes {classes}")
    return classes


def checked_thresholds(values: float | Sequence[float], classes: int) -> tuple[float, ...]:
    """Return the least score that each class is answered from.

    Parameters
    ----------
    values : float or sequence of float
        One for each class, or one for all of them, as earlier versions had it.
    classes : int
        How many there are.

    Returns
    -------
    tuple of float
        One for each class.

    Raises
    ------
    ValueError
        Where there are more or fewer, or where they are no probabilities.
    """
    if isinstance(values, int | float):
        return checked_thresholds((float(values),) * classes, classes)
    found = tuple(float(each) for each in values)
    if len(found) != classes or not all(0 <= each <= 1 for each in found):
        raise ValueError(f"thresholds {found}: expected a probability for each of {classes} classes")
    return found


def _described(layer: Layer) -> list[Any]:
    """[name, values] of a layer, of those inside it too."""
    values = {f.name: getattr(layer, f.name) for f in fields(layer)}
    if "layers" in values:
        values["layers"] = [_described(inner) for inner in values["layers"]]
    return [type(layer).__name__, values]


def _built(name: str, values: Mapping[str, Any], deepest: int) -> Layer:
    kind = KINDS[LAYERS.get(name, name)]
    types, given = get_type_hints(kind), renamed(values, LAYER_FIELDS)
    for field, value in given.items():
        given[field] = _inner(value, deepest) if field == "layers" else checked(value, types[field])
    made: Layer = kind(**given)
    return made


def _inner(layers: Any, deepest: int) -> tuple[Layer, ...]:
    if not deepest:
        raise ValueError("layers nested too deeply")
    return tuple(
        _built(name, values, deepest - 1) for name, values in checked(layers, list[tuple[str, dict[str, Any]]])
    )
