from dataclasses import dataclass

from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class ReLU(Layer):
    """out = max(0, x) (Nair and Hinton 2010). Behind hidden layers, never the last: logits may be negative."""

    def plan(self, in_shape: Shape) -> Plan:
        return Plan(in_shape)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.relu_forward(slot.out, x)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """The slope is 1 where the output is above 0, else 0."""
        slot.kernels.relu_backward(dy, slot.out)
        return dy
