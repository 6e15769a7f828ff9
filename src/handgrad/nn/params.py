"""Named parameters in one flat vector, and arrays that start on a cache line."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Shape = tuple[int, ...]

LINE = 64  # bytes of a cache line


def aligned(shape: Shape, dtype: npt.DTypeLike = np.float32) -> Array:
    """Return zeros that start on a 64-byte boundary.

    NumPy promises 16 bytes, and a vector load that crosses two cache lines costs twice as much.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    dtype : dtype
        Type of its elements.

    Returns
    -------
    numpy.ndarray, shape `shape`
        A new array in C order.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    view: Array = raw[start : start + size].view(dtype).reshape(shape)
    return view


@dataclass(frozen=True)
class Param:
    """A named array of a layer.

    Parameters
    ----------
    name : str
        Such as `w`; in a network the layer's place precedes it, as in `0.w`.
    shape : tuple of int
        Shape of the array.
    init : str
        Kind of the initial values, see `handgrad.nn.init.initial_array`.
    decay : bool
        Whether weight decay applies.
    lr_scale : float
        Factor by which the learning rate is multiplied for this parameter.
    """

    name: str
    shape: Shape
    init: str = "zeros"
    decay: bool = False
    lr_scale: float = 1.0


@dataclass(frozen=True)
class Segment:
    """A run of the flat vector that the optimiser treats alike.

    Parameters
    ----------
    start : int
        Index of the first element.
    stop : int
        Index behind the last element.
    decay : bool
        Whether weight decay applies.
    lr_scale : float
        Factor of the learning rate.
    """

    start: int
    stop: int
    decay: bool
    lr_scale: float


class Layout:
    """Where each parameter lies in one flat vector.

    Parameters with weight decay come first, and among equals those with a lower `lr_scale`, so that few segments cover
    the vector. Each parameter starts on a cache line of its own; the floats between them stay 0.

    Parameters
    ----------
    params : iterable of Param
        The parameters, under different names.
    """

    def __init__(self, params: Iterable[Param]) -> None:
        ordered = sorted(params, key=lambda p: (not p.decay, p.lr_scale))
        self.places: dict[str, tuple[int, Param]] = {}  # name -> index of the first element, parameter
        self.segments: list[Segment] = []
        self.size = 0
        for param in ordered:
            self._place(param)

    def _place(self, param: Param) -> None:
        start, unit = self.size, LINE // 4
        self.places[param.name] = (start, param)
        self.size += -(-math.prod(param.shape) // unit) * unit
        last = self.segments[-1] if self.segments else None
        if last and (last.decay, last.lr_scale) == (param.decay, param.lr_scale):
            start = self.segments.pop().start
        self.segments.append(Segment(start, self.size, param.decay, param.lr_scale))

    def view(self, flat: Array, name: str) -> Array:
        """Return one parameter as a view of a flat vector.

        Parameters
        ----------
        flat : numpy.ndarray, shape (size,)
            A vector of this layout: parameters, gradients or an optimiser's memory.
        name : str
            Name of the parameter.

        Returns
        -------
        numpy.ndarray
            A view with the parameter's shape.
        """
        start, param = self.places[name]
        return flat[start : start + math.prod(param.shape)].reshape(param.shape)

    def views(self, flat: Array) -> Iterator[tuple[str, Array]]:
        """Yield each parameter as a view of a flat vector.

        Parameters
        ----------
        flat : numpy.ndarray, shape (size,)
            A vector of this layout.

        Yields
        ------
        name : str
            Name of the parameter.
        view : numpy.ndarray
            A view with the parameter's shape.
        """
        for name in self.places:
            yield name, self.view(flat, name)

    @property
    def count(self) -> int:
        """Number of elements of all parameters, without the padding between them."""
        return sum(math.prod(param.shape) for _, param in self.places.values())
