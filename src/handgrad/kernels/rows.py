"""Passes down the rows of matrices, LANES columns at a time: what a pass does to a row is a few lines of vector code.

Numba gives up on vectors where several arrays might overlap, and rows of a few channels are too short for its loops;
here sums stay in registers all the way down.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.kernels.tile import F32, I64, LANES, Emitter

# (emitter, a row's vectors, fixed vectors, sums so far, floor) -> vectors to write, new sums
Body = Callable[[Emitter, list[Any], list[Any], list[Any], Any], tuple[list[Any], list[Any]]]


def make_pass(body: Body) -> Callable[..., None]:
    """Return `down(reads, writes, fixed, sums, stride, n_rows, n, floor)` for use in jitted code.

    reads, writes, fixed, sums: tuples of addresses of float32 numbers. For each of n_rows rows, `stride` numbers
    apart, min(n, LANES) columns are read from `reads` and written to `writes`; `fixed` are read once; what `sums`
    point at is added to. A written array may be one that is read.
    """

    @intrinsic
    def down(typing_context, reads, writes, fixed, sums, stride, n_rows, n, floor):  # type: ignore[no-untyped-def]
        counts = [len(each) for each in (reads, writes, fixed, sums)]
        signature = types.void(reads, writes, fixed, sums, types.intp, types.intp, types.intp, types.float32)

        def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
            tuples = [[build.extract_value(t, i) for i in range(k)] for t, k in zip(args[:4], counts, strict=True)]
            e = Emitter(build, 1, 1, LANES)
            whole = build.icmp_signed(">=", args[6], I64(LANES))
            with build.if_else(whole) as (full, edge):
                with full:
                    _loop(e, body, tuples, args[4], args[5], None, args[7])
                with edge:
                    _loop(e, body, tuples, args[4], args[5], e.masks(args[6])[0], args[7])
            return context.get_dummy_value()

        return signature, codegen

    made: Callable[..., None] = down
    return made


def _loop(e: Emitter, body: Body, tuples: list[list[Any]], stride: Any, n_rows: Any, mask: Any, floor: Any) -> None:
    reads, writes, fixed_at, sums_at = tuples
    build = e.build
    fixed, start = ([e.load(at, mask) for at in each] for each in (fixed_at, sums_at))
    before, loop, after = build.block, build.append_basic_block("rows"), build.append_basic_block("rows_end")
    build.branch(loop)
    build.position_at_end(loop)
    row = build.phi(I64)
    sums = [build.phi(e.vector) for _ in start]
    offset = build.mul(build.mul(row, stride), I64(4))
    values = [e.load(build.add(at, offset), mask) for at in reads]
    written, new = body(e, values, fixed, list(sums), e.splat(floor, F32))
    for value, at in zip(written, writes, strict=True):
        e.store(value, build.add(at, offset), mask)
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
