"""One register tile: the multiply-accumulate that every product in handgrad is a loop around.

    C[r, c] = max(floor, START[r, c] + sum_k A[r, k] * B[k, c])        r < rows, c < n_cols <= vectors * lanes

`rows * vectors` sums stay in vector registers for the whole loop over k. A is read one number at a time, which is
broadcast to all lanes; B is read one row of vectors at a time. START is what the sums begin with: the bias (row stride
0), what C holds already (START = C), or a row of zeros. `floor` 0 folds a ReLU in, minus infinity does not; a NaN
passes through either way.

Numba cannot promise that a Python loop keeps its sums in registers, so the tile is emitted as LLVM vector code, after
the register blocking of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.kernels.vector.emitter import F32, I64, Emitter


def host_has_avx512() -> bool:
    """Say whether code is compiled for AVX-512; NUMBA_CPU_FEATURES overrides the processor, as it does in Numba.

    Returns
    -------
    bool
        True if it is.
    """
    asked = numba.config.CPU_FEATURES
    if asked is not None:
        return "+avx512f" in asked.split(",")
    return bool(llvm.get_host_cpu_features().get("avx512f", False))


# 32 registers of 16 floats hold 12 x 2 sums, a row of B and a broadcast; 16 registers of 8 floats hold 6 x 2.
LANES, UNIT = (16, 4) if host_has_avx512() else (8, 2)
WIDTH = 2 * LANES  # columns of a panel of B
ROWS = 3 * UNIT  # rows of the tallest tile


def make_tile(rows: int, vectors: int, lanes: int) -> Callable[..., None]:
    """Make a function for jitted code that computes one tile.

    Parameters
    ----------
    rows, vectors, lanes : int
        Rows of the tile, vectors in a row, floats in a vector.

    Returns
    -------
    function
        `tile(a, a_row, a_k, b, b_k, start, start_row, c, c_row, n_k, n_cols, floor)`: a, b, start and c are addresses;
        a_row, a_k, b_k, start_row and c_row are strides in floats; n_k >= 1; 1 <= n_cols <= vectors * lanes. B is read
        in whole vectors: its rows must be padded to vectors * lanes.
    """

    @intrinsic
    def tile(typing_context, a, a_row, a_k, b, b_k, start, start_row, c, c_row, n_k, n_cols, floor):
        signature = types.void(*[types.intp] * 11, types.float32)

        def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
            _emit(Emitter(build, rows, vectors, lanes), *args)
            return context.get_dummy_value()

        return signature, codegen

    made: Callable[..., None] = tile
    return made


def _emit(e: Emitter, *args: Any) -> None:
    a, a_row, a_k, b, b_k, start, start_row, c, c_row, n_k, n_cols, floor = args
    build = e.build
    a_row, a_k, b_k, start_row, c_row = (build.mul(s, I64(4)) for s in (a_row, a_k, b_k, start_row, c_row))
    first_at, out_at = e.addresses(start, start_row), e.addresses(c, c_row)
    a_rows = [build.add(a, build.mul(a_row, I64(r))) for r in range(e.rows)]
    whole = build.icmp_signed("==", n_cols, I64(e.vectors * e.lanes))
    masks = e.masks(n_cols)
    names = ("whole", "edge", "loop", "end", "store_whole", "store_edge", "done")
    block = {name: build.append_basic_block(name) for name in names}
    build.cbranch(whole, block["whole"], block["edge"])

    first = {}
    for name, mask in (("whole", None), ("edge", masks)):
        build.position_at_end(block[name])
        first[name] = [[e.load(at, None if mask is None else mask[v]) for v, at in enumerate(r)] for r in first_at]
        build.branch(block["loop"])

    build.position_at_end(block["loop"])
    k = build.phi(I64)
    sums = [[build.phi(e.vector) for _ in row] for row in out_at]
    new = _multiply_accumulate(e, a_rows, build.mul(k, a_k), build.add(b, build.mul(k, b_k)), sums)
    following = build.add(k, I64(1))
    for name in ("whole", "edge"):
        k.add_incoming(I64(0), block[name])
    k.add_incoming(following, block["loop"])
    for r, row in enumerate(sums):
        for v, phi in enumerate(row):
            for name in ("whole", "edge"):
                phi.add_incoming(first[name][r][v], block[name])
            phi.add_incoming(new[r][v], block["loop"])
    build.cbranch(build.icmp_signed("<", following, n_k), block["loop"], block["end"])

    build.position_at_end(block["end"])
    build.cbranch(whole, block["store_whole"], block["store_edge"])
    for name, mask in (("store_whole", None), ("store_edge", masks)):
        build.position_at_end(block[name])
        _finish(e, new, out_at, floor, mask)
        build.branch(block["done"])
    build.position_at_end(block["done"])


def _multiply_accumulate(e: Emitter, a_rows: list[Any], a_at: Any, b_at: Any, sums: list[list[Any]]) -> list[list[Any]]:
    """One step over k: a product is added to every sum."""
    b = e.build
    b_row = [e.load(b.add(b_at, I64(4 * e.lanes * v)), None) for v in range(e.vectors)]
    new = []
    for r in range(e.rows):
        scalar = b.load(e.pointer(b.add(a_rows[r], a_at), F32), align=4)
        broadcast = e.splat(scalar, F32)
        new.append([e.fma(broadcast, b_row[v], sums[r][v]) for v in range(e.vectors)])
    return new


def _finish(e: Emitter, sums: list[list[Any]], at: list[list[Any]], floor: Any, masks: list[Any] | None) -> None:
    """Raise each sum to the floor and store it."""
    low = e.splat(floor, F32)
    for r in range(e.rows):
        for v in range(e.vectors):
            e.store(e.not_below(sums[r][v], low), at[r][v], None if masks is None else masks[v])
