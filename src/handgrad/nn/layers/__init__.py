"""The layers, one kind a file; `base` has their contract, `chain` runs several of them one after another.

Every module of this folder is imported, and each layer enters itself into `LAYERS`, so `from handgrad.nn.layers import
Dense` finds any of them. The package's own code imports them from their modules, where their types are known.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from handgrad.nn.layers.base import LAYERS, Layer, Plan, Slot

__all__ = ["LAYERS", "Layer", "Plan", "Slot"]

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)


def __getattr__(name: str) -> Any:
    if name not in LAYERS:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return LAYERS[name]
