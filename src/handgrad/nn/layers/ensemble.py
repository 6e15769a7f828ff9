"""Networks side by side that answer together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Ensemble(Layer):
    """Members side by side that answer with the mean of their probabilities.

    In prediction, every member sees every image, and out is the logarithm of the mean of softmax(member(x)): logits
    whose softmax is that mean, the linear opinion pool (Stone 1961). In training, each of M members sees only
    every M-th image of a batch and learns by itself: members that learn together, or from the same batches, make the
    same mistakes.

    Parameters
    ----------
    layers : tuple of Layer
        The members, at least one; each of them gives logits (N, K).

    Raises
    ------
    UserError
        When there are no members.

    Notes
    -----
    In training, out[n] are the logits of the one member that sees image n, so dL/dout[n] reaches that member alone.
    The loss is a mean over the whole batch, which makes the gradient of a member 1/M of what it would be if the member
    were trained alone; plain SGD needs a learning rate M times as high.

    In prediction, with p = softmax(member(x)) and w = dL/dout / mean of all p, a member's logits get the gradient
    p (w - sum of w p) / M.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise UserError("Ensemble(()): expected at least one member")

    def describe(self) -> str:
        return f"Ensemble({len(self.layers)})"

    def plan(self, in_shape: Shape) -> Plan:
        inner = tuple(layer.plan(in_shape) for layer in self.layers)
        shapes = {plan.out_shape for plan in inner}
        if len(shapes) > 1 or len(inner[0].out_shape) != 1:
            raise UserError(
                f"Ensemble: its members give shapes {sorted(shapes)}: expected the same number of logits from each"
            )
        cache = (Buffer("x", in_shape, per_image=True), Buffer("dy", inner[0].out_shape, per_image=True))
        return Plan(inner[0].out_shape, cache=cache, inner=inner, member_rows=self.member_rows)

    def member_rows(self, i: int, n: int) -> range:
        """Return the rows of a training batch that one member sees.

        Parameters
        ----------
        i : int
            Index of the member.
        n : int
            Images in the batch.

        Returns
        -------
        range
            Every M-th row from row i on, where M is the number of members.
        """
        return range(i, n, len(self.layers))

    def forward(self, x: Array, slot: Slot) -> Array:
        kernels, members = slot.kernels, len(self.layers)
        if slot.train:
            for i, (layer, inner, packed) in enumerate(self._members(slot)):
                own = slot.cache["x"][packed]
                kernels.take_rows(_rows(own), _rows(x), i, members)
                kernels.put_rows(slot.out, layer.forward(own, inner), i, members)
            return slot.out
        slot.x = x
        for i, (layer, inner) in enumerate(zip(self.layers, slot.inner, strict=True)):
            kernels.mean_softmax(slot.out, layer.forward(x, inner), i, members)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if not slot.train:
            return self._backward_in_prediction(dy, slot)
        kernels, members = slot.kernels, len(self.layers)
        for i, (layer, inner, packed) in enumerate(self._members(slot)):
            own = slot.cache["dy"][packed]
            kernels.take_rows(own, dy, i, members)
            dx = layer.backward(own, inner)
            if slot.dx is not None and dx is not None:  # else these rows are 0, as nobody ever wrote to them
                kernels.put_rows(_rows(slot.dx), _rows(dx), i, members)
        return slot.dx

    def _backward_in_prediction(self, dy: Array, slot: Slot) -> Array | None:
        through = np.zeros_like(slot.x)
        weights = dy / np.exp(slot.out)
        for layer, inner in zip(self.layers, slot.inner, strict=True):
            p = softmax(layer.forward(slot.x, inner))
            dx = layer.backward(p * (weights - (weights * p).sum(axis=1, keepdims=True)) / len(self.layers), inner)
            through += 0 if dx is None else dx
        return through

    def _members(self, slot: Slot) -> Iterator[tuple[Layer, Slot, slice]]:
        """Each member with its slot, and the place in the cache where its rows of the batch lie together."""
        first = 0
        for i, (layer, inner) in enumerate(zip(self.layers, slot.inner, strict=True)):
            last = first + len(self.member_rows(i, len(slot.out)))
            yield layer, inner, slice(first, last)
            first = last


def _rows(x: Array) -> Array:
    return x.reshape(len(x), -1)
