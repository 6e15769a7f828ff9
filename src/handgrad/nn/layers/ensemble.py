from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Shape

LEAST = 1e-30  # the smallest probability of which a logarithm is taken


@dataclass(frozen=True)
class Vote(Layer):
    """out = log of the mean of softmax(member(x)) over the layers inside: a soft vote, as logits.

    The members see the same x and give logits (N, K), of which averaging the probabilities is the linear opinion pool
    (Stone 1961). In training they do not vote: each answers for its own share of the batch, every M-th image, and so
    learns by itself. What members are taught together, or from the same batches, they get wrong together. A member's
    gradient is that of its share of the mean loss, 1/M of what it would be alone: SGD wants a rate M times as high.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise UserError("Vote(()): expected at least one member")

    def plan(self, in_shape: Shape) -> Plan:
        inner = tuple(layer.plan(in_shape) for layer in self.layers)
        shapes = {plan.out_shape for plan in inner}
        if len(shapes) > 1 or len(inner[0].out_shape) != 1:
            raise UserError(f"Vote: its members give {sorted(shapes)}: expected as many logits from each")
        saved = (Buffer("x", in_shape, each=True), Buffer("dy", inner[0].out_shape, each=True))
        return Plan(inner[0].out_shape, saved=saved, inner=inner)

    def share(self, i: int, n: int) -> range:
        """The rows of a batch of n images that member i learns from."""
        return range(i, n, len(self.layers))

    def forward(self, x: Array, slot: Slot) -> Array:
        if slot.train:
            for layer, inside, share, place in self._shares(slot):
                slot.saved["x"][place] = x[share]
                slot.out[share] = layer.forward(slot.saved["x"][place], inside)
            return slot.out
        slot.out[...] = 0
        for layer, inside in zip(self.layers, slot.inner, strict=True):
            slot.out += softmax(layer.forward(x, inside))
        slot.out /= len(self.layers)
        np.log(np.maximum(slot.out, LEAST, out=slot.out), out=slot.out)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if slot.dx is not None:
            slot.dx[...] = 0
        for layer, inside, share, place in self._shares(slot):
            slot.saved["dy"][place] = dy[share]
            dx = layer.backward(slot.saved["dy"][place], inside)
            if slot.dx is not None and dx is not None:
                slot.dx[share] = dx
        return slot.dx

    def _shares(self, slot: Slot) -> Iterator[tuple[Layer, Slot, slice, slice]]:
        """Each member with the rows of the batch that are its share, and where they lie side by side."""
        first = 0
        for i, (layer, inside) in enumerate(zip(self.layers, slot.inner, strict=True)):
            share = self.share(i, len(slot.out))
            last = first + len(share)
            yield layer, inside, slice(share.start, share.stop, share.step), slice(first, last)
            first = last
