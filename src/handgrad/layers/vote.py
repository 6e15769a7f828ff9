from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.kernels.naive import softmax
from handgrad.layers.base import Buffer, Layer, Plan, Slot
from handgrad.layout import Array, Shape

LEAST = 1e-30  # the smallest probability of which a logarithm is taken


@dataclass(frozen=True)
class Vote(Layer):
    """out = log of the mean over M of softmax(x), x (N, M, K): the soft vote of `Columns`, as logits (N, K).

    Averaging probabilities is the linear opinion pool (Stone 1961).
    """

    def plan(self, in_shape: Shape) -> Plan:
        if len(in_shape) != 2:
            raise UserError(f"Vote behind {in_shape}: expected the logits of several, (M, K), as Columns gives them")
        return Plan(in_shape[1:], saved=(Buffer("shares", in_shape, each=True),))

    def forward(self, x: Array, slot: Slot) -> Array:
        shares = softmax(x)
        np.mean(shares, axis=1, out=slot.out)
        np.log(np.maximum(slot.out, LEAST, out=slot.out), out=slot.out)
        if slot.train:
            slot.saved["shares"][...] = shares
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """With p a column's probabilities and q their mean over M columns, s = dy p / (M q): dL/dx = s - p sum(s)."""
        if slot.dx is None:
            return None
        p, dx = slot.saved["shares"], slot.dx
        np.multiply((dy / (p.shape[1] * np.exp(slot.out)))[:, None], p, out=dx)
        dx -= p * dx.sum(axis=2, keepdims=True)
        return dx
