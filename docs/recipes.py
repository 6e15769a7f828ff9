"""Write docs/recipes.md from the fields of a recipe and the named recipes: `make docs`."""

from itertools import groupby
from pathlib import Path

from handgrad.model.renamed import RECIPE_FIELDS, RECIPES
from handgrad.training.options import Named, options
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import RECIPES as NAMED

PAGE = Path(__file__).with_suffix(".md")
HEAD = """# Recipes

A recipe holds every number that training depends on. `handgrad train --recipe NAME` takes a named one, `--recipe
FILE.toml` one from a file (start from `handgrad recipes NAME > FILE.toml`), and any field is an option too:
`--weight-decay 0.02` for `weight_decay`. `handgrad recipes` lists the recipes, `handgrad recipes NAME` shows one.

This page is made from the code by `make docs`.
"""


def shown(value: object) -> str:
    """A value as one writes it in TOML, without quotes."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return (f"{value:g}" if isinstance(value, float) else str(value)) or "none"


def field_table(named: list[Named]) -> list[str]:
    lines = ["| field | default | values | |", "| --- | --- | --- | --- |"]
    for each in named:
        lines.append(f"| `{each.name}` | {shown(each.default)} | {each.option.values} | {each.option.help} |")
    return lines


def recipe_lines(recipe: Recipe) -> list[str]:
    """What a named recipe changes, a line a recipe."""
    changed = {name: getattr(recipe, name) for name, each in options(Recipe).items()
               if getattr(recipe, name) != each.default}  # fmt: skip
    values = ", ".join(f"{name} {shown(value)}" for name, value in changed.items())
    return [f"- **{recipe.name}**: {values}"]


NOTES = {
    "data": "`balance` and `class_weight` both make up for rare classes: `balance` draws their images more often, and "
    "those of frequent classes not in every epoch, while `class_weight` draws every image once and multiplies its part "
    "of the gradient by the weight of its class.",
}  # below the table of a group


def page() -> str:
    lines = [HEAD]
    for group, named in groupby(options(Recipe).values(), key=lambda each: each.option.group):
        lines += [f"## {group.capitalize()}", "", *field_table(list(named)), ""]
        lines += [NOTES[group], ""] if group in NOTES else []
    lines += ["## Named recipes", "", "Each changes these defaults:", ""]
    lines += [line for recipe in NAMED.values() for line in recipe_lines(recipe)]
    lines += [
        "",
        "## Earlier names",
        "",
        "Files of earlier versions still load. What they call fields and recipes:",
        "",
    ]
    lines += ["| earlier | now |", "| --- | --- |"]
    lines += [f"| `{old}` | `{new}` |" for old, new in {**RECIPE_FIELDS, **RECIPES}.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
