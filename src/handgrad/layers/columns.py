from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.layers.base import Buffer, Layer, Plan, Slot
from handgrad.layout import Array, Shape


@dataclass(frozen=True)
class Columns(Layer):
    """out[m] = layers[m](x): networks side by side, that share nothing but the input.

    Each gives logits (N, K); out is (N, M, K), for `Vote` to make one answer of (Ciresan, Meier and Schmidhuber 2012,
    "Multi-column Deep Neural Networks for Image Classification").
    """

    layers: tuple[Layer, ...]
    side_by_side = True

    def __post_init__(self) -> None:
        if not self.layers:
            raise UserError("Columns(()): expected at least one column")

    def plan(self, in_shape: Shape) -> Plan:
        inner = tuple(layer.plan(in_shape) for layer in self.layers)
        shapes = {plan.out_shape for plan in inner}
        if len(shapes) > 1 or len(inner[0].out_shape) != 1:
            raise UserError(f"Columns: they give {sorted(shapes)}: expected as many logits from each")
        out_shape = inner[0].out_shape
        return Plan((len(inner), *out_shape), saved=(Buffer("dy", out_shape, each=True),), inner=inner)

    def forward(self, x: Array, slot: Slot) -> Array:
        for i, (layer, inside) in enumerate(zip(self.layers, slot.inner, strict=True)):
            slot.out[:, i] = layer.forward(x, inside)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if slot.dx is not None:
            slot.dx[...] = 0
        for i, (layer, inside) in enumerate(zip(self.layers, slot.inner, strict=True)):
            slot.saved["dy"][...] = dy[:, i]
            dx = layer.backward(slot.saved["dy"], inside)
            if slot.dx is not None and dx is not None:
                slot.dx += dx
        return slot.dx
