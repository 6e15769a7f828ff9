"""The layers, one a file; `base.py` has their contract."""

from handgrad.layers.activation import ReLU
from handgrad.layers.base import Layer, Plan, Slot
from handgrad.layers.conv import Conv
from handgrad.layers.dense import Dense
from handgrad.layers.dropout import Dropout
from handgrad.layers.norm import BatchNorm
from handgrad.layers.pool import GlobalAveragePool, MaxPool
from handgrad.layers.reshape import Flatten
from handgrad.layers.residual import Residual
from handgrad.layers.sequential import Sequential
from handgrad.layers.vote import Vote

__all__ = [
    "BatchNorm", "Conv", "Dense", "Dropout", "Flatten", "GlobalAveragePool", "Layer", "MaxPool", "Plan", "ReLU",
    "Residual", "Sequential", "Slot", "Vote",
]  # fmt: skip
