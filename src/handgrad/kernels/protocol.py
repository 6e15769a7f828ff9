"""The kernels that every backend has, with the types of their arguments.

`naive` is checked against this Protocol by mypy, and the compiled bodies by a test. What a kernel computes is told by
its NumPy twin in `naive/`, whose docstring is shown here too.
"""

from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]  # float32 and C-contiguous where compiled code gets it; labels, pixels and argmax are uint8


class Kernels(Protocol):
    """One backend: functions on arrays that write their results into the arrays they are given."""

    def threads(self) -> int: ...

    def dense_forward(self, out: Array, x: Array, w: Array, b: Array, floor: float, scratch: Array) -> None: ...

    def dense_input_gradient(self, dx: Array, dy: Array, w: Array, scratch: Array) -> None: ...

    def dense_weight_gradient(self, dw: Array, db: Array, x: Array, dy: Array, scratch: Array) -> None: ...

    def conv_forward(
        self, out: Array, x: Array, w: Array, b: Array, floor: float, stride: int, pad: int, scratch: Array
    ) -> None: ...

    def conv_input_gradient(self, dx: Array, dy: Array, w: Array, stride: int, pad: int, scratch: Array) -> None: ...

    def conv_weight_gradient(
        self, dw: Array, db: Array, x: Array, dy: Array, stride: int, pad: int, w_parts: Array, b_parts: Array,
        scratch: Array,
    ) -> None: ...  # fmt: skip

    def winograd_forward(
        self, out: Array, x: Array, w: Array, b: Array, floor: float, stride: int, pad: int, scratch: Array
    ) -> None: ...

    def winograd_input_gradient(
        self, dx: Array, dy: Array, w: Array, stride: int, pad: int, scratch: Array
    ) -> None: ...

    def winograd_weight_gradient(
        self, dw: Array, db: Array, x: Array, dy: Array, stride: int, pad: int, w_parts: Array, b_parts: Array,
        scratch: Array,
    ) -> None: ...  # fmt: skip

    def max_pool_forward(self, out: Array, argmax: Array, x: Array, floor: float) -> None: ...

    def max_pool_backward(self, dx: Array, dy: Array, argmax: Array) -> None: ...

    def mean_pool_forward(self, out: Array, x: Array) -> None: ...

    def mean_pool_backward(self, dx: Array, dy: Array) -> None: ...

    def batch_norm_forward(
        self, out: Array, mean: Array, rstd: Array, x: Array, gamma: Array, beta: Array, eps: float, floor: float
    ) -> None: ...

    def batch_norm_apply(
        self, out: Array, x: Array, mean: Array, rstd: Array, gamma: Array, beta: Array, floor: float
    ) -> None: ...

    def batch_norm_backward(
        self, dx: Array, dgamma: Array, dbeta: Array, dy: Array, x: Array, mean: Array, rstd: Array, gamma: Array,
        beta: Array, floor: float,
    ) -> None: ...  # fmt: skip

    def relu_forward(self, out: Array, x: Array) -> None: ...

    def relu_backward(self, dy: Array, out: Array) -> None: ...

    def add(self, out: Array, x: Array, y: Array, floor: float) -> None: ...

    def dropout(self, out: Array, x: Array, rate: float, key: int) -> None: ...

    def softmax_cross_entropy(
        self, dlogits: Array, logits: Array, labels: Array, label_smoothing: float
    ) -> tuple[float, int]: ...

    def sgd_step(
        self, theta: Array, grad: Array, velocity: Array, lr: float, momentum: float, nesterov: bool,
        weight_decay: float,
    ) -> None: ...  # fmt: skip

    def adam_step(
        self, theta: Array, grad: Array, m: Array, v: Array, lr: float, beta1: float, beta2: float, eps: float,
        l2: float, weight_decay: float, step: int,
    ) -> None: ...  # fmt: skip

    def ema_step(self, ema: Array, theta: Array, decay: float) -> None: ...

    def clip_norm(self, grad: Array, max_norm: float, partial_sums: Array) -> float: ...

    def warp(
        self, out: Array, pixels: Array, rows: Array, mean: Array, scale: Array, fields: Array, limits: Array,
        key: int, threads: int,
    ) -> None: ...  # fmt: skip

    def corrupt(self, x: Array, limits: Array, key: int, threads: int) -> None: ...
