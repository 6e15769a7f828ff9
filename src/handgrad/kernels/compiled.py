"""Every kernel compiled twice: for one thread, and for all of them. Numba compiles on the first call.

`serial` may run in several threads of one process at the same time. `parallel` belongs to training: Numba's default
thread layer aborts a process in which two threads enter it.
"""

from importlib import import_module
from pkgutil import iter_modules
from types import FunctionType, SimpleNamespace
from typing import Any, cast

import numba

from handgrad import kernels
from handgrad.kernels.cache import KernelCache, warn_once
from handgrad.kernels.protocol import Kernels
from handgrad.kernels.registry import KERNELS, Kernel

for _found in iter_modules(kernels.__path__, "handgrad.kernels."):
    import_module(_found.name)  # the kernels in it register themselves


def _compiled(name: str, kernel: Kernel, parallel: bool) -> Any:
    """A copy of the body, to be compiled when it is called; cached on disk if there is a folder to write to."""
    parallel = parallel and kernel.parallel
    copy = FunctionType(kernel.body.__code__, kernel.body.__globals__, name)
    copy.__qualname__ = f"{name}_{'parallel' if parallel else 'serial'}"  # symbols and cache files go by this name
    dispatcher = numba.njit(nogil=True, error_model="numpy", parallel=parallel)(copy)
    try:
        dispatcher._cache = KernelCache(copy)
    except RuntimeError:
        warn_once("there is no folder to keep compiled kernels in: each run compiles them; name one in NUMBA_CACHE_DIR")
    return dispatcher


def _backend(parallel: bool) -> Kernels:
    made = {name: _compiled(name, kernel, parallel) for name, kernel in KERNELS.items()}
    return cast(Kernels, SimpleNamespace(threads=numba.get_num_threads if parallel else lambda: 1, **made))


serial = _backend(parallel=False)
parallel = _backend(parallel=True)
