"""Names that have changed: what files of earlier versions call things, so that they still load."""

from collections.abc import Mapping
from typing import Any

from handgrad.errors import UserError

RECIPES = {"cnn-robust": "robust", "cnn-tiny": "tiny"}
RECIPE_FIELDS = {
    "columns": "members", "layer_lr": "lr_scales", "decay": "weight_decay", "clip": "clip_norm", "average": "ema",
    "smoothing": "label_smoothing", "sharp": "unsmoothed_tail", "clean": "unaugmented_share", "calm": "finetune_share",
    "focus": "hard_sampling",
}  # fmt: skip
LAYERS = {"Vote": "Ensemble"}
LAYER_FIELDS = {"lr": "lr_scale"}
MODEL_HEADER = {"upright": "deskew", "least": "thresholds", "threshold": "thresholds"}
CHECKPOINT_ARRAYS = {"average.theta": "ema.theta", "average.state": "ema.state"}


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

    Examples
    --------
    >>> renamed({"smoothing": 0.1, "lr": 1.0}, RECIPE_FIELDS)
    {'label_smoothing': 0.1, 'lr': 1.0}
    """
    for old in values:
        if old in names and names[old] in values:
            raise UserError(f"'{old}' is the earlier name of '{names[old]}': got both, expected one of them")
    return {names.get(name, name): value for name, value in values.items()}
