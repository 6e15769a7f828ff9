"""The grid of a sweep: which fields of a recipe vary, and over which levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, get_type_hints

import numpy as np

from handgrad.errors import UserError
from handgrad.training.recipe import Recipe, reject_unknown

Vary = Mapping[str, Iterable[Any]]
Levels = dict[str, tuple[Any, ...]]
FIXED = ("name", "all_data")  # a sweep chooses on validation images, and all_data would train on them


def parse_vary(texts: Iterable[str]) -> Levels:
    """Read levels as the command line takes them: commas between levels, slashes within one.

    Parameters
    ----------
    texts : iterable of str
        `FIELD=LEVEL,LEVEL,...` for each field that varies.

    Returns
    -------
    dict of str to tuple
        The levels of each field.

    Raises
    ------
    UserError
        For an unknown field, a field that is given twice, and a level that the field does not take.

    Examples
    --------
    >>> parse_vary(["dropout=0,0.1/0.3", "batch-norm=yes"])
    {'dropout': ((0.0,), (0.1, 0.3)), 'batch_norm': (True,)}
    """
    vary: Levels = {}
    for text in texts:
        name, equals, levels = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not levels:
            raise UserError(f"--vary {text}: expected FIELD=LEVEL,LEVEL,... as in dropout=0,0.1,0.2")
        reject_unknown(name)
        if name in vary:
            raise UserError(f"--vary {name} is given twice: list all its levels in one")
        vary[name] = tuple(_parse_level(name, level.strip()) for level in levels.split(","))
    return vary


def as_levels(vary: Vary) -> Levels:
    """Return levels as tuples of Python values.

    Parameters
    ----------
    vary : mapping of str to iterable
        The levels of each field: a list, a NumPy array, a pandas Series, a range, a generator.

    Returns
    -------
    dict of str to tuple
        The same levels, with Python's numbers for NumPy's, and tuples for sequences within a level.

    Raises
    ------
    UserError
        If nothing varies, a field may not vary or has no levels, or its levels are not a sequence.

    Examples
    --------
    >>> as_levels({"dropout": np.linspace(0, 0.5, 3), "epochs": range(1, 3)})
    {'dropout': (0.0, 0.25, 0.5), 'epochs': (1, 2)}
    """
    if not vary:
        raise UserError("nothing varies: name a field and its levels, as in dropout=0,0.1,0.2")
    levels = {}
    for name, given in vary.items():
        if name in FIXED:
            raise UserError(f"{name} cannot be varied: it says nothing about how well a network generalises")
        found = _plain(given)
        if not isinstance(found, tuple):
            raise UserError(f"the levels of {name} are {found!r}: expected a sequence, as in [0, 0.1]")
        if not found:
            raise UserError(f"{name} has no levels: name one at least")
        levels[name] = found
    return levels


def cells(recipe: Recipe, levels: Levels) -> dict[str, Recipe]:
    """Return every combination of the levels.

    Parameters
    ----------
    recipe : Recipe
        What all cells share.
    levels : dict of str to tuple
        The levels of each field, from `as_levels`.

    Returns
    -------
    dict of str to Recipe
        The recipe of each cell, under its name: fields and levels in words.

    Raises
    ------
    UserError
        If no recipe takes a level, or a level is listed twice.
    """
    found: dict[str, Recipe] = {}
    for combination in product(*levels.values()):
        changed = recipe.change(**dict(zip(levels, combination, strict=True)))
        # named after the recipe's values, not the given ones: 0 and 0.0 are one level
        name = ", ".join(f"{field} {level_text(getattr(changed, field))}" for field in levels)
        if name in found:
            raise UserError(f"{name} is listed twice: list each level once")
        found[name] = changed
    return found


def level_text(value: Any) -> str:
    """Return a level as one writes it.

    Parameters
    ----------
    value : bool, int, float, str or sequence
        A field's value.

    Returns
    -------
    str
        Such as 0.1, 0.1/0.3, adamw or yes.
    """
    if isinstance(value, (tuple, list)):
        return "/".join(map(level_text, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def level_value(value: Any) -> Any:
    """Return a level for a table, as a number where it is one.

    Parameters
    ----------
    value : bool, int, float, str or sequence
        A field's value.

    Returns
    -------
    bool, int, float or str
        The value; the element of a sequence of one; the words for any other sequence.
    """
    if isinstance(value, (tuple, list)):
        return value[0] if len(value) == 1 else level_text(value)
    return value


def _plain(value: Any) -> Any:
    """A value in Python's own types; anything that can be iterated over becomes a tuple."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    for kind, own in ((np.bool_, bool), (np.integer, int), (np.floating, float), (np.str_, str)):
        if isinstance(value, kind):
            return own(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(map(_plain, value))
    return value


def _parse_level(name: str, text: str) -> Any:
    kind = get_type_hints(Recipe)[name]
    words = {"yes": True, "true": True, "no": False, "false": False}
    try:
        if kind is bool:
            return words[text.lower()]
        if kind in (int, float, str):
            return kind(text)
        each = int if kind == tuple[int, ...] else float
        return tuple(each(part) for part in text.split("/"))
    except (ValueError, KeyError):
        expected = {bool: "yes or no", int: "a whole number", float: "a number"}.get(kind, "numbers with / between")
        raise UserError(f"--vary {name}: got the level '{text}', expected {expected}") from None
