import math
from dataclasses import dataclass

from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Flatten(Layer):
    """(H, W, C) -> (H * W * C,), rows first and channels last."""

    def plan(self, in_shape: Shape) -> Plan:
        return Plan((math.prod(in_shape),))

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x
        return x.reshape(len(x), -1)

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        return dy.reshape(slot.x.shape)
