"""Handwritten-digit classifiers from scratch: every layer, gradient and update in NumPy and Numba."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad.datasets import Images, load
    from handgrad.errors import UserError
    from handgrad.model.model import Model, pretrained
    from handgrad.nn.network import Network
    from handgrad.sweeps import sweep
    from handgrad.training.recipe import Recipe, recipe
    from handgrad.training.trainer import Epoch, Step, Trainer

__all__ = [
    "Epoch", "Images", "Model", "Network", "Recipe", "Step", "Trainer", "UserError", "load", "pretrained", "recipe",
    "sweep",
]  # fmt: skip

_HOMES = {
    "Epoch": "training.trainer", "Images": "datasets", "Model": "model.model", "Network": "nn.network",
    "Recipe": "training.recipe", "Step": "training.trainer", "Trainer": "training.trainer", "UserError": "errors",
    "load": "datasets", "pretrained": "model.model", "recipe": "training.recipe", "sweep": "sweeps",
    "__version__": "version",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names, each imported when it is first asked for: `import handgrad` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'handgrad' has no attribute '{name}'")
    return getattr(import_module(f"handgrad.{_HOMES[name]}"), name)
