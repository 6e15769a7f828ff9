from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.options import RecipeCommand, chosen_recipe, dataset_option, recipe_options

if TYPE_CHECKING:
    from handgrad.training.data import Source


@click.command(cls=RecipeCommand)
@recipe_options
@dataset_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the weights.")
def inspect(name: str, dataset: Source, seed: int, **overrides: Any) -> None:
    """Show a recipe's network, a line for each layer, and whether its signals keep their level at the start.

    Healthy: standard deviations of one order of magnitude from top to bottom, and few dead units.
    """
    from handgrad.nn.network import shape_text
    from handgrad.training.inspect import inspect as measure
    from handgrad.training.inspect import step_memory
    from handgrad.training.trainer import Trainer

    recipe, (data, valid) = chosen_recipe(name, overrides), dataset.load().split()
    rows = measure(recipe, data, seed)
    click.echo(f"{'layer':<18}{'shape':>9}{'parameters':>13}{'activation':>12}{'gradient':>11}{'dead units':>12}")
    for row in rows:
        count = f"{row.parameters:,}" if row.parameters else ""
        gradient = "" if row.gradient is None else f"{row.gradient:.3g}"
        click.echo(
            f"{row.layer:<18}{shape_text(row.shape):>9}{count:>13}{row.activation:>12.3g}{gradient:>11}{row.dead:>12.1%}"
        )
    few = data[: recipe.batch]  # enough to say what a step needs
    memory = step_memory(Trainer(recipe.change(all_data=False), few, valid[:1], seed))
    parameters = sum(row.parameters for row in rows)
    members = f", {recipe.members} members of {parameters:,}" if recipe.members > 1 else ""
    click.echo(f"{parameters * recipe.members:,} parameters{members}")
    click.echo(f"{memory / 2**20:,.1f} MiB for a training step of {len(few)} images, beside the data")
