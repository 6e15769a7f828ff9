"""Kernels in memory: loaded from their files, or compiled first; and the addresses where they are.

This takes llvmlite alone: Numba is imported by the processes that compile, see `compiling.py`.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from handgrad.kernels import store
from handgrad.kernels.compiling import Report, compiled, silent

# Parts, see `jit.part`, and how many arguments each has; what one calls is before it. The last three are the team's.
SUPPORT = {"rows_by_panel": 12, "pack_columns": 5, "copy_rows": 6, "transpose": 7, "run": 5, "work": 2, "lead": 4}
SLOW = ("winograd", "warp", "corrupt", "conv", "batch_norm", "dense", "rows")  # kernels that take longest to compile
ADDRESSES: dict[str, int] = {}
_engines: list[Any] = []  # what owns the code
_lock = threading.RLock()


def load(names: Iterable[str], report: Report = silent) -> None:
    """Load kernels into memory, and compile those that no file holds.

    Parameters
    ----------
    names : iterable of str
        The kernels.
    report : callable
        Told, in one line, what is compiled and how long that takes.
    """
    with _lock:
        wanted = [name for name in dict.fromkeys((*SUPPORT, *names)) if name not in ADDRESSES]
        stored = {name: store.read(name) for name in wanted}
        found = {name: content for name, content in stored.items() if content is not None}
        missing = [name for name in wanted if name not in found]
        missing.sort(key=lambda name: (not name.startswith(SLOW), name in SUPPORT))  # or the others wait for one
        for name, content in compiled(missing, report):
            found[name] = content
            store.keep(name, content)
        for name in wanted:
            ADDRESSES[name] = _link(name, found[name])


def _link(name: str, content: bytes) -> int:
    """The address of a kernel, from the name of its symbol and its object code."""
    import llvmlite.binding as llvm

    symbol, _, code = content.partition(b"\n")
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    address = int(engine.get_function_address(symbol.decode()))
    if name in SUPPORT:
        llvm.add_symbol(f"handgrad.{name}", address)
    return address


def _engine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


@cache
def function(name: str) -> Callable[..., None]:
    """Return a part whose arguments are integers as a Python function; while it runs, other Python threads do.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    function
        Its arguments are integers.
    """
    load(())
    native = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * SUPPORT[name])(ADDRESSES[name])
    result, error = ctypes.c_int64(), ctypes.c_int64()  # Numba's calling convention: places for what does not occur
    places = ctypes.addressof(result), ctypes.addressof(error)

    def call(*arguments: int) -> None:
        native(*places, *arguments)
        assert not (result.value or error.value)

    return call


def _renew_lock() -> None:
    """In a forked child: whoever was loading is not there."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
