from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.options import RecipeCommand, chosen_recipe, dataset_option, recipe_options
from handgrad.cli.pictures import new_drawing

if TYPE_CHECKING:
    from handgrad.training.data import Source


@click.command(cls=RecipeCommand)
@recipe_options
@dataset_option
@click.option("--out", type=click.Path(path_type=Path), default="grid.png", show_default=True, help="Picture to write.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the distortions.")
@click.option("--rows", type=click.IntRange(1, 40), default=10, show_default=True, help="Images to show.")
@click.option("--variants", type=click.IntRange(1, 40), default=10, show_default=True, help="Variants of each.")
def augment(name: str, dataset: Source, out: Path, seed: int, rows: int, variants: int, **overrides: Any) -> None:
    """Draw training images beside the distorted variants that a recipe makes of them."""
    import numpy as np

    from handgrad.images.augment import Augmenter
    from handgrad.kernels import backend
    from handgrad.report import grid, save

    new_drawing(out)
    recipe, images = chosen_recipe(name, overrides), dataset.load().train[:rows]
    plain = np.zeros(images.shape, np.float32)
    augmenter = Augmenter(recipe.augmentation(), plain, plain + 1, backend("naive"), seed)
    augmenter.begin_epoch(0)
    made = np.empty((len(images) * variants, *images.shape), np.float32)
    augmenter(made, images.nhwc, np.repeat(np.arange(len(images)), variants), 0)
    shape = (len(images), variants, *images.pixels.shape[1:])
    save(grid(images.pixels, np.rint(made.clip(0, 255)).astype(np.uint8).reshape(shape)), out)
    click.echo(f"drew {len(images)} images and {variants} variants of each: {out}")
