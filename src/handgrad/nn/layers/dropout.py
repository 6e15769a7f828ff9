"""Dropout."""

from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Dropout(Layer):
    """Inverted dropout (Srivastava et al. 2014).

    In training, each element is set to 0 with probability `rate` and the others are divided by 1 - rate, so that
    expected values stay the same and prediction passes x on unchanged.

    Parameters
    ----------
    rate : float
        Probability from 0 up to, not including, 1.

    Raises
    ------
    UserError
        When the rate is outside this range.

    Notes
    -----
    out = mask * x / (1 - rate), so dL/dx = mask * dL/dout / (1 - rate). Backward does not need a stored mask: it draws
    the same one again from `slot.key`.
    """

    rate: float

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise UserError(f"dropout is {self.rate}: expected a rate from 0 up to, not including, 1")

    def plan(self, in_shape: Shape) -> Plan:
        return Plan(in_shape, own_output="train", random=True)

    def forward(self, x: Array, slot: Slot) -> Array:
        if not slot.train:
            return x
        slot.kernels.dropout(slot.out, x, self.rate, slot.key)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if not slot.train:
            return dy
        if slot.dx is not None:
            slot.kernels.dropout(slot.dx, dy, self.rate, slot.key)
        return slot.dx
