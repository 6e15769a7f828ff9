"""Which fields of a recipe go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.training.recipe import Recipe


def check_lengths(recipe: Recipe) -> None:
    """Check that fields with a number for each layer have as many as there are layers.

    Parameters
    ----------
    recipe : Recipe
        The recipe.

    Raises
    ------
    UserError
        Where one has more or fewer.
    """
    for name, allowed in (("dropout", {1, len(recipe.hidden)}), ("lr_scales", {0, len(recipe.hidden) + 1})):
        if len(getattr(recipe, name)) not in allowed:
            expected = " or ".join(map(str, sorted(allowed)))
            raise UserError(f"{name} has {len(getattr(recipe, name))} numbers: expected {expected}")
    if not recipe.hidden and any(recipe.dropout):
        raise UserError(
            f"dropout is {recipe.dropout[0]:g} without a hidden layer to put it behind: expected 0, or set hidden"
        )


def check_combinations(recipe: Recipe) -> None:
    """Check that no field makes another one meaningless.

    Parameters
    ----------
    recipe : Recipe
        The recipe.

    Raises
    ------
    UserError
        For fields of which only one can be.
    """
    if bool(recipe.teacher) != bool(recipe.distillation):
        raise UserError(
            f"teacher is '{recipe.teacher}' and distillation {recipe.distillation:g}: expected both of them, or neither"
        )
    if recipe.patience and recipe.all_data:
        raise UserError("patience with all_data: expected one of them, all_data leaves no images to watch")
    if recipe.nesterov and recipe.optimiser != "sgd":
        raise UserError(f"nesterov with optimiser '{recipe.optimiser}': expected it with sgd, or leave it out")
    if recipe.redrawn and recipe.deskew:
        raise UserError("redrawn with deskew: expected one of them, digits are drawn anew with slants of their own")
    if recipe.teacher and recipe.outliers:
        raise UserError("outliers with a teacher: expected one of them, a teacher cannot say what is no digit")
    if recipe.balance and recipe.class_weight:
        raise UserError("balance with class_weight: expected one of them, both make up for rare classes")
