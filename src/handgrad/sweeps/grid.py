"""The grid of a sweep: which fields of a recipe vary, over which levels."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, get_type_hints

from handgrad.errors import UserError
from handgrad.training.recipe import Recipe, reject_unknown

Vary = Mapping[str, Sequence[Any]]
FIXED = ("name", "all_data")  # a sweep chooses on validation images, which all_data would learn from


def parse_vary(texts: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """`dropout=0,0.1/0.3` -> {"dropout": (0.0, (0.1, 0.3))}: commas between levels, slashes within one."""
    vary: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        name, equals, levels = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not levels:
            raise UserError(f"--vary {text}: expected FIELD=LEVEL,LEVEL,... as in dropout=0,0.1,0.2")
        reject_unknown(name)
        if name in vary:
            raise UserError(f"--vary {name} is given twice: list all its levels in one")
        vary[name] = tuple(_level(name, level.strip()) for level in levels.split(","))
    return vary


def cells(recipe: Recipe, vary: Vary) -> dict[str, Recipe]:
    """{what a cell is called: its recipe}, every combination of the levels; UserError for one that no recipe takes."""
    if not vary:
        raise UserError("nothing varies: name a field and its levels, as in dropout=0,0.1,0.2")
    for name, levels in vary.items():
        if name in FIXED:
            raise UserError(f"{name} cannot be varied: it says nothing about how well a network generalises")
        if not levels:
            raise UserError(f"{name} has no levels: name one at least")
    found: dict[str, Recipe] = {}
    for levels in product(*vary.values()):
        cell = dict(zip(vary, levels, strict=True))
        changed = recipe.change(**cell)
        # named after what the recipe made of it: 0 and 0.0 are one level
        name = ", ".join(f"{field} {level_text(getattr(changed, field))}" for field in cell)
        if name in found:
            raise UserError(f"{name} is listed twice: list each level once")
        found[name] = changed
    return found


def level_text(value: Any) -> str:
    """A level as one writes it: 0.1, 0.1/0.3, adamw, yes."""
    if isinstance(value, (tuple, list)):
        return "/".join(map(level_text, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def level_value(value: Any) -> Any:
    """A level for a table of numbers: a number where it is one."""
    if isinstance(value, (tuple, list)):
        return value[0] if len(value) == 1 else level_text(value)
    return value


def _level(name: str, text: str) -> Any:
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
