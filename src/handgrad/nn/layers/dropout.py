from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Dropout(Layer):
    """Inverted dropout (Srivastava et al. 2014): in training, each number is zeroed with probability `rate` and the
    rest grow by 1 / (1 - rate), so that nothing has to change when predicting.
    """

    rate: float
    random = True

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise UserError(f"dropout is {self.rate}: expected a rate from 0 up to, not including, 1")

    def plan(self, in_shape: Shape) -> Plan:
        return Plan(in_shape)

    def forward(self, x: Array, slot: Slot) -> Array:
        if not slot.train:
            return x
        slot.kernels.dropout(slot.out, x, self.rate, slot.key)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """The mask again, from the same key: d(mask * x / keep) = mask * dx / keep."""
        if slot.dx is not None:
            slot.kernels.dropout(slot.dx, dy, self.rate, slot.key)
        return slot.dx
