"""The contract of a layer: a frozen description that plans from a shape and computes in a slot.

A new layer is one file in this folder with a frozen dataclass that derives from `Layer`; nothing else lists it. What a
network has to know about a layer stands in its `Plan`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import partial
from typing import Literal

import numpy as np

from handgrad.kernels import Kernels
from handgrad.nn.params import Array, Param, Shape

NO_FLOOR = -np.inf
LAYERS: dict[str, type["Layer"]] = {}  # every layer by its class name, which is also its name in model files


def fixed_scratch(floats: int, n: int) -> int:
    """Return the scratch of a layer that needs the same amount for every batch size.

    Parameters
    ----------
    floats : int
        Floats that each thread needs.
    n : int
        Images in the batch; without effect.

    Returns
    -------
    int
        `floats`.
    """
    return floats


NO_SCRATCH = partial(fixed_scratch, 0)


@dataclass(frozen=True)
class Buffer:
    """An array that a slot keeps between forward and backward.

    Parameters
    ----------
    name : str
        Its name in `Slot.cache`.
    shape : tuple of int
        Its shape, without the batch axis.
    per_image : bool
        Whether the array has a batch axis: (N, *shape) instead of shape.
    dtype : type, optional
        The type of its elements; None stands for the type of the network.
    train_only : bool
        Whether only training needs it.
    """

    name: str
    shape: Shape
    per_image: bool = False
    dtype: type[np.generic] | None = None
    train_only: bool = True


@dataclass(frozen=True)
class Plan:
    """All that a network has to know about a layer, found from the shape of its input alone.

    Shapes leave out the batch axis.

    Parameters
    ----------
    out_shape : tuple of int
        Shape of the output of one image.
    params : tuple of Param
        What is trained, and written to a model file.
    state : tuple of Param
        What is written to a model file but not trained, such as running means.
    cache : tuple of Buffer
        What forward leaves for backward, and room to work in.
    scratch : callable
        Maps the batch size n to the floats that each thread needs while this layer runs; all layers share the memory.
    inner : tuple of Plan
        Plans of the layers inside this one.
    member_rows : callable, optional
        None where the layers inside follow each other. Where they stand side by side: member_rows(i, n) are the rows of
        a training batch of n images that layer i sees.
    own_output : {'always', 'train', 'never'}
        When the layer writes to an output array of its own. Where it does not, it passes on an array that it was given
        or that a layer inside wrote.
    folds_relu : bool
        Whether forward applies `Slot.floor` to the output, and backward accounts for it: then a ReLU that follows costs
        nothing.
    is_relu : bool
        Whether the layer is a ReLU, which the layer before it may apply.
    random : bool
        Whether forward draws random numbers in training, from `Slot.key`.
    """

    out_shape: Shape
    params: tuple[Param, ...] = ()
    state: tuple[Param, ...] = ()
    cache: tuple[Buffer, ...] = ()
    scratch: Callable[[int], int] = NO_SCRATCH
    inner: tuple["Plan", ...] = ()
    member_rows: Callable[[int, int], range] | None = None
    own_output: Literal["always", "train", "never"] = "always"
    folds_relu: bool = False
    is_relu: bool = False
    random: bool = False


@dataclass
class Slot:
    """The arrays of one layer in one run.

    Parameters
    ----------
    kernels : Kernels
        The functions that compute, see `handgrad.kernels`.
    train : bool
        Whether this is a training run.
    out : numpy.ndarray, shape (N, *out_shape)
        The output; empty where the layer has no output array of its own.
    dx : numpy.ndarray, shape (N, *in_shape), or None
        The gradient with respect to the input; None where no layer below needs it.
    params : dict of str to numpy.ndarray
        Views of the parameters in the network's flat vector.
    grads : dict of str to numpy.ndarray
        Views of their gradients.
    state : dict of str to numpy.ndarray
        Views of what is kept but not trained.
    cache : dict of str to numpy.ndarray
        The plan's buffers.
    scratch : numpy.ndarray, shape (threads, floats)
        Room to work in, shared by all layers.
    floor : float
        Lower bound of the output: 0 where the following ReLU is folded into this layer, -inf elsewhere.
    folded : bool
        Whether the layer is a ReLU that the layer before it applies, so that it has nothing to do.
    key : int64 array without axes
        Key of the layer's random numbers in this step.
    kept : int64 array without axes
        1 where the weights are those of the run before, so that what was made of them then can be used again; else 0.
        All slots of a run share it.
    x : numpy.ndarray, shape (N, *in_shape)
        The input of forward, kept for backward.
    inner : list of Slot
        Slots of the layers inside this one.
    """

    kernels: Kernels
    train: bool
    out: Array
    dx: Array | None
    params: dict[str, Array]
    grads: dict[str, Array]
    state: dict[str, Array]
    cache: dict[str, Array]
    scratch: Array
    floor: float = NO_FLOOR
    folded: bool = False
    key: Array = field(default_factory=lambda: np.zeros((), np.int64))
    kept: Array = field(default_factory=lambda: np.zeros((), np.int64))
    x: Array = field(default_factory=lambda: np.empty(0))
    inner: list["Slot"] = field(default_factory=list)

    @property
    def nbytes(self) -> int:
        """Bytes of its own arrays and of those inside; views of the network's vectors are not its own."""
        own = [self.out, *([] if self.dx is None else [self.dx]), *self.cache.values()]
        return sum(array.nbytes for array in own) + sum(slot.nbytes for slot in self.inner)


