"""Handwritten-digit classifiers from scratch: every layer, gradient and update in NumPy and Numba.

>>> import handgrad
>>> page = handgrad.read_page("photo.jpg")  # doctest: +SKIP
>>> print(page.text)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what the table below says, for editors and type checkers
    from handgrad.datasets import Images as Images
    from handgrad.errors import UserError as UserError
    from handgrad.estimator import DigitClassifier as DigitClassifier
    from handgrad.model.model import Model as Model
    from handgrad.model.shipped import pretrained as pretrained
    from handgrad.nn.network import Network as Network
    from handgrad.reading import Answer as Answer
    from handgrad.reading import Page as Page
    from handgrad.reading import Refusal as Refusal
    from handgrad.reading import read_digit as read_digit
    from handgrad.reading import read_page as read_page
    from handgrad.reading import read_pages as read_pages
    from handgrad.sweeps import sweep as sweep
    from handgrad.training.data import load as load
    from handgrad.training.progress import Epoch as Epoch
    from handgrad.training.progress import Step as Step
    from handgrad.training.recipe import Recipe as Recipe
    from handgrad.training.recipes import recipe as recipe
    from handgrad.training.trainer import Trainer as Trainer

__version__ = "0.1.0"

HOMES = {
    "Answer": "reading", "DigitClassifier": "estimator", "Epoch": "training.progress", "Images": "datasets",
    "Model": "model.model", "Network": "nn.network", "Page": "reading", "Recipe": "training.recipe",
    "Refusal": "reading", "Step": "training.progress", "Trainer": "training.trainer", "UserError": "errors",
    "load": "training.data", "pretrained": "model.shipped", "read_digit": "reading", "read_page": "reading",
    "read_pages": "reading", "recipe": "training.recipes", "sweep": "sweeps",
}  # fmt: skip
__all__ = [*HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: `import handgrad` costs nothing."""
    if name not in HOMES:
        raise AttributeError(f"module 'handgrad' has no attribute '{name}'")
    return getattr(import_module(f"handgrad.{HOMES[name]}"), name)
