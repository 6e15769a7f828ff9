"""Passes down the rows of matrices, LANES columns at a time; what a pass does to one row is a few lines of vector code.

Numba gives up on vectors where several arrays might overlap, and rows of a few channels are too short for its loops.
Here sums stay in registers from the first row to the last.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.kernels.vector.emitter import F32, I64, Emitter
from handgrad.kernels.vector.tile import LANES

# What a pass does to a row: it emits code for (emitter, vectors read from the row, vectors that stay the same for all
# rows, sums over the rows so far, the floor) and returns (vectors to write to the row, new sums). Either may be empty:
#
#     def add_scaled(e, values, fixed, sums, floor):  # sums[0] += values[0] * fixed[0]
#         return [], [e.fma(values[0], fixed[0], sums[0])]
RowCode = Callable[[Emitter, list[Any], list[Any], list[Any], Any], tuple[list[Any], list[Any]]]


def make_pass(body: RowCode, reads: str, writes: str) -> Callable[..., None]:
    """Make a function for jitted code that passes down the rows of some matrices.

    Parameters
    ----------
    body : function
        What the pass does to a row, see `RowCode`.
    reads, writes : str
        A letter for each matrix that is read or written: f for float32, b for bytes.

    Returns
    -------
    function
        `down(reads, writes, fixed, sums, read_row, write_row, n_rows, n, floor)`: the first four are tuples of
        addresses, `fixed` and `sums` of float32 vectors, and what `sums` point at is added to. The min(n, LANES)
        columns at the addresses are processed for n_rows rows, which are read_row and write_row elements apart. A
        matrix may be both read and written.
    """

    @intrinsic
    def down(typing_context, reads_at, writes_at, fixed, sums, read_row, write_row, n_rows, n, floor):
        counts = [len(each) for each in (reads_at, writes_at, fixed, sums)]
        signature = types.void(reads_at, writes_at, fixed, sums, *[types.intp] * 4, types.float32)

        def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
            at = [[build.extract_value(t, i) for i in range(k)] for t, k in zip(args[:4], counts, strict=True)]
            e = Emitter(build, 1, 1, LANES)
            read, written = (list(zip(k, a, strict=True)) for k, a in ((reads, at[0]), (writes, at[1])))
            with build.if_else(build.icmp_signed(">=", args[7], I64(LANES))) as (full, edge):
                with full:
                    _loop(e, body, read, written, at[2], at[3], args[4:7], None, args[8])
                with edge:
                    _loop(e, body, read, written, at[2], at[3], args[4:7], e.masks(args[7])[0], args[8])
            return context.get_dummy_value()

        return signature, codegen

    made: Callable[..., None] = down
    return made


def _loop(
    e: Emitter, body: RowCode, reads: list[Any], writes: list[Any], fixed_at: list[Any], sums_at: list[Any],
    sizes: list[Any], mask: Any, floor: Any,
) -> None:  # fmt: skip
    build, (read_row, write_row, n_rows) = e.build, sizes
    fixed, start = ([e.load(at, mask) for at in each] for each in (fixed_at, sums_at))
    before, loop, after = build.block, build.append_basic_block("rows"), build.append_basic_block("rows_end")
    build.branch(loop)
    build.position_at_end(loop)
    row = build.phi(I64)
    sums = [build.phi(e.vector) for _ in start]
    read, write = build.mul(row, read_row), build.mul(row, write_row)
    values = [e.load(_place(e, kind, at, read), mask, e.bytes if kind == "b" else None) for kind, at in reads]
    written, new = body(e, values, fixed, list(sums), e.splat(floor, F32))
    for value, (kind, at) in zip(written, writes, strict=True):
        e.store(value, _place(e, kind, at, write), mask)
    following = build.add(row, I64(1))
    end = build.block
    row.add_incoming(I64(0), before)
    row.add_incoming(following, end)
    for phi, first, then in zip(sums, start, new, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(then, end)
    build.cbranch(build.icmp_signed("<", following, n_rows), loop, after)
    build.position_at_end(after)
    for value, at in zip(new, sums_at, strict=True):
        e.store(value, at, mask)


def _place(e: Emitter, kind: str, base: Any, offset: Any) -> Any:
    """The address `offset` elements of a kind behind another."""
    return e.build.add(base, offset if kind == "b" else e.build.mul(offset, I64(4)))


def _add(e: Emitter, values: list[Any], fixed: list[Any], sums: list[Any], floor: Any) -> tuple[list[Any], list[Any]]:
    return [], [e.build.fadd(sums[0], values[0])]


add_rows = make_pass(_add, "f", "")
