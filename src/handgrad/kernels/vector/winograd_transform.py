"""Winograd's transforms: small constant matrices applied to both sides of a block of vectors, as LLVM vector code.

A correlation of n = m + r - 1 inputs with r weights gives m outputs. Read as a product of polynomials, it can be done
in the values at n points instead of the coefficients: n multiplications for m * r (Winograd 1980; for convolutional
layers Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks"). With points 0, 1, -1, 2, -2 and
infinity, 36 multiplications do the work of 144 in a 3x3 convolution of 4x4 outputs:

    outputs = A.T ((G weights G.T) * (B.T inputs B)) A
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.kernels.vector.emitter import F32, I64, Emitter
from handgrad.kernels.vector.tile import LANES

Matrix = tuple[tuple[Fraction, ...], ...]

FINITE = tuple(map(Fraction, (0, 1, -1, 2, -2)))  # and infinity: these are the POINTS of `sizes.py`


def to_points(size: int) -> Matrix:
    """Give the matrix from a polynomial's coefficients to its values at the points, each divided by a constant.

    Parameters
    ----------
    size : int
        Number of coefficients.

    Returns
    -------
    tuple of tuples of Fraction, shape (POINTS, size)
        The matrix G of weights; the divisor of point a is the product of a - b over the other finite points b.
    """
    rows = []
    for a in FINITE:
        divisor = prod(a - other for other in FINITE if other != a)
        rows.append(tuple(a**k / divisor for k in range(size)))
    return (*rows, _unit(size))


def from_points(size: int) -> Matrix:
    """Give the matrix from products at the points back to outputs.

    Parameters
    ----------
    size : int
        Number of outputs.

    Returns
    -------
    tuple of tuples of Fraction, shape (size, POINTS)
        The matrix A.T.
    """
    columns = [tuple(a**k for k in range(size)) for a in FINITE]
    return tuple(zip(*columns, _unit(size), strict=True))


def of_inputs() -> Matrix:
    """Give the matrix that brings the inputs to the points.

    Returns
    -------
    tuple of tuples of Fraction, shape (POINTS, POINTS)
        The matrix B.T; row j holds the coefficients of the polynomial with a root at every finite point but the j-th.
    """
    rows = [_with_roots([b for b in FINITE if b != a]) for a in FINITE]
    return (*[(*row, Fraction(0)) for row in rows], _with_roots(FINITE))


def _unit(size: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(k == size - 1)) for k in range(size))


def _with_roots(roots: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Coefficients, lowest first, of the product of (x - root)."""
    row = [Fraction(1)]
    for root in roots:
        row = [low - root * high for low, high in zip([Fraction(0), *row], [*row, Fraction(0)], strict=True)]
    return tuple(row)


