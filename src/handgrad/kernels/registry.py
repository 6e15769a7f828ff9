"""The list of kernels that are compiled: each body enters itself with a decorator.

Nothing here imports the compiler.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import TypeVar, cast, overload

from handgrad.kernels import naive

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True)
class Kernel:
    """A function that is to be compiled.

    Parameters
    ----------
    body : FunctionType
        The Python function.
    parallel : bool
        Whether its loops over `prange` are shared among threads in the parallel backend.
    """

    body: FunctionType
    parallel: bool


KERNELS: dict[str, Kernel] = {}


@overload
def kernel(body: Function) -> Function: ...
@overload
def kernel(*, parallel: bool) -> Callable[[Function], Function]: ...
def kernel(body: Function | None = None, *, parallel: bool = True) -> Function | Callable[[Function], Function]:
    """Enter a function among the kernels; for use as a decorator.

    The function stays as it is, but for the docstring of its NumPy twin, which it gets if it has none.

    Parameters
    ----------
    body : function, optional
        The function, named as its twin in `naive`; without it, a decorator is returned.
    parallel : bool
        False for a function that is not worth a second thread.

    Returns
    -------
    function
        The function itself, or the decorator.
    """

    def enter(function: Function) -> Function:
        document(function)
        KERNELS[function.__name__] = Kernel(cast(FunctionType, function), parallel)
        return function

    return enter if body is None else enter(body)


def document(function: Callable[..., object]) -> None:
    """Give a function without a docstring that of its NumPy twin.

    Parameters
    ----------
    function : function
        The function; its twin in `naive` has the same name.
    """
    function.__doc__ = function.__doc__ or getattr(naive, function.__name__).__doc__
