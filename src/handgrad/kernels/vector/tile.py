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

F32, I1, I8, I32, I64 = ir.FloatType(), ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)

ALIGN = {F32: 4, I8: 1}


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


class Emitter:
    """The LLVM code of one tile; `rows`, `vectors` and `lanes` are fixed when it is compiled."""

    def __init__(self, build: ir.IRBuilder, rows: int, vectors: int, lanes: int) -> None:
        self.build, self.rows, self.vectors, self.lanes = build, rows, vectors, lanes
        self.vector = ir.VectorType(F32, lanes)
        self.mask = ir.VectorType(I1, lanes)
        self.bytes = ir.VectorType(I8, lanes)

    def declare(self, name: str, result: ir.Type, arguments: list[ir.Type]) -> Any:
        module = self.build.module
        return module.globals.get(name) or ir.Function(module, ir.FunctionType(result, arguments), name)

    def pointer(self, address: Any, kind: ir.Type) -> Any:
        return self.build.inttoptr(address, kind.as_pointer())

    def splat(self, scalar: Any, of: ir.Type) -> Any:
        undefined = ir.Constant(ir.VectorType(of, self.lanes), ir.Undefined)
        lane0 = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return self.build.shuffle_vector(self.build.insert_element(undefined, scalar, I32(0)), undefined, lane0)

    def addresses(self, base: Any, row_bytes: Any) -> list[list[Any]]:
        """Address of each vector of a (rows, vectors * lanes) block."""
        b = self.build
        return [
            [b.add(b.add(base, b.mul(row_bytes, I64(r))), I64(4 * self.lanes * v)) for v in range(self.vectors)]
            for r in range(self.rows)
        ]

    def masks(self, n_cols: Any) -> list[Any]:
        """For each vector of a row, which lanes lie below n_cols."""
        lane = ir.Constant(ir.VectorType(I64, self.lanes), list(range(self.lanes)))
        left = [self.build.sub(n_cols, I64(v * self.lanes)) for v in range(self.vectors)]
        return [self.build.icmp_signed("<", lane, self.splat(n, I64)) for n in left]

    def load(self, address: Any, mask: Any | None, kind: Any | None = None) -> Any:
        """A vector of floats, or of another kind; under a mask, 0 where it is not set."""
        kind = kind or self.vector
        at = self.pointer(address, kind)
        if mask is None:
            return self.build.load(at, align=ALIGN[kind.element])
        types_ = [kind.as_pointer(), I32, self.mask, kind]
        load = self.declare(f"llvm.masked.load.{self._name(kind)}.p0", kind, types_)
        return self.build.call(load, [at, I32(ALIGN[kind.element]), mask, ir.Constant(kind, None)])

    def store(self, value: Any, address: Any, mask: Any | None) -> None:
        kind = value.type
        at = self.pointer(address, kind)
        if mask is None:
            self.build.store(value, at, align=ALIGN[kind.element])
            return
        types_ = [kind, kind.as_pointer(), I32, self.mask]
        store = self.declare(f"llvm.masked.store.{self._name(kind)}.p0", ir.VoidType(), types_)
        self.build.call(store, [value, at, I32(ALIGN[kind.element]), mask])

    def _name(self, kind: Any) -> str:
        return f"v{self.lanes}{'f32' if kind.element == F32 else 'i8'}"

    def zeros(self) -> Any:
        return ir.Constant(self.vector, [0.0] * self.lanes)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        return self.build.call(self.declare(f"llvm.fma.v{self.lanes}f32", self.vector, [self.vector] * 3), [a, b, c])

    def not_below(self, value: Any, low: Any) -> Any:
        """max(low, value); the comparison is ordered, so a NaN stays a NaN."""
        return self.build.select(self.build.fcmp_ordered("<", value, low), low, value)

    def multiply_accumulate(self, a_rows: list[Any], a_at: Any, b_at: Any, sums: list[list[Any]]) -> list[list[Any]]:
        """One step over k: every sum plus one product."""
        b = self.build
        b_row = [self.load(b.add(b_at, I64(4 * self.lanes * v)), None) for v in range(self.vectors)]
        new = []
        for r in range(self.rows):
            scalar = b.load(self.pointer(b.add(a_rows[r], a_at), F32), align=4)
            broadcast = self.splat(scalar, F32)
            new.append([self.fma(broadcast, b_row[v], sums[r][v]) for v in range(self.vectors)])
        return new

    def finish(self, sums: list[list[Any]], at: list[list[Any]], floor: Any, masks: list[Any] | None) -> None:
        """Raise each sum to the floor and store it."""
        low = self.splat(floor, F32)
        for r in range(self.rows):
            for v in range(self.vectors):
                self.store(self.not_below(sums[r][v], low), at[r][v], None if masks is None else masks[v])


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
    new = e.multiply_accumulate(a_rows, build.mul(k, a_k), build.add(b, build.mul(k, b_k)), sums)
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
        e.finish(new, out_at, floor, mask)
        build.branch(block["done"])
    build.position_at_end(block["done"])
