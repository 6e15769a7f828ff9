"""The kernels that every backend has, with the types of their arguments.

`naive` is checked against this Protocol by mypy, and the compiled bodies by a test. What a kernel computes is told by
its NumPy twin in `naive/`, whose docstring is shown here too.

The annotations are what compiled code goes by: element type, and number of axes. In place of any number there may be
a cell, an array without axes whose value is read each time that a program runs; `Real` and `Integer` are those that
change from step to step.
"""

from typing import Annotated, Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Vector = Annotated[Array, np.float32, 1]  # of any shape: compiled code sees its numbers in a row
Matrix = Annotated[Array, np.float32, 2]
Image = Annotated[Array, np.float32, 3]
Images = Annotated[Array, np.float32, 4]  # or filters
ByteImages = Annotated[Array, np.uint8, 4]
Labels = Annotated[Array, np.uint8, 1]
Rows = Annotated[Array, np.int64, 1]
Totals = Annotated[Array, np.float64, 1]
Real = Annotated[float | Array, np.float64, 0]
Integer = Annotated[int | Array, np.int64, 0]


class Kernels(Protocol):
    """One backend: functions on arrays that write their results into the arrays they are given."""

    def threads(self) -> int: ...

    def dense_forward(self, out: Matrix, x: Matrix, w: Matrix, b: Vector, floor: float, scratch: Matrix) -> None: ...

    def dense_input_gradient(self, dx: Matrix, dy: Matrix, w: Matrix, scratch: Matrix) -> None: ...

    def dense_weight_gradient(self, dw: Matrix, db: Vector, x: Matrix, dy: Matrix, scratch: Matrix) -> None: ...

    def conv_forward(
        self, out: Images, x: Images, w: Images, b: Vector, floor: float, stride: int, pad: int,
        scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def conv_input_gradient(
        self, dx: Images, dy: Images, w: Images, stride: int, pad: int, scratch: Matrix
    ) -> None: ...

    def conv_weight_gradient(
        self, dw: Images, db: Vector, x: Images, dy: Images, stride: int, pad: int, w_parts: Vector,
        b_parts: Vector, scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def winograd_forward(
        self, out: Images, x: Images, w: Images, b: Vector, floor: float, stride: int, pad: int,
        filters: Vector, kept: Integer, scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def winograd_input_gradient(
        self, dx: Images, dy: Images, w: Images, stride: int, pad: int, scratch: Matrix
    ) -> None: ...

    def winograd_weight_gradient(
        self, dw: Images, db: Vector, x: Images, dy: Images, stride: int, pad: int, w_parts: Vector,
        b_parts: Vector, scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def max_pool_forward(self, out: Images, argmax: ByteImages, x: Images, floor: float) -> None: ...

    def max_pool_backward(self, dx: Images, dy: Images, argmax: ByteImages) -> None: ...

    def mean_pool_forward(self, out: Matrix, x: Images) -> None: ...

    def mean_pool_backward(self, dx: Images, dy: Matrix) -> None: ...

    def batch_norm_forward(
        self, out: Matrix, mean: Vector, rstd: Vector, x: Matrix, gamma: Vector, beta: Vector, eps: float, floor: float,
        scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def batch_norm_running(
        self, running_mean: Vector, running_var: Vector, mean: Vector, rstd: Vector, momentum: float, eps: float,
        count: int,
    ) -> None: ...  # fmt: skip

    def batch_norm_apply(
        self, out: Matrix, x: Matrix, mean: Vector, var: Vector, gamma: Vector, beta: Vector, eps: float, floor: float,
        scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def batch_norm_backward(
        self, dx: Matrix, dgamma: Vector, dbeta: Vector, dy: Matrix, x: Matrix, mean: Vector, rstd: Vector,
        gamma: Vector, beta: Vector, floor: float, scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def relu_forward(self, out: Vector, x: Vector) -> None: ...

    def relu_backward(self, dy: Vector, out: Vector) -> None: ...

    def add(self, out: Vector, x: Vector, y: Vector, floor: float) -> None: ...

    def dropout(self, out: Vector, x: Vector, rate: float, key: Integer) -> None: ...

    def take_rows(self, out: Matrix, x: Matrix, first: int, step: int) -> None: ...

    def put_rows(self, out: Matrix, x: Matrix, first: int, step: int) -> None: ...

    def mean_softmax(self, out: Matrix, logits: Matrix, which: int, count: int) -> None: ...

    def softmax_cross_entropy(
        self, dlogits: Matrix, totals: Totals, logits: Matrix, labels: Labels, label_smoothing: Real
    ) -> None: ...

    def sgd_step(
        self, theta: Vector, grad: Vector, velocity: Vector, starts: Rows, lr: Real, momentum: float, nesterov: bool,
        weight_decay: float,
    ) -> None: ...  # fmt: skip

    def adam_step(
        self, theta: Vector, grad: Vector, m: Vector, v: Vector, starts: Rows, lr: Real, beta1: float, beta2: float,
        eps: float, l2: float, weight_decay: float, step: Integer,
    ) -> None: ...  # fmt: skip

    def ema_step(self, ema: Vector, theta: Vector, decay: Real) -> None: ...

    def clip_norm(self, grad: Vector, norm: Totals, max_norm: float, partial_sums: Totals) -> None: ...

    def warp(
        self, out: Images, pixels: ByteImages, rows: Rows, mean: Image, scale: Image, fields: Images, limits: Vector,
        key: Integer, scratch: Matrix,
    ) -> None: ...  # fmt: skip

    def corrupt(self, x: Images, limits: Vector, key: Integer, scratch: Matrix) -> None: ...

    def standardise(self, x: Images, mean: Image, scale: Image) -> None: ...
