"""Batch normalisation."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from handgrad.errors import UserError
from handgrad.kernels.pass_scratch import batch_norm_scratch
from handgrad.nn.layers.base import NO_FLOOR, Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Param, Shape


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation over all axes but the last (Ioffe and Szegedy 2015).

    out = gamma (x - mean) / std + beta for each channel. In training, mean and std are those of the batch; in
    prediction, running averages take their place.

    Parameters
    ----------
    momentum : float
        Share that a running average keeps in each step, from 0 up to, not including, 1:
        running = momentum * running + (1 - momentum) * batch.
    eps : float
        Added to the variance, above 0: std = sqrt(var + eps).

    Raises
    ------
    UserError
        When a value is outside its range.

    Notes
    -----
    With z = (x - mean) / std over the M rows of a channel, out = gamma z + beta, so

    - dL/dbeta = sum of dL/dout;
    - dL/dgamma = sum of dL/dout z.

    An input acts on its own z, and through mean and std on the z of all rows. From dL/dz = gamma dL/dout,
    dmean/dx = 1 / M and dstd/dx = z / M follows

    - dL/dx = (dL/dz - mean of dL/dz - z mean of (dL/dz z)) / std
    - = gamma / std (dL/dout - dL/dbeta / M - z dL/dgamma / M).

    In prediction, mean and std are constants, so dL/dx = gamma / std dL/dout.
    """

    momentum: float = 0.9
    eps: float = 1e-5

    def __post_init__(self) -> None:
        if not 0 <= self.momentum < 1 or not self.eps > 0:
            raise UserError(f"BatchNorm(momentum={self.momentum}, eps={self.eps}): expected 0 <= momentum < 1, eps > 0")

    def plan(self, in_shape: Shape) -> Plan:
        channels = in_shape[-1:]
        params = (Param("gamma", channels, "ones"), Param("beta", channels))
        state = (Param("mean", channels), Param("var", channels, "ones"))
        cache = tuple(Buffer(name, channels) for name in ("mean", "rstd"))
        rows, channels_ = math.prod(in_shape[:-1]), in_shape[-1]
        return Plan(in_shape, params, state, cache, partial(_scratch, rows=rows, channels=channels_), folds_relu=True)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.x = x
        rows, out = _rows(x), _rows(slot.out)  # (M, C)
        gamma, beta = slot.params["gamma"], slot.params["beta"]  # (C,)
        kernels, running, var = slot.kernels, slot.state["mean"], slot.state["var"]  # (C,)
        if slot.train:
            mean, rstd = slot.cache["mean"], slot.cache["rstd"]  # (C,)
            kernels.batch_norm_forward(out, mean, rstd, rows, gamma, beta, self.eps, slot.floor, slot.scratch)
            kernels.batch_norm_running(running, var, mean, rstd, self.momentum, self.eps, len(rows))
        else:
            kernels.batch_norm_apply(out, rows, running, var, gamma, beta, self.eps, slot.floor, slot.scratch)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if not slot.train:
            return self._backward_in_prediction(dy, slot)
        dx = dy if slot.dx is None else slot.dx
        slot.kernels.batch_norm_backward(
            _rows(dx), slot.grads["gamma"], slot.grads["beta"], _rows(dy), _rows(slot.x),
            slot.cache["mean"], slot.cache["rstd"], slot.params["gamma"], slot.params["beta"], slot.floor, slot.scratch,
        )  # fmt: skip
        return slot.dx

    def _backward_in_prediction(self, dy: Array, slot: Slot) -> Array | None:
        if slot.floor == 0:
            slot.kernels.relu_backward(dy, slot.out)
        if slot.dx is not None:
            gamma, var, zeros = slot.params["gamma"], slot.state["var"], np.zeros_like(slot.params["gamma"])
            slot.kernels.batch_norm_apply(
                _rows(slot.dx), _rows(dy), zeros, var, gamma, zeros, self.eps, NO_FLOOR, slot.scratch
            )
        return slot.dx


def _scratch(n: int, rows: int, channels: int) -> int:
    """Floats for n images of so many rows."""
    return batch_norm_scratch(n * rows, channels)


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])
