"""A network: layers in a row, their parameters in one flat vector, and workspaces to run them in."""

import math
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.init import start
from handgrad.kernels import backend
from handgrad.keys import derive
from handgrad.layers import Dropout, Flatten, Layer, ReLU, Slot
from handgrad.layers.base import Plan
from handgrad.layout import Array, Layout, Param, Shape, aligned


@dataclass
class Workspace:
    """The arrays of one run: a batch of n images, a slot a layer. Two workspaces never meet."""

    n: int
    train: bool
    kernels: Any
    slots: list[Slot]
    x: Array  # (n, *in_shape): where a batch may be written


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
        self.plans = plan(self.layers, self.in_shape)
        self.active = [i for i in range(len(self.layers)) if not self._folded(i)]  # a folded ReLU has nothing to do
        self.layout = Layout(self._named(lambda plan: plan.params))
        self.state_layout = Layout(self._named(lambda plan: plan.state))
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
                generator = np.random.Generator(np.random.Philox(key=derive(seed, 0, i)))
                layout.view(flat, name)[...] = start(param.init, param.shape, generator)

    def workspace(self, n: int, train: bool = False, parallel: bool = False) -> Workspace:
        """Room for batches of n images: to train, or to predict; parallel is for training, see `kernels/compiled.py`.

        float64 and a single image run on the NumPy kernels: the one to check gradients, the other to start at once.
        """
        naive = self.dtype != np.float32 or (n == 1 and not train)
        kernels = backend("naive" if naive else "parallel" if parallel else "serial")
        numbers = max(plan.scratch(n) for plan in self.plans)
        scratch = aligned((1, 0) if naive else (kernels.threads(), numbers), self.dtype)
        slots = [self._slot(i, n, train, kernels, scratch) for i in range(len(self.layers))]
        for slot, layer, follower in zip(slots, self.layers, self.layers[1:], strict=False):
            if layer.folds_relu and isinstance(follower, ReLU):
                slot.floor = 0.0
        return Workspace(n, train, kernels, slots, aligned((n, *self.in_shape), self.dtype))

    def _slot(self, i: int, n: int, train: bool, kernels: Any, scratch: Array) -> Slot:
        plan, in_shape = self.plans[i], self.plans[i - 1].out_shape if i else self.in_shape
        params = {p.name: self.layout.view(self.theta, f"{i}.{p.name}") for p in plan.params}
        grads = {p.name: self.layout.view(self.grad, f"{i}.{p.name}") for p in plan.params}
        state = {p.name: self.state_layout.view(self.state, f"{i}.{p.name}") for p in plan.state}
        saved = {name: aligned(shape, self.dtype) for name, shape in plan.saved}
        wanted = train and any(plan.params for plan in self.plans[:i])
        out = aligned((n, *plan.out_shape), self.dtype) if self._writes(i, train) else np.empty(0, self.dtype)
        dx = aligned((n, *in_shape), self.dtype) if wanted and self._writes(i, train) else None
        return Slot(kernels, train, out, dx, params, grads, state, saved, scratch)

    def _writes(self, i: int, train: bool) -> bool:
        """Whether layer i needs arrays of its own: not where it only passes on what it was given."""
        layer = self.layers[i]
        passes = isinstance(layer, Flatten) or (isinstance(layer, Dropout) and not train)
        return not (passes or self._folded(i))

    def _folded(self, i: int) -> bool:
        """Whether layer i is a ReLU that the layer before it does on the way."""
        return i > 0 and isinstance(self.layers[i], ReLU) and self.layers[i - 1].folds_relu

    def forward(self, x: Array, ws: Workspace, seed: int = 0, step: int = 0) -> Array:
        """Logits (n, K) of images (n, *in_shape); seed and step key the dropout of a training workspace."""
        for i in self.active:
            layer, slot = self.layers[i], ws.slots[i]
            slot.key = derive(seed, 3, step, i) if layer.random else 0
            x = layer.forward(x, slot)
        return x

    def backward(self, dlogits: Array, ws: Workspace) -> None:
        """Overwrite grad from the gradient of the loss by the logits; dlogits is used up."""
        dy: Array | None = dlogits
        for i in reversed(self.active):
            if dy is None:
                return
            dy = self.layers[i].backward(dy, ws.slots[i])

    def count(self, i: int) -> int:
        """How many parameters layer i has."""
        return sum(math.prod(param.shape) for param in self.plans[i].params)

    def __repr__(self) -> str:
        lines = [f"{'input':<24}{shape_text(self.in_shape):>12}"]
        for i, (layer, plan) in enumerate(zip(self.layers, self.plans, strict=True)):
            lines.append(f"{describe(layer):<24}{shape_text(plan.out_shape):>12}{self.count(i) or '':>12}")
        return "\n".join([*lines, f"{self.layout.count:,} parameters"])


def plan(layers: Sequence[Layer], in_shape: Shape) -> list[Plan]:
    """What each of the layers needs, behind an input of in_shape; nothing is allocated."""
    plans: list[Plan] = []
    for layer in layers:
        plans.append(layer.plan(plans[-1].out_shape if plans else in_shape))
    return plans


def describe(layer: Layer) -> str:
    """A layer in a word: its name and what it cannot do without, as `Dense(100)`."""
    needed = [f.name for f in fields(layer) if f.default is MISSING]  # type: ignore[arg-type]
    return f"{type(layer).__name__}({', '.join(str(getattr(layer, name)) for name in needed)})"


def shape_text(shape: Shape) -> str:
    return "x".join(map(str, shape))
