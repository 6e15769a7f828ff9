from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest of each square of 2x2 pixels, a channel at a time; an odd row or column at the edge is dropped.

    A ReLU behind it does the same as one before it, on fewer numbers.
    """

    folds_relu = True

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 3 or min(in_shape[:2]) < 2:
            raise UserError(f"MaxPool() cannot follow shape {in_shape}: it needs (H, W, C), sides 2 or longer")
        height, width, channels = in_shape
        out_shape = (height // 2, width // 2, channels)
        return Plan(out_shape, saved=(Buffer("which", out_shape, each=True, dtype=np.uint8, training=False),))

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.max_pool_forward(slot.out, slot.saved["which"], x, slot.floor)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """An output's gradient goes to the input that it was taken from."""
        if slot.dx is not None:
            slot.kernels.max_pool_backward(slot.dx, dy, slot.saved["which"])
        return slot.dx


@dataclass(frozen=True)
class GlobalAveragePool(Layer):
    """(H, W, C) -> (C,): the mean over the image (Lin, Chen and Yan 2014)."""

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 3:
            raise UserError(f"GlobalAveragePool() cannot follow shape {in_shape}: it needs (H, W, C)")
        return Plan(in_shape[2:])

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.mean_pool_forward(slot.out, x)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """The mean of M numbers moves by 1 / M of what each of them moves."""
        if slot.dx is not None:
            slot.kernels.mean_pool_backward(slot.dx, dy)
        return slot.dx
