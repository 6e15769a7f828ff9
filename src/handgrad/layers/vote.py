from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.kernels.naive import softmax
from handgrad.layers.base import Buffer, Layer, Plan, Slot
from handgrad.layout import Array, Shape

LEAST = 1e-30  # the smallest probability of which a logarithm is taken


@dataclass(frozen=True)
class Vote(Layer):
    """out = log of the mean of softmax(member(x)) over the layers inside: a committee's soft vote, as logits.

    The members all see x and give logits (N, K); averaging probabilities is the linear opinion pool (Stone 1961).
    """

    layers: tuple[Layer, ...]
    side_by_side = True

    def __post_init__(self) -> None:
        if not self.layers:
            raise UserError("Vote(()): expected at least one member")

    def plan(self, in_shape: Shape) -> Plan:
        inner = tuple(layer.plan(in_shape) for layer in self.layers)
        shapes = {plan.out_shape for plan in inner}
        if len(shapes) > 1 or len(inner[0].out_shape) != 1:
            raise UserError(f"Vote: its members give {sorted(shapes)}: expected as many logits from each")
        out_shape = inner[0].out_shape
        shares = Buffer("shares", (len(inner), *out_shape), each=True)
        return Plan(out_shape, saved=(shares, Buffer("dz", out_shape, each=True)), inner=inner)

    def forward(self, x: Array, slot: Slot) -> Array:
        slot.out[...] = 0
        for i, (layer, inside) in enumerate(zip(self.layers, slot.inner, strict=True)):
            shares = softmax(layer.forward(x, inside))
            slot.out += shares
            if slot.train:
                slot.saved["shares"][:, i] = shares
        slot.out /= len(self.layers)
        np.log(np.maximum(slot.out, LEAST, out=slot.out), out=slot.out)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """With p a member's probabilities, q their mean over M members, s = dy p / (M q): dL/dz = s - p sum(s)."""
        if slot.dx is not None:
            slot.dx[...] = 0
        dy = dy / (len(self.layers) * np.exp(slot.out))
        dz = slot.saved["dz"]
        for i, (layer, inside) in enumerate(zip(self.layers, slot.inner, strict=True)):
            p = slot.saved["shares"][:, i]
            np.multiply(dy, p, out=dz)
            dz -= p * dz.sum(axis=1, keepdims=True)
            dx = layer.backward(dz, inside)
            if slot.dx is not None and dx is not None:
                slot.dx += dx
        return slot.dx
