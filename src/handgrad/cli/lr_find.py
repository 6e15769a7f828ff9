from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.options import RecipeCommand, chosen_recipe, dataset_option, recipe_options
from handgrad.cli.pictures import new_drawing

if TYPE_CHECKING:
    from handgrad.training.data import Source


@click.command("lr-find", cls=RecipeCommand)
@recipe_options
@dataset_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of every random number.")
@click.option("--low", type=float, default=1e-5, show_default=True, help="First rate.")
@click.option("--high", type=float, default=10.0, show_default=True, help="Last rate.")
@click.option("--steps", type=int, default=300, show_default=True, help="Steps from the first to the last.")
@click.option("--out", type=click.Path(path_type=Path), default="lr.png", show_default=True, help="Picture to write.")
def lr_find(
    name: str, dataset: Source, seed: int, low: float, high: float, steps: int, out: Path, **overrides: Any
) -> None:
    """Find a learning rate: train a few steps while it rises, and see where the loss is lowest.

    The rate suits schedules with a warm-up, as one-cycle; adam at a constant rate without batch-norm may need less.
    """
    from handgrad.report import lr_curve, save
    from handgrad.training.lr_find import range_test

    new_drawing(out)
    data, _ = dataset.load().split()
    found = range_test(chosen_recipe(name, overrides), data, seed, low, high, steps)
    save(lr_curve(found.rates, found.losses, found.suggestion), out)
    click.echo(f"suggested learning rate {found.suggestion:g}; curve {out}")
