"""The arrays of one run of a network, allocated from the plans of its layers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from handgrad.kernels import Kernels
from handgrad.nn.layers import chain
from handgrad.nn.layers.base import Plan, Slot
from handgrad.nn.params import Array, Param, Shape, aligned

if TYPE_CHECKING:
    from handgrad.kernels.program import Program, Recorder

Result = TypeVar("Result")
Place = tuple[int, ...]  # (2,) is layer 2 of a network, (2, 0) the first layer inside it


@dataclass
class Workspace:
    """The arrays of one run: a batch of n images, one slot for each layer.

    Workspaces share no arrays, so several threads can predict at the same time.

    Parameters
    ----------
    n : int
        Images in a batch.
    train : bool
        Whether the run trains; else it predicts.
    kernels : Kernels
        The functions that compute.
    slots : list of Slot
        The arrays of each layer.
    random : list of (Slot, tuple of int)
        Slots of the layers that draw random numbers, inner ones too, each with the layer's place.
    x : numpy.ndarray, shape (n, *in_shape)
        Where a batch may be written.
    dlogits : numpy.ndarray, shape (n, K)
        Where the gradient with respect to the logits may be written; empty where there is no backward.
    scratch : numpy.ndarray, shape (threads, floats)
        Room to work in, shared by all layers.
    recorder : Recorder or None
        What writes down the kernels that the layers call; None where they compute when they are called, or where
        somebody else writes them down.
    fixed : bool
        Whether the weights stay as they are while it is used.
    kept : int64 array without axes
        1 where a run with fixed weights came before; else 0.
    programs : dict of str to (Program, object)
        What was written down, and what the layers returned then.
    """

    n: int
    train: bool
    kernels: Kernels
    slots: list[Slot]
    random: list[tuple[Slot, Place]]
    x: Array
    dlogits: Array
    scratch: Array
    recorder: "Recorder | None" = None
    fixed: bool = False
    kept: Array = field(default_factory=lambda: np.zeros((), np.int64))
    programs: dict[str, tuple["Program", Any]] = field(default_factory=dict)

    def replay(self, name: str, run: Callable[[Array], Result], given: Array, place: Array) -> Result:
        """Run layers on an array; with a recorder, as the program that is written down the first time.

        Parameters
        ----------
        name : str
            Which program.
        run : callable
            Calls the layers with the array, and returns their result.
        given : numpy.ndarray
            The array.
        place : numpy.ndarray
            Where a program has it; what is given is copied there.

        Returns
        -------
        object
            What `run` returned.
        """
        if self.recorder is None:
            return run(given)
        if name not in self.programs:
            result = run(place)
            self.programs[name] = self.recorder.take(), result
        if given is not place:
            place[...] = given
        program, result = self.programs[name]
        program.run()
        self.kept[...] = self.fixed and not self.train
        return result

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, without the vectors of the network."""
        return self.x.nbytes + self.dlogits.nbytes + self.scratch.nbytes + sum(slot.nbytes for slot in self.slots)


@dataclass(frozen=True)
class Input:
    """What is known about the input of a layer before there are any images.

    Parameters
    ----------
    n : int
        Images in the batch.
    shape : tuple of int
        Shape of one image.
    needs_gradient : bool
        Whether a layer below has parameters, so that training needs the gradient with respect to this input.
    """

    n: int
    shape: Shape
    needs_gradient: bool = False


@dataclass
class SlotBuilder:
    """Allocates the slots of a network from the plans of its layers.

    Parameters
    ----------
    train : bool
        Whether the slots are for training.
    backward : bool
        Whether there is a backward, as in training.
    kernels : Kernels
        The functions that the layers are to call.
    dtype : dtype
        The type of all arrays but the buffers that state their own.
    scratch : numpy.ndarray, shape (threads, floats)
        Room to work in, shared by all layers.
    params : dict of str to numpy.ndarray
        The network's parameters by their full names, such as `0.w`.
    grads : dict of str to numpy.ndarray
        Their gradients, by the same names.
    state : dict of str to numpy.ndarray
        What the network keeps but does not train, by full names.
    random : list of (Slot, tuple of int)
        Gathers the slots of the layers that draw random numbers, each with the layer's place.
    kept : int64 array without axes
        What all slots have as `kept`.
    """

    train: bool
    backward: bool
    kernels: Kernels
    dtype: npt.DTypeLike
    scratch: Array
    params: dict[str, Array]
    grads: dict[str, Array]
    state: dict[str, Array]
    random: list[tuple[Slot, Place]] = field(default_factory=list)
    kept: Array = field(default_factory=lambda: np.zeros((), np.int64))

    def chain(self, plans: Sequence[Plan], x: Input, outer: Place = ()) -> list[Slot]:
        """Allocate the slots of layers in a row.

        Parameters
        ----------
        plans : sequence of Plan
            Plans of the layers.
        x : Input
            The input of the first layer.
        outer : tuple of int
            Place of the layer that contains them; empty for the layers of the network itself.

        Returns
        -------
        list of Slot
            A slot for each layer.
        """
        slots: list[Slot] = []
        for i, plan in enumerate(plans):
            folded = i > 0 and plans[i - 1].folds_relu and plan.is_relu
            if folded:
                slots[-1].floor = 0.0
            slots.append(self._slot(plan, x, (*outer, i), folded))
            x = Input(x.n, plan.out_shape, x.needs_gradient or any(chain.params([plan])))
        return slots

    def _slot(self, plan: Plan, x: Input, place: Place, folded: bool = False) -> Slot:
        owned = not folded and (plan.own_output == "always" or (self.train and plan.own_output == "train"))
        slot = Slot(
            kernels=self.kernels,
            train=self.train,
            out=self._array(x.n, plan.out_shape) if owned else self._array(0),
            dx=self._array(x.n, x.shape) if owned and self.backward and x.needs_gradient else None,
            params=_views(self.params, place, plan.params),
            grads=_views(self.grads, place, plan.params),
            state=_views(self.state, place, plan.state),
            cache=self._cache(plan, x.n),
            scratch=self.scratch,
            folded=folded,
            kept=self.kept,
            inner=self._inner(plan, x, place),
        )
        if plan.random:
            self.random.append((slot, place))
        return slot

    def _inner(self, plan: Plan, x: Input, place: Place) -> list[Slot]:
        """Slots of the layers inside one: in a row, or side by side, where each sees rows of its own in training."""
        if plan.member_rows is None:
            return self.chain(plan.inner, x, place)
        counts = [len(plan.member_rows(i, x.n)) if self.train else x.n for i in range(len(plan.inner))]
        return [
            self._slot(inner, replace(x, n=count), (*place, i))
            for i, (inner, count) in enumerate(zip(plan.inner, counts, strict=True))
        ]

    def _cache(self, plan: Plan, n: int) -> dict[str, Array]:
        return {
            buffer.name: aligned((n, *buffer.shape) if buffer.per_image else buffer.shape, buffer.dtype or self.dtype)
            for buffer in plan.cache
            if self.backward or not buffer.train_only
        }

    def _array(self, n: int, shape: Shape = ()) -> Array:
        return aligned((n, *shape), self.dtype)


def _views(named: dict[str, Array], place: Place, params: Iterable[Param]) -> dict[str, Array]:
    """Arrays of the layer at a place, by their short names."""
    prefix = ".".join(map(str, place))
    return {param.name: named[f"{prefix}.{param.name}"] for param in params}
