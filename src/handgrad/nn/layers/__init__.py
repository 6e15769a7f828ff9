"""The layers, one a file; `base.py` has their contract."""

from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.layers.batch_norm import BatchNorm
from handgrad.nn.layers.conv import Conv
from handgrad.nn.layers.dense import Dense
from handgrad.nn.layers.dropout import Dropout
from handgrad.nn.layers.ensemble import Vote
from handgrad.nn.layers.flatten import Flatten
from handgrad.nn.layers.pool import GlobalAveragePool, MaxPool
from handgrad.nn.layers.relu import ReLU
from handgrad.nn.layers.residual import Residual
from handgrad.nn.layers.sequential import Sequential

__all__ = [
    "BatchNorm", "Conv", "Dense", "Dropout", "Flatten", "GlobalAveragePool", "Layer", "MaxPool", "Plan", "ReLU",
    "Residual", "Sequential", "Slot", "Vote",
]  # fmt: skip
