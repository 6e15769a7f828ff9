"""Sweeps: fields of a recipe tried at several levels with several seeds, on one machine or many, and a fair choice."""

from handgrad.sweeps.run import Sweep, sweep

__all__ = ["Sweep", "sweep"]
