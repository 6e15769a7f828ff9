"""Sweeps: a recipe's fields over levels and seeds, on one machine or many, and an honest choice."""

from handgrad.sweeps.run import Sweep, sweep

__all__ = ["Sweep", "sweep"]
