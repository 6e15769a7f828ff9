"""The named recipes, and recipes from TOML files."""

import difflib
import tomllib
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.files import read_text
from handgrad.model.renamed import RECIPES as RENAMED
from handgrad.nn.layers.chain import chain_plan
from handgrad.nn.network import Network
from handgrad.nn.params import Shape
from handgrad.training.recipe import Recipe

RECIPES = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("assignment", hidden=(100, 200, 200), lr_scales=(0.1, 0.2, 0.1, 0.1), lr=1.0, momentum=0.0,
                   optimiser="sgd", schedule="constant", batch=32, epochs=5, ema=0.999),
            Recipe("mlp", hidden=(512, 512, 512), batch_norm=True, batch=128, epochs=8, lr=3e-3,
                   schedule="one-cycle", weight_decay=0.02, label_smoothing=0.05, ema=0.99, deskew=True,
                   finetune_share=0.25, rotation=8, shear=6, scale=0.1, shift=1, elastic=0.8, unaugmented_share=0.1),
            Recipe("mlp-best", hidden=(2048, 1024, 1024), batch_norm=True, dropout=(0.1,), batch=256, epochs=75,
                   lr=2e-3, beta2=0.99, warmup=0.05, weight_decay=0.02, label_smoothing=0.05, ema=0.999, deskew=True,
                   finetune_share=0.2, rotation=12, shear=10, scale=0.15, shift=2, elastic=1.3, unaugmented_share=0.1,
                   hard_sampling=0.9, teacher="cnn", distillation=1.0, all_data=True, temperature=0.55),
            Recipe("cnn", features=("5x5-16v", "pool", "3x3-48", "3x3-48", "pool", "3x3-96v", "3x3-96",
                   "average"), hidden=(), batch_norm=True, batch=128, epochs=10, lr=1e-2, beta2=0.99,
                   schedule="one-cycle", weight_decay=0.02, label_smoothing=0.05, ema=0.99, normalise="range",
                   finetune_share=0.25, rotation=8, shear=6, scale=0.1, shift=1, elastic=0.8, unaugmented_share=0.1),
            Recipe("quick", features=("5x5-16v", "pool", "3x3-48", "3x3-48", "pool", "3x3-96v", "3x3-96",
                   "average"), hidden=(), batch_norm=True, batch=128, epochs=4, lr=1e-2, beta2=0.99,
                   schedule="one-cycle", weight_decay=0.02, label_smoothing=0.05, ema=0.99, normalise="range",
                   finetune_share=0.25, rotation=8, shear=6, scale=0.1, shift=1, elastic=0.8, unaugmented_share=0.1,
                   all_data=True, temperature=0.55),
            Recipe("cnn-best", features=("5x5-16v", "pool", "3x3-40", "3x3-40", "pool", "3x3-80v", "3x3-80",
                   "average"), hidden=(), members=3, batch_norm=True, batch=384, epochs=120, lr=1e-2, beta2=0.99,
                   schedule="one-cycle", weight_decay=0.02, label_smoothing=0.05, unsmoothed_tail=0.075, ema=0.999,
                   normalise="range", finetune_share=0.25, rotation=12, shear=9, scale=0.15, shift=1.5, elastic=1.2,
                   unaugmented_share=0.1, all_data=True, temperature=0.67),
            Recipe("robust", features=("5x5-32v", "pool", "3x3-64", "3x3-64", "pool", "3x3-128v", "3x3-128",
                   "average"), hidden=(), batch_norm=True, batch=128, epochs=28, lr=1e-2, beta2=0.99,
                   schedule="one-cycle", weight_decay=0.02, label_smoothing=0.02, ema=0.999, normalise="range",
                   finetune_share=0.25, rotation=15, shear=15, scale=0.3, shift=3, elastic=1.0, stroke=0.3,
                   unaugmented_share=0.22, blur=0.6, noise=0.12, contrast=0.7, clutter=0.4, outliers=0.2,
                   wrong_cuts=0.6, redrawn=0.35),
            Recipe("tiny", features=("3x3-8", "pool", "3x3-16", "3x3-16", "pool", "3x3-24", "average"),
                   hidden=(), batch_norm=True, batch=128, epochs=30, lr=1e-2, beta2=0.99, schedule="one-cycle",
                   weight_decay=0.02, label_smoothing=0.02, ema=0.999, normalise="range", deskew=True,
                   finetune_share=0.25, rotation=5, shear=4, scale=0.08, shift=1, elastic=0.5, unaugmented_share=0.1,
                   all_data=True),
            Recipe("speed", features=("5x5-16v", "pool", "3x3-32", "pool", "3x3-64v"), hidden=(),
                   batch_norm=True, batch=128, epochs=1, lr=2e-2, beta2=0.99, schedule="one-cycle", ema=0.9,
                   normalise="range", shift=1, all_data=True),
        )
    }
)  # fmt: skip


