"""A network: layers in a row, their parameters in one flat vector, and workspaces to run them in."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.kernels import backend
from handgrad.nn.init import start
from handgrad.nn.layers import Dropout, Flatten, Layer, ReLU, Sequential, Slot, Vote, chain
from handgrad.nn.layers.base import Plan
from handgrad.nn.params import Array, Layout, Param, Shape, aligned
from handgrad.rng import Stream, derive, generator


@dataclass
class Workspace:
    """The arrays of one run: a batch of n images, a slot a layer. Two workspaces never meet."""

    n: int
    train: bool
    kernels: Any
    slots: list[Slot]
    random: list[tuple[Slot, tuple[int, ...]]]  # those that draw random numbers, and the layer's place
    x: Array  # (n, *in_shape): where a batch may be written
    scratch: Array  # (threads, numbers), shared by all layers

    @property
    def nbytes(self) -> int:
        """The memory that it holds, the network's own vectors not counted."""
        return self.x.nbytes + self.scratch.nbytes + sum(slot.nbytes for slot in self.slots)


class Network:
    """Layers in a row behind an input of shape in_shape (no batch axis).

    theta, grad, state are flat vectors of dtype; float32 to work, float64 to check gradients. Weights start from
    `seed`.
    """

    def __init__(
        self, layers: Sequence[Layer], in_shape: Shape, seed: int = 0, dtype: npt.DTypeLike = np.float32
    ) -> None:
        if not layers:
            raise UserError("a network without layers: expected at least one")
        self.layers, self.in_shape, self.dtype = tuple(layers), tuple(in_shape), np.dtype(dtype)
        self.plans = chain.chain_plan(self.layers, self.in_shape)
        self.layout = Layout(self._named(chain.params))
        self.state_layout = Layout(self._named(chain.state))
        self.theta = aligned((self.layout.size,), dtype)
        self.grad = aligned((self.layout.size,), dtype)
        self.state = aligned((self.state_layout.size,), dtype)
        self.initialise(seed)

    @property
    def out_shape(self) -> Shape:
        return self.plans[-1].out_shape

    def _named(self, choose: Any) -> list[Param]:
        """Parameters under the names that the flat vector and the model file give them: `0.w` is layer 0's w."""
        return [
            Param(f"{i}.{p.name}", p.shape, p.init, p.decay, p.lr)
            for i, plan in enumerate(self.plans)
            for p in choose(plan)
        ]

    def initialise(self, seed: int) -> None:
        """Set theta and state to their start."""
        for layout, flat in ((self.layout, self.theta), (self.state_layout, self.state)):
            for i, (name, (_, param)) in enumerate(layout.places.items()):
                random = generator(seed, Stream.INIT, i)
                layout.view(flat, name)[...] = start(param.init, param.shape, random)

    def workspace(self, n: int, train: bool = False, kernels: str = "serial") -> Workspace:
        """Room for batches of n images: to train, or to predict; kernels: naive, serial or parallel.

        Naive ones are NumPy and start at once; parallel ones are for training, see `kernels/compiled.py`. float64, for
        checking gradients, is always naive.
        """
        naive = self.dtype != np.float32 or kernels == "naive"
        chosen = backend("naive" if naive else kernels)
        numbers = max(chain.scratch(plan, n) for plan in self.plans)
        scratch = aligned((1, 0) if naive else (chosen.threads(), numbers), self.dtype)
        ws = Workspace(n, train, chosen, [], [], aligned((n, *self.in_shape), self.dtype), scratch)
        ws.slots += self._slots(ws, n, self.layers, self.plans, self.in_shape, (), False)
        return ws

    def _slots(
        self, ws: Workspace, n: int, layers: Sequence[Layer], plans: Sequence[Plan], in_shape: Shape,
        place: tuple[int, ...], wanted: bool, first: int = 0,
    ) -> list[Slot]:  # fmt: skip
        """Slots of layers in a row, for n images; place: of what they are inside of, where they count from `first`;
        wanted: something below them wants a gradient.
        """
        slots: list[Slot] = []
        for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
            here = (*place, first + i)
            slot = self._slot(ws, n, plan, ".".join(map(str, here)))
            if not (chain.folded(layers, i) or _passes_on(layer, ws.train)):
                slot.out = aligned((n, *plan.out_shape), self.dtype)
                if ws.train and wanted:
                    slot.dx = aligned((n, *in_shape), self.dtype)
            if layer.folds_relu and isinstance(next(iter(layers[i + 1 : i + 2]), None), ReLU):
                slot.floor = 0.0
            if layer.random:
                ws.random.append((slot, here))
            if isinstance(layer, Vote):
                for j, (member, inner) in enumerate(zip(layer.layers, plan.inner, strict=True)):
                    share = len(layer.share(j, n)) if ws.train else n
                    slot.inner += self._slots(ws, share, [member], [inner], in_shape, here, wanted, j)
            else:
                slot.inner = self._slots(ws, n, getattr(layer, "layers", ()), plan.inner, in_shape, here, wanted)
            slots.append(slot)
            in_shape, wanted = plan.out_shape, wanted or any(chain.params(plan))
        return slots

    def _slot(self, ws: Workspace, n: int, plan: Plan, name: str) -> Slot:
        params = {p.name: self.layout.view(self.theta, f"{name}.{p.name}") for p in plan.params}
        grads = {p.name: self.layout.view(self.grad, f"{name}.{p.name}") for p in plan.params}
        state = {p.name: self.state_layout.view(self.state, f"{name}.{p.name}") for p in plan.state}
        saved = {
            b.name: aligned((n, *b.shape) if b.each else b.shape, b.dtype or self.dtype)
            for b in plan.saved
            if ws.train or not b.training
        }
        nothing = np.empty(0, self.dtype)
        return Slot(ws.kernels, ws.train, nothing, None, params, grads, state, saved, ws.scratch)

    def draw(self, ws: Workspace, seed: int, step: int) -> None:
        """Set the keys of this step's random numbers."""
        for slot, place in ws.random:
            slot.key = derive(seed, Stream.DROPOUT, step, *place)

    def forward(self, x: Array, ws: Workspace, seed: int = 0, step: int = 0) -> Array:
        """Logits (n, K) of images x (n, *in_shape), n, dtype and C order as in ws.x, UserError if they are not.

        seed and step key the dropout of a training workspace.
        """
        if x.shape != ws.x.shape or x.dtype != ws.x.dtype or not x.flags.c_contiguous:
            order = "" if x.flags.c_contiguous else ", not C-contiguous"
            raise UserError(f"images {x.shape} {x.dtype}{order}: expected {ws.x.shape} {ws.x.dtype} in C order")
        self.draw(ws, seed, step)
        return chain.chain_forward(self.layers, x, ws.slots)

    def backward(self, dlogits: Array, ws: Workspace) -> None:
        """Overwrite grad from the gradient of the loss by the logits; dlogits is used up."""
        chain.chain_backward(self.layers, dlogits, ws.slots)

    def count(self, i: int) -> int:
        """How many parameters layer i has."""
        return _count(self.plans[i])

    def __repr__(self) -> str:
        lines = [f"{'input':<24}{shape_text(self.in_shape):>12}", *_lines(self.layers, self.plans, "")]
        return "\n".join([*lines, f"{self.layout.count:,} parameters"])


