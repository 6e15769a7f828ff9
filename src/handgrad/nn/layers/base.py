"""The contract of a layer: a frozen description that plans from a shape and computes in a slot."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from handgrad.nn.params import Array, Param, Shape

NO_FLOOR = -np.inf


def no_scratch(n: int) -> int:
    return 0


@dataclass(frozen=True)
class Buffer:
    """An array of a slot. each: one for each image, (N, *shape); training: not needed to predict."""

    name: str
    shape: Shape
    each: bool = False
    dtype: type[np.generic] | None = None  # None: the network's
    training: bool = True


@dataclass(frozen=True)
class Plan:
    """What a layer needs, known from its input's shape alone (shapes leave out the batch axis)."""

    out_shape: Shape
    params: tuple[Param, ...] = ()
    state: tuple[Param, ...] = ()  # saved, not trained
    saved: tuple[Buffer, ...] = ()  # what forward leaves for backward, and room to work
    scratch: Callable[[int], int] = no_scratch  # numbers a thread needs for a batch of n; shared by all layers
    inner: tuple["Plan", ...] = ()  # of the layers inside this one


@dataclass
class Slot:
    """One layer's arrays in one run."""

    kernels: Any  # handgrad.kernels.naive, or compiled for one thread or for all
    train: bool
    out: Array  # (N, *out_shape)
    dx: Array | None  # (N, *in_shape); None where nothing below wants a gradient
    params: dict[str, Array]
    grads: dict[str, Array]
    state: dict[str, Array]
    saved: dict[str, Array]
    scratch: Array  # (threads, numbers)
    floor: float = NO_FLOOR  # 0 where the ReLU behind this layer is folded into it
    key: int = 0  # of this layer's randomness at this step
    x: Array = field(default_factory=lambda: np.empty(0))  # forward's input, kept for backward
    inner: list["Slot"] = field(default_factory=list)  # of the layers inside this one

    @property
    def nbytes(self) -> int:
        """The memory of its own arrays, and of those inside; views of the network's vectors are not its own."""
        own = [self.out, *([] if self.dx is None else [self.dx]), *self.saved.values()]
        return sum(array.nbytes for array in own) + sum(slot.nbytes for slot in self.inner)


@dataclass(frozen=True)
class Layer(ABC):
    """Subclasses are final, frozen dataclasses of hyper-parameters."""

    folds_relu: ClassVar[bool] = False  # forward applies slot.floor, and backward undoes it
    random: ClassVar[bool] = False  # slot.key is drawn for each step

    @abstractmethod
    def plan(self, in_shape: Shape) -> Plan:
        """What this layer needs behind an input of this shape; UserError where it cannot follow it."""

    @abstractmethod
    def forward(self, x: Array, slot: Slot) -> Array:
        """Write slot.out from x, which stays as it is, and return it."""

    @abstractmethod
    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """Overwrite slot.grads and slot.dx from dy, which may be used up; return slot.dx, or dy changed in place."""
