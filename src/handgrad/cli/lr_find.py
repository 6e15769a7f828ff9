from pathlib import Path
from typing import Any

import click

from handgrad.cli.options import chosen_recipe, dataset_option, recipe_options
from handgrad.cli.pictures import new_drawing


@click.command("lr-find")
@recipe_options
@dataset_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--low", type=float, default=1e-5, show_default=True, help="First rate.")
@click.option("--high", type=float, default=10.0, show_default=True, help="Last rate.")
@click.option("--steps", type=int, default=300, show_default=True, help="Steps from the first to the last.")
@click.option("--out", type=click.Path(path_type=Path), default="lr.png", show_default=True, help="Picture to write.")
def lr_find(
    name: str, dataset: str, seed: int, low: float, high: float, steps: int, out: Path, **overrides: Any
) -> None:
    """Find a learning rate: train a few steps while it rises, and see where the loss falls fastest."""
    from handgrad.datasets import load
    from handgrad.report import lr_curve, save
    from handgrad.training.lr_find import range_test

    new_drawing(out)
    found = range_test(chosen_recipe(name, overrides), *load(dataset).split(), seed, low, high, steps)
    save(lr_curve(found.rates, found.losses, found.suggestion), out)
    click.echo(f"suggested learning rate {found.suggestion:g}; curve {out}")
