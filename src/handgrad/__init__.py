"""Handwritten-digit classifiers from scratch: every layer, gradient and update in NumPy and Numba."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad.datasets import Images, load
    from handgrad.errors import UserError
    from handgrad.model import Model, pretrained
    from handgrad.network import Network
    from handgrad.recipes import Recipe, recipe
    from handgrad.sweeps import sweep
    from handgrad.train import Epoch, Step, Trainer

__version__ = "0.1.0"
__all__ = [
    "Epoch", "Images", "Model", "Network", "Recipe", "Step", "Trainer", "UserError", "load", "pretrained", "recipe",
    "sweep",
]  # fmt: skip

_HOMES = {
    "Epoch": "train", "Images": "datasets", "Model": "model", "Network": "network", "Recipe": "recipes",
    "Step": "train", "Trainer": "train", "UserError": "errors", "load": "datasets", "pretrained": "model",
    "recipe": "recipes", "sweep": "sweeps",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names, each imported when it is first asked for: `import handgrad` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'handgrad' has no attribute '{name}'")
    return getattr(import_module(f"handgrad.{_HOMES[name]}"), name)
