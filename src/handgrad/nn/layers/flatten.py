"""Images as vectors."""

import math
from dataclasses import dataclass

from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Flatten(Layer):
    """Turn images (H, W, C) into vectors (H * W * C,), rows first and channels last.

    Output and gradient are views of the arrays that it is given; nothing is copied.
    """

    def plan(self, in_shape: Shape) -> Plan:
        return Plan((math.prod(in_shape),), own_output="never")

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x
        return x.reshape(len(x), -1)  # (N, H * W * C)

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        return dy.reshape(slot.x.shape)  # (N, H, W, C)
