from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.kernels.scratch import dense_scratch
from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Param, Shape


@dataclass(frozen=True)
class Dense(Layer):
    """out = x @ w + b, with w (I, O) and b (O,).

    init: how w starts, see `init.py`; b starts at 0. lr: this layer's share of the learning rate.
    """

    units: int
    init: str = "he"
    lr: float = 1.0
    folds_relu = True

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 1:
            raise UserError(
                f"Dense({self.units}) cannot follow shape {in_shape}: it needs (I,); put Flatten() before it"
            )
        (n_in,) = in_shape
        w = Param("w", (n_in, self.units), self.init, decay=True, lr=self.lr)
        b = Param("b", (self.units,), lr=self.lr)
        return Plan((self.units,), params=(w, b), scratch=lambda n: dense_scratch(n, n_in, self.units))

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x
        slot.kernels.dense_forward(slot.out, x, slot.params["w"], slot.params["b"], slot.floor, slot.scratch)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """With out[n, o] = sum_i x[n, i] w[i, o] + b[o]:

        dL/dw[i, o] = sum_n x[n, i] dy[n, o],  dL/db[o] = sum_n dy[n, o],  dL/dx[n, i] = sum_o dy[n, o] w[i, o].
        """
        kernels = slot.kernels
        if slot.floor == 0:
            kernels.relu_backward(dy, slot.out)
        kernels.dense_weight_gradient(slot.grads["w"], slot.grads["b"], slot.x, dy, slot.scratch)
        if slot.dx is not None:
            kernels.dense_input_gradient(slot.dx, dy, slot.params["w"], slot.scratch)
        return slot.dx
