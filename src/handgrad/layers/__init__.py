"""The layers, one a file; `base.py` has their contract."""

from handgrad.layers.activation import ReLU
from handgrad.layers.base import Layer, Plan, Slot
from handgrad.layers.dense import Dense
from handgrad.layers.dropout import Dropout
from handgrad.layers.norm import BatchNorm
from handgrad.layers.reshape import Flatten

__all__ = ["BatchNorm", "Dense", "Dropout", "Flatten", "Layer", "Plan", "ReLU", "Slot"]
