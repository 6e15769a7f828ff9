"""Pooling: fewer pixels, from the maximum of each square or the mean of the whole image."""

from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class MaxPool(Layer):
    """Maximum of each square of 2x2 pixels, one channel at a time.

    A last row or column without a partner is dropped. A ReLU behind this layer gives the same as one before it, from a
    quarter of the elements.

    Notes
    -----
    The gradient of an output goes to the input that it was taken from, the first one where several are equal, and all
    other inputs get 0. Forward keeps in `which` where in its square each maximum was.
    """

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 3 or min(in_shape[:2]) < 2:
            raise UserError(f"MaxPool() cannot follow shape {in_shape}: it needs (H, W, C), sides 2 or longer")
        height, width, channels = in_shape
        out_shape = (height // 2, width // 2, channels)
        which = Buffer("which", out_shape, per_image=True, dtype=np.uint8, train_only=False)
        return Plan(out_shape, cache=(which,), folds_relu=True)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.max_pool_forward(slot.out, slot.cache["which"], x, slot.floor)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if slot.dx is not None:
            slot.kernels.max_pool_backward(slot.dx, dy, slot.cache["which"])
        return slot.dx


@dataclass(frozen=True)
class GlobalAveragePool(Layer):
    """Mean of each channel over the image, (H, W, C) to (C,) (Lin, Chen and Yan 2014).

    Notes
    -----
    out[n, c] = sum over y, x of x[n, y, x, c] / (H W), so each pixel gets the gradient dL/dout[n, c] / (H W).
    """

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 3:
            raise UserError(f"GlobalAveragePool() cannot follow shape {in_shape}: it needs (H, W, C)")
        return Plan(in_shape[2:])

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.mean_pool_forward(slot.out, x)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if slot.dx is not None:
            slot.kernels.mean_pool_backward(slot.dx, dy)
        return slot.dx