@dataclass(frozen=True)
class Layer(ABC):
    """A frozen description of one layer.

    Subclasses are final, frozen dataclasses of hyper-parameters; a subclass that contains layers has them in a field
    `layers`. Each subclass enters itself into `LAYERS`. Arrays live in slots, so one layer may serve several networks
    and threads at once.
    """

    def __init_subclass__(cls) -> None:
        LAYERS[cls.__name__] = cls

    @property
    def inner(self) -> tuple["Layer", ...]:
        """The layers inside this one."""
        layers: tuple[Layer, ...] = getattr(self, "layers", ())
        return layers

    def describe(self) -> str:
        """Return the name of the layer with the values that have no default, such as `Dense(100)`.

        Returns
        -------
        str
            One line of text.
        """
        names = [f.name for f in fields(self) if f.default is MISSING]
        inner = ", ".join(layer.describe() for layer in self.inner)
        texts = [inner if name == "layers" else str(getattr(self, name)) for name in names]
        return f"{type(self).__name__}({', '.join(texts)})"

    @abstractmethod
    def plan(self, in_shape: Shape) -> Plan:
        """Return what the layer needs behind an input of this shape.

        Parameters
        ----------
        in_shape : tuple of int
            Shape of the input of one image: (I,) or (H, W, C).

        Returns
        -------
        Plan
            Shapes and facts; nothing is allocated.

        Raises
        ------
        UserError
            When the layer cannot follow such an input.
        """

    @abstractmethod
    def forward(self, x: Array, slot: Slot) -> Array:
        """Compute the output of a batch.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, *in_shape)
            The input; it stays as it is.
        slot : Slot
            The layer's arrays in this run.

        Returns
        -------
        numpy.ndarray, shape (N, *out_shape)
            `slot.out`, or what the plan's `own_output` says instead.
        """

    @abstractmethod
    def backward(self, dy: Array, slot: Slot) -> Array | None:
        """Compute gradients from that of the output; `slot.grads` and `slot.dx` are overwritten.

        Parameters
        ----------
        dy : numpy.ndarray, shape (N, *out_shape)
            Gradient of the loss with respect to the output; it may be changed.
        slot : Slot
            The arrays of the same run, as forward left them.

        Returns
        -------
        numpy.ndarray, shape (N, *in_shape), or None
            The gradient with respect to the input: `slot.dx`, or `dy` changed in place. None where `slot.dx` is None
            and the layer does not pass `dy` on.
        """
