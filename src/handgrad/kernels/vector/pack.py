"""Copies and transpositions of whole vectors, which repack matrices for the register tile.

Numba leaves such loops scalar, because an index might be negative and two arrays might overlap. Here addresses are
integers and the loads and stores are emitted as LLVM vector code, as in `tile.py`.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.kernels.jit import part
from handgrad.kernels.sizes import BYTES
from handgrad.kernels.vector.emitter import I8, I32, I64, Emitter
from handgrad.kernels.vector.tile import LANES, WIDTH

PREFETCH = 16  # rows ahead: enough to hide the latency of memory, too few to be evicted before they are used


@intrinsic
def copy_vector(typing_context, to, source, n):
    """Copy the first min(n, LANES) floats at address `source` to address `to`; nothing where n <= 0."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        to, source, n = args
        e = Emitter(build, 1, 1, LANES)
        with build.if_else(build.icmp_signed(">=", n, I64(LANES))) as (whole, edge):
            with whole:
                e.store(e.load(source, None), to, None)
            with edge:
                mask = e.masks(n)[0]
                e.store(e.load(source, mask), to, mask)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), codegen


@intrinsic
def prefetch(typing_context, address):
    """Ask for the cache line at an address; harmless where there is none."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        e = Emitter(build, 1, 1, LANES)
        fetch = e.declare("llvm.prefetch.p0", ir.VoidType(), [I8.as_pointer(), I32, I32, I32])
        build.call(fetch, [e.pointer(args[0], I8), I32(0), I32(3), I32(1)])
        return context.get_dummy_value()

    return types.void(types.intp), codegen


@intrinsic
def transpose_square(typing_context, to, to_row, source, source_row):
    """to[c, r] = source[r, c] for LANES x LANES floats; addresses, and row strides in floats."""

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        to, to_row, source, source_row = args
        e = Emitter(build, LANES, 1, LANES)
        rows = [e.load(at[0], None) for at in e.addresses(source, build.mul(source_row, I64(4)))]
        span = LANES // 2
        while span:  # swap the off-diagonal blocks of ever smaller squares
            rows = _swap(build, rows, span)
            span //= 2
        for row, at in zip(rows, e.addresses(to, build.mul(to_row, I64(4))), strict=True):
            e.store(row, at[0], None)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp), codegen


def _swap(build: ir.IRBuilder, rows: list[Any], span: int) -> list[Any]:
    """Exchange the off-diagonal blocks, span x span, of each square of 2 span rows and lanes."""
    lanes = len(rows)
    upper = [c if not c & span else lanes + c - span for c in range(lanes)]
    lower = [c + span if not c & span else lanes + c for c in range(lanes)]
    new = list(rows)
    for r in range(lanes):
        if not r & span:
            for row, order in ((r, upper), (r + span, lower)):
                choice = ir.Constant(ir.VectorType(I32, lanes), order)
                new[row] = build.shuffle_vector(rows[r], rows[r + span], choice)
    return new


@part
def pack_columns(panel, source, row, n_rows, n_cols):
    # panel (n_rows, WIDTH) = source (n_rows, n_cols <= WIDTH) with this row stride; further columns stay as they are
    step = BYTES * row
    for k in range(n_rows):
        to, at = panel + BYTES * k * WIDTH, source + k * step
        if k + PREFETCH < n_rows:  # rows behind the last are those of another thread, which may write there
            prefetch(at + PREFETCH * step)
            prefetch(at + PREFETCH * step + BYTES * LANES)
        copy_vector(to, at, n_cols)
        copy_vector(to + BYTES * LANES, at + BYTES * LANES, n_cols - LANES)


@part
def copy_rows(to, to_row, source, row, n_rows, n_cols):
    # to (n_rows, n_cols) = source, from one row stride to another
    for r in range(n_rows):
        for c in range(0, n_cols, LANES):
            copy_vector(to + BYTES * (r * to_row + c), source + BYTES * (r * row + c), n_cols - c)


@part
def transpose(to, to_row, source, row, n_rows, n_cols, spare):
    # to (n_cols, n_rows) = source (n_rows, n_cols).T; spare: address of two squares of LANES x LANES floats
    turned = spare + BYTES * LANES * LANES
    for r in range(0, n_rows, LANES):
        for c in range(0, n_cols, LANES):
            height, width = min(LANES, n_rows - r), min(LANES, n_cols - c)
            at, end = source + BYTES * (r * row + c), to + BYTES * (c * to_row + r)
            if height == LANES and width == LANES:
                transpose_square(end, to_row, at, row)
            else:
                copy_rows(spare, LANES, at, row, height, width)
                transpose_square(turned, LANES, spare, LANES)
                copy_rows(end, to_row, turned, LANES, width, height)
