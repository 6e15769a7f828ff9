"""Residual connections."""

from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.nn.layers.base import NO_FLOOR, Buffer, Layer, Plan, Slot
from handgrad.nn.layers.chain import chain_backward, chain_forward, chain_plan
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Residual(Layer):
    """A residual connection, out = x + f(x), where f are the layers inside (He et al. 2016).

    Parameters
    ----------
    layers : tuple of Layer
        The layers of f, from the input on; at least one. Together they keep the shape.

    Raises
    ------
    UserError
        When there are no layers.

    Notes
    -----
    dL/dx = dL/dout + dL/dout df/dx. The layers inside may change the gradient that they are given, so they get a copy.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise UserError("Residual(()): expected at least one layer")

    def plan(self, in_shape: Shape) -> Plan:
        inner = chain_plan(self.layers, in_shape)
        if inner[-1].out_shape != in_shape:
            raise UserError(f"Residual: its layers turn {in_shape} into {inner[-1].out_shape}: expected the same shape")
        return Plan(in_shape, cache=(Buffer("dy", in_shape, per_image=True),), inner=inner, folds_relu=True)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.add(slot.out, x, chain_forward(self.layers, x, slot.inner), slot.floor)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if slot.floor == 0:
            slot.kernels.relu_backward(dy, slot.out)
        copy = slot.cache["dy"]
        slot.kernels.take_rows(copy.reshape(len(copy), -1), dy.reshape(len(dy), -1), 0, 1)
        through = chain_backward(self.layers, copy, slot.inner)
        if slot.dx is not None and through is not None:
            slot.kernels.add(slot.dx, dy, through, NO_FLOOR)
        return slot.dx
