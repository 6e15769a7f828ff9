"""Programs: what kernels are called with, written down once and run as often as one likes.

A `Recorder` has the kernels of `Kernels`, like any backend. A call of one writes down its name and the addresses of
its arrays; `Program.run` hands the list to the team of threads (`team.py`). In place of a number, a call may be given
a cell, an array without axes: its value is looked up each time that the program runs. `COMPILED` runs each call at
once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from handgrad.kernels import naive, objects
from handgrad.kernels.protocol import Array, Kernels
from handgrad.kernels.registry import KERNELS, kinds
from handgrad.kernels.store import has_compiler
from handgrad.kernels.team import TEAM
from handgrad.kernels.threads import MOST, threads


@dataclass(frozen=True)
class Call:
    """A kernel and what it is called with.

    Parameters
    ----------
    name : str
        The kernel.
    words : int64 array
        For each argument its address and, for an array, its shape.
    kept : list of numpy.ndarray
        What lies at the addresses.
    most : int
        For how many threads there is scratch memory.
    """

    name: str
    words: npt.NDArray[np.int64]
    kept: list[Array]
    most: int

    @classmethod
    def of(cls, name: str, arguments: Sequence[Any]) -> "Call":
        """Write down a call.

        Parameters
        ----------
        name : str
            The kernel.
        arguments : sequence
            Arrays, numbers and cells.

        Returns
        -------
        Call
            With the addresses.

        Raises
        ------
        TypeError
            For an array that is not what the kernel takes.
        """
        words: list[int] = []
        kept: list[Array] = []
        most = MOST
        for (argument, dtype, axes), given in zip(kinds(name), arguments, strict=True):
            value = given if isinstance(given, np.ndarray) else np.array(given, dtype)
            if value.dtype != dtype or not value.flags.c_contiguous or (axes != 1 and value.ndim != axes):
                raise TypeError(
                    f"{name}: {argument} is {value.dtype} {value.shape}: expected {dtype}, {axes} axes, in C order"
                )
            words.append(value.__array_interface__["data"][0])
            words += (value.size,) if axes == 1 else value.shape
            kept.append(value)
            most = len(value) if argument == "scratch" else most
        return cls(name, np.array(words, np.int64), kept, most)

    def run_in_numpy(self) -> None:
        """Run the kernel's NumPy twin, with what the cells hold now."""
        getattr(naive, self.name)(*(value if value.ndim else value.item() for value in self.kept))


class Program:
    """A list of calls, run in its order, each by all threads together.

    Parameters
    ----------
    calls : iterable of Call
        The calls.
    """

    def __init__(self, calls: Iterable[Call]) -> None:
        self.calls = tuple(calls)
        self._most = min((call.most for call in self.calls), default=MOST)
        self._pairs = np.empty((0, 2), np.int64)

    @property
    def names(self) -> set[str]:
        """The kernels that are called."""
        return {call.name for call in self.calls}

    def run(self) -> None:
        """Run the calls; kernels that are not compiled yet are compiled first. Without a compiler, NumPy runs them."""
        if not has_compiler():
            for call in self.calls:
                call.run_in_numpy()
            return
        if len(self._pairs) < len(self.calls):
            objects.load(self.names)
            pairs = [(objects.ADDRESSES[call.name], call.words.ctypes.data) for call in self.calls]
            self._pairs = np.array(pairs, np.int64)
        TEAM.run(self._pairs.ctypes.data, len(self._pairs), min(threads(), self._most))


class Recorder:
    """A backend that writes down what it is asked for.

    Attributes
    ----------
    kernels : Kernels
        The kernels; none of them computes.

    Examples
    --------
    >>> import numpy as np
    >>> recorder, x, decay = Recorder(), np.ones(3, np.float32), np.array(0.5)
    >>> recorder.kernels.ema_step(x, np.zeros(3, np.float32), decay)
    >>> program = recorder.take()
    >>> program.run()
    >>> x.tolist()
    [0.5, 0.5, 0.5]
    >>> decay[...] = 0.0
    >>> program.run()
    >>> x.tolist()
    [0.0, 0.0, 0.0]
    """

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self.kernels = _kernels(lambda name, arguments: self._calls.append(Call.of(name, arguments)))

    def take(self) -> Program:
        """Return what was written down since the last time.

        Returns
        -------
        Program
            The calls.
        """
        program, self._calls = Program(self._calls), []
        return program


class _Kernels:
    """The kernels, each passed on with its name."""

    def __init__(self, do: Callable[[str, Sequence[Any]], None]) -> None:
        self.threads = threads
        for name in KERNELS:
            setattr(self, name, _passed_on(do, name))


def _passed_on(do: Callable[[str, Sequence[Any]], None], name: str) -> Callable[..., None]:
    return lambda *arguments: do(name, arguments)


def _kernels(do: Callable[[str, Sequence[Any]], None]) -> Kernels:
    return cast(Kernels, _Kernels(do))


COMPILED = _kernels(lambda name, arguments: Program([Call.of(name, arguments)]).run())
