"""The vocabulary of the LLVM vector code: loads, stores and arithmetic on whole vectors of floats."""

from typing import Any

from llvmlite import ir

F32, I1, I8, I32, I64 = ir.FloatType(), ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)

ALIGN = {F32: 4, I8: 1}


class Emitter:
    """Appends instructions to a function that is being built, for a block of (rows, vectors * lanes) floats.

    Parameters
    ----------
    build : ir.IRBuilder
        Where the instructions go.
    rows, vectors, lanes : int
        Rows of the block, vectors in a row, floats in a vector.
    """

    def __init__(self, build: ir.IRBuilder, rows: int, vectors: int, lanes: int) -> None:
        self.build, self.rows, self.vectors, self.lanes = build, rows, vectors, lanes
        self.vector = ir.VectorType(F32, lanes)
        self.mask = ir.VectorType(I1, lanes)
        self.bytes = ir.VectorType(I8, lanes)

    def declare(self, name: str, result: ir.Type, arguments: list[ir.Type]) -> Any:
        """Declare one of LLVM's own functions, once in a module.

        Parameters
        ----------
        name : str
            Its name.
        result : ir.Type
            Type of its result.
        arguments : list of ir.Type
            Types of its arguments.

        Returns
        -------
        ir.Function
            The function.
        """
        module = self.build.module
        return module.globals.get(name) or ir.Function(module, ir.FunctionType(result, arguments), name)

    def pointer(self, address: Any, kind: ir.Type) -> Any:
        """Turn an address into a pointer.

        Parameters
        ----------
        address : LLVM value
            A 64-bit integer.
        kind : ir.Type
            What lies there.

        Returns
        -------
        LLVM value
            The pointer.
        """
        return self.build.inttoptr(address, kind.as_pointer())

    def splat(self, scalar: Any, of: ir.Type) -> Any:
        """Copy a scalar to all lanes of a vector.

        Parameters
        ----------
        scalar : LLVM value
            The scalar.
        of : ir.Type
            Its type.

        Returns
        -------
        LLVM value
            The vector.
        """
        undefined = ir.Constant(ir.VectorType(of, self.lanes), ir.Undefined)
        lane0 = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return self.build.shuffle_vector(self.build.insert_element(undefined, scalar, I32(0)), undefined, lane0)

    def addresses(self, base: Any, row_bytes: Any) -> list[list[Any]]:
        """Compute the address of each vector of the block.

        Parameters
        ----------
        base, row_bytes : LLVM value
            Address of the first vector; bytes from one row to the next.

        Returns
        -------
        list of lists of LLVM values
            One list for each row.
        """
        b = self.build
        return [
            [b.add(b.add(base, b.mul(row_bytes, I64(r))), I64(4 * self.lanes * v)) for v in range(self.vectors)]
            for r in range(self.rows)
        ]

    def masks(self, n_cols: Any) -> list[Any]:
        """Compute, for each vector of a row, which lanes lie in the first n columns.

        Parameters
        ----------
        n_cols : LLVM value
            Number of columns.

        Returns
        -------
        list of LLVM values
            Vectors of bits.
        """
        lane = ir.Constant(ir.VectorType(I64, self.lanes), list(range(self.lanes)))
        left = [self.build.sub(n_cols, I64(v * self.lanes)) for v in range(self.vectors)]
        return [self.build.icmp_signed("<", lane, self.splat(n, I64)) for n in left]

    def load(self, address: Any, mask: Any | None, kind: Any | None = None) -> Any:
        """Load a vector.

        Parameters
        ----------
        address : LLVM value
            Where it lies.
        mask : LLVM value, optional
            The lanes to load; the others become 0.
        kind : ir.VectorType, optional
            What to load; without it, floats.

        Returns
        -------
        LLVM value
            The vector.
        """
        kind = kind or self.vector
        at = self.pointer(address, kind)
        if mask is None:
            return self.build.load(at, align=ALIGN[kind.element])
        types_ = [kind.as_pointer(), I32, self.mask, kind]
        load = self.declare(f"llvm.masked.load.{self._name(kind)}.p0", kind, types_)
        return self.build.call(load, [at, I32(ALIGN[kind.element]), mask, ir.Constant(kind, None)])

    def store(self, value: Any, address: Any, mask: Any | None) -> None:
        """Store a vector.

        Parameters
        ----------
        value : LLVM value
            The vector.
        address : LLVM value
            Where it goes.
        mask : LLVM value, optional
            The lanes to store; the others are left as they are.
        """
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
        """Give a vector of zeros.

        Returns
        -------
        LLVM value
            The vector.
        """
        return ir.Constant(self.vector, [0.0] * self.lanes)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """Compute a * b + c, rounded once.

        Parameters
        ----------
        a, b, c : LLVM value
            Vectors of floats.

        Returns
        -------
        LLVM value
            The vector.
        """
        return self.build.call(self.declare(f"llvm.fma.v{self.lanes}f32", self.vector, [self.vector] * 3), [a, b, c])

    def not_below(self, value: Any, low: Any) -> Any:
        """Compute max(low, value); the comparison is ordered, so a NaN stays a NaN.

        Parameters
        ----------
        value, low : LLVM value
            Vectors of floats.

        Returns
        -------
        LLVM value
            The vector.
        """
        return self.build.select(self.build.fcmp_ordered("<", value, low), low, value)
