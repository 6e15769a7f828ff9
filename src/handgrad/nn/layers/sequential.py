"""Several layers in a row as one layer."""

from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.layers.chain import chain_backward, chain_forward, chain_plan
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Sequential(Layer):
    """Layers in a row as one layer.

    Parameters
    ----------
    layers : tuple of Layer
        The layers, from the input on; at least one.

    Raises
    ------
    UserError
        When there are no layers.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise UserError("Sequential(()): expected at least one layer")

    def plan(self, in_shape: Shape) -> Plan:
        inner = chain_plan(self.layers, in_shape)
        return Plan(inner[-1].out_shape, inner=inner, own_output="never")

    def forward(self, x: Array, slot: Slot) -> Array:
        return chain_forward(self.layers, x, slot.inner)

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        return chain_backward(self.layers, dy, slot.inner)
