"""Networks side by side that answer together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.nn.layers.base import Buffer, Layer, Plan, Slot
from handgrad.nn.params import Array, Shape

LEAST = 1e-30  # the smallest probability of which a logarithm is taken


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
        if slot.train:
            for layer, inner, rows, packed in self._members(slot):
                slot.cache["x"][packed] = x[rows]
                slot.out[rows] = layer.forward(slot.cache["x"][packed], inner)
            return slot.out
        slot.out[...] = 0
        for layer, inner in zip(self.layers, slot.inner, strict=True):
            slot.out += softmax(layer.forward(x, inner))  # (N, K)
        slot.out /= len(self.layers)
        np.log(np.maximum(slot.out, LEAST, out=slot.out), out=slot.out)
        return slot.out

    def backward(self, dy: Array, slot: Slot) -> Array | None:
        if slot.dx is not None:
            slot.dx[...] = 0
        for layer, inner, rows, packed in self._members(slot):
            slot.cache["dy"][packed] = dy[rows]
            dx = layer.backward(slot.cache["dy"][packed], inner)
            if slot.dx is not None and dx is not None:
                slot.dx[rows] = dx
        return slot.dx

    def _members(self, slot: Slot) -> Iterator[tuple[Layer, Slot, slice, slice]]:
        """Each member with its slot, its rows of the batch, and the place in the cache where these lie together."""
        first = 0
        for i, (layer, inner) in enumerate(zip(self.layers, slot.inner, strict=True)):
            rows = self.member_rows(i, len(slot.out))
            last = first + len(rows)
            yield layer, inner, slice(rows.start, rows.stop, rows.step), slice(first, last)
            first = last
