"""How kernels are written for the compiler: helpers, parts, and arrays from addresses.

Everything is compiled without Python's global lock, without reference counts, and dividing as NumPy does: a division
that could raise ZeroDivisionError would keep a loop from becoming vector code. Kernels neither slice nor reshape:
Numba's versions bring seconds of string formatting for their error messages. They take addresses and sizes instead.
The plain functions of `sizes.py` and of the `scratch` files may be called as they are.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable
from numba.np.arrayobj import populate_array

from handgrad.kernels import pass_scratch, scratch, sizes, winograd_scratch
from handgrad.kernels.registry import BODIES
from handgrad.kernels.sizes import BYTES

OPTIONS = {"nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
PARTS: dict[str, tuple[Any, ...]] = {}  # name -> Numba's types of the arguments

jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)

# For a function that is called in one place: compiled as part of its caller, once instead of twice.
inlined = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, inline="always")

for _module in (sizes, scratch, winograd_scratch, pass_scratch):
    for _function in vars(_module).values():
        if isinstance(_function, FunctionType) and _function.__module__ == _module.__name__:
            register_jitable(**OPTIONS)(_function)


def symbol(name: str) -> str:
    """Return by which name a part is found when compiled code is loaded.

    Parameters
    ----------
    name : str
        Name of the part.

    Returns
    -------
    str
        The symbol.
    """
    return f"handgrad.{name}"


def part(body: Callable[..., None]) -> Any:
    """Enter a function of addresses, sizes and one `floor` among the parts; for use as a decorator.

    Parameters
    ----------
    body : function
        Its arguments are 64-bit integers, but for a float32 named `floor`.

    Returns
    -------
    function
        For jitted code: a call of the part, which is compiled by itself.
    """
    name, code = body.__name__, cast(FunctionType, body).__code__
    given = tuple(types.float32 if a == "floor" else types.intp for a in code.co_varnames[: code.co_argcount])
    BODIES[name], PARTS[name] = cast(FunctionType, body), given

    @intrinsic
    def call(typing_context, *arguments):
        def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
            kind = context.call_conv.get_function_type(types.none, given)
            found = build.module.globals.get(symbol(name)) or ir.Function(build.module, kind, symbol(name))
            context.call_conv.call_function(build, found, types.none, given, cgutils.unpack_tuple(build, args[0]))
            return context.get_dummy_value()

        return types.void(types.StarArgTuple.from_types(given)), codegen

    return call


@intrinsic
def address(typing_context, array):
    """Give the address of an array's first element, a signed integer."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        made = context.make_array(array)(context, build, args[0])
        return build.ptrtoint(made.data, ir.IntType(64))

    return types.intp(array), codegen


@intrinsic
def view(typing_context, at, shape):
    """Give the array of float32 of a shape, a tuple, that begins at an address."""
    kind = types.Array(types.float32, len(shape), "C")

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return array_at(context, build, kind, args[0], cgutils.unpack_tuple(build, args[1]))

    return kind(types.intp, types.UniTuple(types.intp, len(shape))), codegen


def array_at(context: Any, build: ir.IRBuilder, kind: Any, at: Any, sizes: list[Any]) -> Any:
    """Emit an array in C order.

    Parameters
    ----------
    context : object
        Numba's description of the processor.
    build : ir.IRBuilder
        Where the instructions go.
    kind : object
        Numba's type of the array.
    at : LLVM value
        Its address.
    sizes : list of LLVM values
        Its shape.

    Returns
    -------
    LLVM value
        The array.
    """
    made, width = context.make_array(kind)(context, build), ir.IntType(64)(kind.dtype.bitwidth // 8)
    strides = [width]
    for size in reversed(sizes[1:]):
        strides.insert(0, build.mul(strides[0], size))
    data = build.inttoptr(at, context.get_data_type(kind.dtype).as_pointer())
    populate_array(made, data=data, shape=sizes, strides=strides, itemsize=width, meminfo=None)
    return made._getvalue()


@intrinsic
def byte_vector(typing_context, at, size):
    """Give the bytes that begin at an address, as an array of uint8."""
    kind = types.Array(types.uint8, 1, "C")

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return array_at(context, build, kind, args[0], [args[1]])

    return kind(types.intp, types.intp), codegen


@intrinsic
def vector(typing_context, at, first, last):
    """Give the numbers first to last of those at an address, as an array.

    A loop over all of an array becomes vector code; one over a range of indices does not: an index might be negative.
    """
    kind = types.Array(types.float32, 1, "C")

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        start = build.add(args[0], build.mul(args[1], ir.IntType(64)(BYTES)))
        return array_at(context, build, kind, start, [build.sub(args[2], args[1])])

    return kind(types.intp, types.intp, types.intp), codegen


@jit
def fill(at, size, value):
    # `size` floats at an address = value
    floats = view(at, (size,))
    for i in range(floats.size):
        floats[i] = value
