from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.options import RecipeCommand, chosen_recipe, dataset_option, recipe_options

if TYPE_CHECKING:
    from handgrad.training.data import Source

IMAGES = 4  # for each member


@click.command(cls=RecipeCommand)
@recipe_options
@dataset_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of weights, images and directions.")
def gradcheck(name: str, dataset: Source, seed: int, **overrides: Any) -> None:
    """Check the gradients of a recipe's network: a line a layer, with the largest relative error.

    In float64, each parameter is moved a little, forwards and backwards, and the difference of the loss is compared
    with what backpropagation says. The exit code is 0 if all errors are below 1e-6, else 1.
    """
    from handgrad.nn.gradients import TOLERANCE, check_gradients
    from handgrad.training.inspect import exact_network

    recipe, (data, _) = chosen_recipe(name, overrides), dataset.load().split()
    network = exact_network(recipe, data, seed)
    rows = check_gradients(network, seed, IMAGES * recipe.members, recipe.label_smoothing)
    click.echo(f"{'':<8}{'layer':<24}{'parameters':>12}{'largest relative error':>26}")
    for row in rows:
        wrong = "" if row.error < TOLERANCE else "  wrong"
        click.echo(f"{row.place:<8}{row.layer:<24}{row.parameters:>12,}{row.error:>26.1e}{wrong}")
    wrong_ones = sum(row.error >= TOLERANCE for row in rows)
    verdict = f"{wrong_ones} wrong: {TOLERANCE:g} or more" if wrong_ones else f"all below {TOLERANCE:g}"
    click.echo(f"{len(rows)} layers with parameters, {verdict}")
    if wrong_ones:
        sys.exit(1)
