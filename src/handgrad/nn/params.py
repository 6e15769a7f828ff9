"""Named parameters in one flat vector, and memory that starts where vector loads like it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Shape = tuple[int, ...]

LINE = 64  # bytes of a cache line


def aligned(shape: Shape, dtype: npt.DTypeLike = np.float32) -> Array:
    """Zeros that start on a 64-byte boundary; NumPy promises 16, and a load across two cache lines costs double."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    view: Array = raw[start : start + size].view(dtype).reshape(shape)
    return view


@dataclass(frozen=True)
class Param:
    """A named array of a layer: how it starts, whether weight decay applies, and its share of the learning rate."""

    name: str
    shape: Shape
    init: str = "zeros"
    decay: bool = False
    lr: float = 1.0


@dataclass(frozen=True)
class Segment:
    """A run of the flat vector that the optimiser treats alike."""

    start: int
    stop: int
    decay: bool
    lr: float


class Layout:
    """Places of parameters in one flat vector, those with weight decay first, each on a cache line of its own."""

    def __init__(self, params: Iterable[Param]) -> None:
        ordered = sorted(params, key=lambda p: (not p.decay, p.lr))
        self.places: dict[str, tuple[int, Param]] = {}
        self.segments: list[Segment] = []
        self.size = 0
        for param in ordered:
            self._place(param)

    def _place(self, param: Param) -> None:
        start, unit = self.size, LINE // 4
        self.places[param.name] = (start, param)
        self.size += -(-math.prod(param.shape) // unit) * unit
        last = self.segments[-1] if self.segments else None
        if last and (last.decay, last.lr) == (param.decay, param.lr):
            start = self.segments.pop().start
        self.segments.append(Segment(start, self.size, param.decay, param.lr))

    def view(self, flat: Array, name: str) -> Array:
        """The array called `name` as a view of a flat vector of this layout."""
        start, param = self.places[name]
        return flat[start : start + math.prod(param.shape)].reshape(param.shape)

    def views(self, flat: Array) -> Iterator[tuple[str, Array]]:
        for name in self.places:
            yield name, self.view(flat, name)

    @property
    def count(self) -> int:
        """How many numbers the parameters hold, padding not counted."""
        return sum(math.prod(param.shape) for _, param in self.places.values())
