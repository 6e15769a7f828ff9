"""What is compiled: each function enters itself with a decorator. Nothing here imports the compiler.

A `kernel` is what layers and optimisers call: `program.py` hands it to every thread of the team. A `part` is what
several kernels have in common: compiled once, and called by them at its address.
"""

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple, TypeVar, cast, get_type_hints

import numpy as np

from handgrad.kernels import naive
from handgrad.kernels.protocol import Kernels

Function = TypeVar("Function", bound=Callable[..., object])
Kind = tuple[str, np.dtype[Any], int]  # name of an argument, type of its elements, number of axes

TEAM_TEXT = """    team : Team
        The threads that compute, as one of them sees them.
    """  # documents the argument that only compiled kernels have
NUMBERS = {int: np.dtype(np.int64), bool: np.dtype(np.int64), float: np.dtype(np.float64)}
KERNELS = tuple(name for name in vars(Kernels) if not name.startswith("_") and name != "threads")
BODIES: dict[str, FunctionType] = {}


class Team(NamedTuple):
    """The threads that run a kernel together, as one of them sees it.

    Parameters
    ----------
    t : int
        Which of them this is, from 0.
    threads : int
        How many they are.
    gate : int
        Address of the gate where they wait for each other, see `native.meet`.
    """

    t: int
    threads: int
    gate: int


def kernel(body: Function) -> Function:
    """Enter a function among the kernels; for use as a decorator.

    Parameters
    ----------
    body : function
        The function, named as its twin in `naive`, with its arguments and one more: the `Team` of threads.

    Returns
    -------
    function
        The function itself, with the docstring of its NumPy twin.
    """
    if not body.__doc__:
        document(body)
        body.__doc__ = f"{str(body.__doc__).rstrip()}\n{TEAM_TEXT}"
    BODIES[body.__name__] = cast(FunctionType, body)
    return body


def document(function: Callable[..., object]) -> None:
    """Give a function without a docstring that of its NumPy twin.

    Parameters
    ----------
    function : function
        The function; its twin in `naive` has the same name.
    """
    function.__doc__ = function.__doc__ or getattr(naive, function.__name__).__doc__


@cache
def kinds(name: str) -> tuple[Kind, ...]:
    """Return what the arguments of a kernel are.

    Parameters
    ----------
    name : str
        The kernel.

    Returns
    -------
    tuple of (str, dtype, int)
        Name, type of the elements and number of axes of each.
    """
    hints = get_type_hints(getattr(Kernels, name), include_extras=True)
    return tuple((argument, *_kind(hint)) for argument, hint in hints.items() if argument != "return")


def _kind(hint: Any) -> tuple[np.dtype[Any], int]:
    if hint in NUMBERS:
        return NUMBERS[hint], 0
    element, axes = hint.__metadata__
    return np.dtype(element), axes
