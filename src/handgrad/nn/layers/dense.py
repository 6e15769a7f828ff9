"""The fully connected layer."""

from dataclasses import dataclass
from functools import partial

from handgrad.errors import UserError
from handgrad.kernels.scratch import dense_scratch
from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Param, Shape


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer, out = x @ w + b with w (I, O) and b (O,).

    Parameters
    ----------
    units : int
        Number of outputs O.
    init : str
        Kind of the initial weights, see `handgrad.nn.init.initial_array`; b starts at 0.
    lr_scale : float
        Factor by which the learning rate is multiplied for this layer.

    Notes
    -----
    Each output is a sum over the inputs, out[n, o] = sum over i of x[n, i] w[i, o] + b[o]. So each weight w[i, o] acts
    once in each image, between input i and output o, and the chain rule gives

    - dL/dw[i, o] = sum over n of x[n, i] dL/dout[n, o], as matrices x.T @ dy;
    - dL/db[o] = sum over n of dL/dout[n, o];
    - dL/dx[n, i] = sum over o of dL/dout[n, o] w[i, o], as matrices dy @ w.T.
    """

    units: int
    init: str = "he"
    lr_scale: float = 1.0

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 1:
            raise UserError(
                f"Dense({self.units}) cannot follow shape {in_shape}: it needs (I,); put Flatten() before it"
            )
        (n_in,) = in_shape
        w = Param("w", (n_in, self.units), self.init, decay=True, lr_scale=self.lr_scale)
        b = Param("b", (self.units,), lr_scale=self.lr_scale)
        scratch = partial(dense_scratch, n_in=n_in, n_out=self.units)
        return Plan((self.units,), params=(w, b), scratch=scratch, folds_relu=True)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x  # (N, I)
        slot.kernels.dense_forward(slot.out, x, slot.params["w"], slot.params["b"], slot.floor, slot.scratch)
        return slot.out  # (N, O)

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        kernels = slot.kernels
        if slot.floor == 0:
            kernels.relu_backward(dy, slot.out)
        kernels.dense_weight_gradient(slot.grads["w"], slot.grads["b"], slot.x, dy, slot.scratch)
        if slot.dx is not None:
            kernels.dense_input_gradient(slot.dx, dy, slot.params["w"], slot.scratch)
        return slot.dx  # (N, I)
