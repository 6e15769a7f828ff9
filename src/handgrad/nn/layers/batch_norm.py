from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Param, Shape


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation (Ioffe and Szegedy 2015) over all axes but the last.

    In training, each channel has the batch's own mean taken off and is divided by its standard deviation; when
    predicting, running figures take their place: running = momentum * running + (1 - momentum) * batch.
    """

    momentum: float = 0.9
    eps: float = 1e-5
    folds_relu = True

    def __post_init__(self) -> None:
        if not 0 <= self.momentum < 1 or not self.eps > 0:
            raise UserError(f"BatchNorm(momentum={self.momentum}, eps={self.eps}): expected 0 <= momentum < 1, eps > 0")

    def plan(self, in_shape: Shape) -> Plan:
        channels = in_shape[-1:]
        params = (Param("gamma", channels, "ones"), Param("beta", channels))
        state = (Param("mean", channels), Param("var", channels, "ones"))
        return Plan(
            in_shape, params, state, saved=tuple(Buffer(name, channels, training=False) for name in ("mean", "rstd"))
        )

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x
        rows, out = _rows(x), _rows(slot.out)
        mean, rstd = slot.saved["mean"], slot.saved["rstd"]
        gamma, beta = slot.params["gamma"], slot.params["beta"]
        if slot.train:
            slot.kernels.batch_norm_forward(out, mean, rstd, rows, gamma, beta, self.eps, slot.floor)
            self._remember(slot.state, mean, rstd, len(rows))
        else:
            rstd[:] = 1 / np.sqrt(slot.state["var"] + self.eps)
            slot.kernels.batch_norm_apply(out, rows, slot.state["mean"], rstd, gamma, beta, slot.floor)
        return slot.out

    def _remember(self, state: dict[str, Array], mean: Array, rstd: Array, count: int) -> None:
        """Move the running figures towards the batch's; n / (n - 1) makes its variance an unbiased estimate."""
        unbiased = count / max(count - 1, 1)
        for name, batch in (("mean", mean), ("var", (1 / rstd**2 - self.eps) * unbiased)):
            state[name] *= self.momentum
            state[name] += (1 - self.momentum) * batch

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """With n = (x - mean) / std over M rows, mean and std depending on x:

        dL/dbeta = sum dy,  dL/dgamma = sum dy n,  dL/dx = gamma / std (dy - dL/dbeta / M - n dL/dgamma / M).
        """
        dx = dy if slot.dx is None else slot.dx
        slot.kernels.batch_norm_backward(
            _rows(dx), slot.grads["gamma"], slot.grads["beta"], _rows(dy), _rows(slot.x),
            slot.saved["mean"], slot.saved["rstd"], slot.params["gamma"], slot.params["beta"], slot.floor,
        )  # fmt: skip
        return slot.dx


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])
