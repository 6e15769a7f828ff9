"""Names that have changed: what files of earlier versions call things, so that they still load."""

from collections.abc import Mapping
from typing import Any

from handgrad.errors import UserError

RECIPES: dict[str, str] = {}
RECIPE_FIELDS: dict[str, str] = {}


def renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return values under their present names.

    Parameters
    ----------
    values : mapping of str to object
        Under present or earlier names.
    names : mapping of str to str
        Earlier names, and the present one of each.

    Returns
    -------
    dict of str to object
        The same values, in the same order.

    Raises
    ------
    UserError
        Where a value is given under both of its names.

    """
    for old in values:
        if old in names and names[old] in values:
            raise UserError(f"'{old}' is the earlier name of '{names[old]}': got both, expected one of them")
    return {names.get(name, name): value for name, value in values.items()}