def _count(plan: Plan) -> int:
    return sum(math.prod(param.shape) for param in chain.params(plan))


def _lines(layers: Sequence[Layer], plans: Sequence[Plan], indent: str) -> Iterator[str]:
    """A line a layer; below a Vote, those of its members, equal ones once."""
    for layer, plan in zip(layers, plans, strict=True):
        yield f"{indent + describe(layer):<24}{shape_text(plan.out_shape):>12}{_count(plan) or '':>12}"
        if isinstance(layer, Vote):
            for member, inner in dict(zip(layer.layers, plan.inner, strict=True)).items():
                rows = (member.layers, inner.inner) if isinstance(member, Sequential) else ((member,), (inner,))
                yield from _lines(*rows, indent + "  ")


def _passes_on(layer: Layer, train: bool) -> bool:
    """Whether a layer only passes on what it was given, and needs no arrays of its own."""
    return isinstance(layer, (Flatten, Sequential)) or (isinstance(layer, Dropout) and not train)


def describe(layer: Layer) -> str:
    """A layer in a word: its name and what it cannot do without, as `Dense(100)`; or how many layers vote."""
    if isinstance(layer, Vote):
        return f"Vote({len(layer.layers)})"
    needed = [f.name for f in fields(layer) if f.default is MISSING]
    values = [getattr(layer, name) for name in needed]
    texts = [", ".join(map(describe, value)) if isinstance(value, tuple) else str(value) for value in values]
    return f"{type(layer).__name__}({', '.join(texts)})"


def shape_text(shape: Shape) -> str:
    return "x".join(map(str, shape))
