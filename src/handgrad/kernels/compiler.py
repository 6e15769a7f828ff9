"""The compiler: a process that reads names of kernels and writes their object code; see `compiling.py`."""

import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from types import FunctionType
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core.compiler import Flags, compile_extra
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from handgrad import kernels
from handgrad.kernels.jit import PARTS, array_at, inlined, symbol
from handgrad.kernels.registry import BODIES, Kind, Team, kinds

WORD = ir.IntType(64)


def main() -> None:
    """Compile what standard input names, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this process ends it
    for line in sys.stdin:
        content = compile_kernel(line.strip())
        sys.stdout.buffer.write(b"%d\n%b" % (len(content), content))
        sys.stdout.buffer.flush()


def register() -> None:
    """Import every file of kernels, so that each function enters itself."""
    for found in iter_modules(kernels.__path__, "handgrad.kernels."):
        import_module(found.name)


def compile_kernel(name: str) -> bytes:
    """Compile a kernel or a part.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    bytes
        The name of its symbol, a line break, its object code.
    """
    register()
    for other in PARTS:  # somewhere: the address does not get into the object code
        llvm.add_symbol(symbol(other), 1)
    body, arguments = (BODIES[name], PARTS[name]) if name in PARTS else (_entry(name), (types.intp,) * 4)
    flags = Flags()
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = flags.release_gil = True
    flags.error_model = "numpy"
    context = cpu_target.target_context
    made = compile_extra(cpu_target.typing_context, context, body, arguments, types.none, flags, {})
    library, found = made.library, made.fndesc.llvm_func_name
    library.get_pointer_to_function(found)
    code: bytes = library._get_compiled_object()
    return b"\n".join((found.encode(), code))


def _entry(name: str) -> FunctionType:
    """The kernel as threads call it: with the address of its arguments."""
    body, unpack = inlined(BODIES[name]), _unpacking(kinds(name))

    given = ", ".join(argument for argument, _, _ in kinds(name))
    space: dict[str, Any] = {"unpack": unpack, "body": body, "Team": Team}
    # written out, as Numba would not inline a call with a star, and compile the kernel twice
    exec(f"def entry(at, t, threads, gate):\n {given}, = unpack(at)\n body({given}, Team(t, threads, gate))", space)
    entry: FunctionType = space["entry"]
    return entry


def _unpacking(arguments: tuple[Kind, ...]) -> Callable[..., Any]:
    """A function for jitted code that reads what `Program` wrote down: addresses, and the shapes of arrays."""
    given = [_type(dtype.name, axes) for _, dtype, axes in arguments]

    @intrinsic
    def unpack(typing_context, at):
        def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
            words, values = _Words(build, args[0]), []
            for kind in given:
                where = words.next()
                if isinstance(kind, types.Array):
                    values.append(array_at(context, build, kind, where, [words.next() for _ in range(kind.ndim)]))
                else:
                    values.append(build.load(build.inttoptr(where, context.get_data_type(kind).as_pointer())))
            return context.make_tuple(build, signature.return_type, values)

        return types.Tuple(given)(types.intp), codegen

    made: Callable[..., Any] = unpack
    return made


class _Words:
    """The words at an address, one after the other."""

    def __init__(self, build: ir.IRBuilder, at: Any) -> None:
        self._build, self._at, self._taken = build, at, 0

    def next(self) -> Any:
        place = self._build.add(self._at, WORD(8 * self._taken))
        self._taken += 1
        return self._build.load(self._build.inttoptr(place, WORD.as_pointer()))


def _type(element: str, axes: int) -> Any:
    scalar = getattr(types, element)
    return types.Array(scalar, axes, "C") if axes else scalar
