"""The rectified linear unit."""

from dataclasses import dataclass

from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class ReLU(Layer):
    """Rectified linear unit, out = max(0, x) (Nair and Hinton 2010).

    It belongs behind hidden layers and never last, since logits may be negative. Behind a layer that can apply it on
    the way, it costs nothing.

    Notes
    -----
    The slope is 1 where the output is above 0, and 0 elsewhere: dL/dx = dL/dout where out > 0, else 0. So `dy` is
    masked in place.
    """

    def plan(self, in_shape: Shape) -> Plan:
        return Plan(in_shape, is_relu=True)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.kernels.relu_forward(slot.out, x)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        slot.kernels.relu_backward(dy, slot.out)
        return dy
