from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.layers.chain import chain_backward, chain_forward, chain_plan
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Residual(Layer):
    """out = x + f(x), with f the layers inside, which keep the shape (He et al. 2016)."""

    layers: tuple[Layer, ...]
    folds_relu = True

    def __post_init__(self) -> None:
        if not self.layers:
            raise UserError("Residual(()): expected at least one layer")

    def plan(self, in_shape: Shape) -> Plan:
        inner = chain_plan(self.layers, in_shape)
        if inner[-1].out_shape != in_shape:
            raise UserError(f"Residual: its layers turn {in_shape} into {inner[-1].out_shape}: expected the same shape")
        return Plan(in_shape, saved=(Buffer("dy", in_shape, each=True),), inner=inner)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.add(slot.out, x, chain_forward(self.layers, x, slot.inner), slot.floor)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """dL/dx = dy + dy df/dx; the layers inside may use dy up, so they get a copy."""
        if slot.floor == 0:
            slot.kernels.relu_backward(dy, slot.out)
        slot.saved["dy"][...] = dy
        through = chain_backward(self.layers, slot.saved["dy"], slot.inner)
        if slot.dx is not None and through is not None:
            slot.kernels.add(slot.dx, dy, through, -float("inf"))
        return slot.dx