def recipe(name_or_path: str | Path) -> Recipe:
    """Return a named recipe, or one from a TOML file.

    Parameters
    ----------
    name_or_path : str or pathlib.Path
        One of `RECIPES`, or a file ending in .toml. The file's `name` says which recipe the rest of the file changes.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    UserError
        For an unknown name, an unreadable file, and fields or values that recipes do not have.

    Examples
    --------
    >>> recipe("assignment").hidden
    (100, 200, 200)
    """
    name = RENAMED.get(str(name_or_path), str(name_or_path))
    if name in RECIPES and not isinstance(name_or_path, Path):
        return RECIPES[name]
    path = Path(name_or_path)
    if path.suffix != ".toml":
        near = difflib.get_close_matches(name, RECIPES, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"expected {', '.join(RECIPES)} or a .toml file"
        raise UserError(f"no recipe '{name_or_path}': {hint}")
    values = _read(path)
    named = str(values.get("name", ""))
    return Recipe.from_json(values, RECIPES.get(RENAMED.get(named, named)))


def fitting_network(
    recipe: Recipe, outputs: int, shape: Shape, seed: int, dtype: npt.DTypeLike = np.float32
) -> Network:
    """Build the network of a recipe.

    Parameters
    ----------
    recipe : Recipe
        What to build.
    outputs : int
        How many logits it has.
    shape : tuple of int
        (H, W, C) of the images.
    seed : int
        What the weights start from.
    dtype : dtype
        float32 to train, float64 to check.

    Returns
    -------
    Network
        At its start.

    Raises
    ------
    UserError
        Where the recipe does not fit images of this size; it names the recipes that do.
    """
    try:
        return Network(recipe.layers(outputs), shape, seed, dtype)
    except UserError as error:
        fitting = [name for name, other in RECIPES.items() if fits(other, outputs, shape)]
        raise UserError(
            f"recipe '{recipe.name}' does not fit images of {'x'.join(map(str, shape))}: {error}; "
            f"choose one that does: {', '.join(fitting)}"
        ) from None


def fits(recipe: Recipe, outputs: int, shape: Shape) -> bool:
    """Say whether a recipe can be trained on images of a size.

    Parameters
    ----------
    recipe : Recipe
        What to build.
    outputs : int
        How many logits it has.
    shape : tuple of int
        (H, W, C) of the images.

    Returns
    -------
    bool
        Whether its layers can follow such images, and all that it learns from can be of that size.
    """
    if shape != (28, 28, 1) and (recipe.teacher or recipe.outliers or recipe.redrawn):
        return False  # teacher, outliers and redrawn copies are of MNIST's size
    try:
        chain_plan(recipe.layers(outputs), shape)
    except UserError:
        return False
    return True


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_text(path))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give the path of a recipe") from None
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or numbers of thousands of digits
        raise UserError(f"{path}: not a TOML file: {error}") from None