def make_sandwich(matrix: Matrix, finish: bool = False) -> Callable[..., None]:
    """Make a function for jitted code that computes matrix @ block @ matrix.T for LANES blocks side by side.

    Parameters
    ----------
    matrix : tuple of tuples of Fraction
        One of the matrices of this module.
    finish : bool
        Whether a vector is added to each result, which is then raised to a floor; a NaN stays a NaN.

    Returns
    -------
    function
        `sandwich(to, to_row, to_col, source, row, col[, start, floor])`: element (i, j) of the blocks is the vector at
        address source + i * row + j * col. Strides count floats; start is the address of the vector to add.
    """
    integers = 6 + finish

    def codegen(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> Any:
        e = Emitter(build, 1, 1, LANES)
        to, to_row, to_col, source, row, col = args[:6]
        side = range(len(matrix[0]))
        block = [[e.load(_at(e, source, row, col, i, j), None) for j in side] for i in side]
        half = [linear(e, matrix, [block[i][j] for i in side]) for j in side]  # of columns
        out = [linear(e, matrix, [half[j][i] for j in side]) for i in range(len(matrix))]
        start, low = (e.load(args[6], None), e.splat(args[7], F32)) if finish else (None, None)
        for i, line in enumerate(out):
            for j, vector in enumerate(line):
                value = vector if start is None else e.not_below(build.fadd(vector, start), low)
                e.store(value, _at(e, to, to_row, to_col, i, j), None)
        return context.get_dummy_value()

    @intrinsic
    def plain(typing_context, to, to_row, to_col, source, row, col):
        return types.void(*[types.intp] * integers), codegen

    @intrinsic
    def finished(typing_context, to, to_row, to_col, source, row, col, start, floor):
        return types.void(*[types.intp] * integers, types.float32), codegen

    made: Callable[..., None] = finished if finish else plain
    return made


def _at(e: Emitter, base: Any, row: Any, col: Any, i: int, j: int) -> Any:
    b = e.build
    return b.add(base, b.mul(b.add(b.mul(row, I64(i)), b.mul(col, I64(j))), I64(4)))


def linear(e: Emitter, matrix: Matrix, vectors: list[Any]) -> list[Any]:
    """Emit matrix @ vectors with as few operations as the symmetry of the points a and -a allows.

    Rows of the two points differ in the sign of their odd entries alone, so both follow from the sums over even and
    over odd entries. With the points 2 and -2 and three coefficients:

        row of  2:  v0 + 2 v1 + 4 v2 = even + odd,  where even = v0 + 4 v2
        row of -2:  v0 - 2 v1 + 4 v2 = even - odd,  and   odd  = 2 v1

    Where points are columns, it is the other way round: even rows need only v(2) + v(-2), odd rows only their
    difference.

    Parameters
    ----------
    e : Emitter
        Where the code goes.
    matrix : tuple of tuples of Fraction
        The constant matrix.
    vectors : list of LLVM values
        One for each column.

    Returns
    -------
    list of LLVM values
        One for each row.
    """
    rows, vectors = [list(row) for row in matrix], list(vectors)
    columns = list(zip(*matrix, strict=True))
    for j, k in _mirrored(columns):  # of outputs
        vectors[j], vectors[k] = e.build.fadd(vectors[j], vectors[k]), e.build.fsub(vectors[j], vectors[k])
        for i, row in enumerate(rows):
            row[j], row[k] = (Fraction(0), row[j]) if i % 2 else (row[j], Fraction(0))
    out: list[Any] = [None] * len(rows)
    for i, k in _mirrored(matrix):  # of inputs and weights
        even, odd = (_dot(e, [c if n % 2 == side else Fraction(0) for n, c in enumerate(rows[i])], vectors)
                     for side in (0, 1))  # fmt: skip
        out[i], out[k] = e.build.fadd(even, odd), e.build.fsub(even, odd)
    return [_dot(e, row, vectors) if done is None else done for row, done in zip(rows, out, strict=True)]


def _mirrored(rows: Sequence[tuple[Fraction, ...]]) -> list[tuple[int, int]]:
    """Pairs of rows that differ in the sign of their odd entries alone."""
    found = []
    for i, row in enumerate(rows):
        turned = tuple(-c if n % 2 else c for n, c in enumerate(row))
        if turned != row and turned in rows[i + 1 :]:
            found.append((i, rows.index(turned, i + 1)))
    return found


def _dot(e: Emitter, row: Sequence[Fraction], vectors: list[Any]) -> Any:
    b, total = e.build, None
    for c, vector in sorted(
        ((c, v) for c, v in zip(row, vectors, strict=True) if c), key=lambda each: abs(each[0]) != 1
    ):
        if total is None:
            total = vector if c == 1 else b.fneg(vector) if c == -1 else b.fmul(_constant(c), vector)
        elif abs(c) == 1:
            total = (b.fadd if c == 1 else b.fsub)(total, vector)
        else:
            total = e.fma(_constant(c), vector, total)
    return total


def _constant(c: Fraction) -> Any:
    return ir.Constant(ir.VectorType(F32, LANES), [float(c)] * LANES)
