"""The three passes of one 3x3 convolution of handgrad's, by the clock."""

from collections.abc import Callable

from layer_problem import main

from handgrad.kernels import backend
from handgrad.kernels.sizes import PARTS
from handgrad.kernels.winograd_scratch import winograd_scratch
from handgrad.nn.params import Array, aligned


def build(x: Array, w: Array, dy: Array) -> tuple[Callable[[], Array], ...]:
    """x (N, H, W, C), w (3, 3, C, F), dy (N, H, W, F)"""
    kernels, filters = backend("parallel"), w.shape[-1]
    x, w, dy = (_own(a) for a in (x, w, dy))
    out, dx, dw = (aligned(a.shape) for a in (dy, x, w))
    b, db, scratch = (
        aligned((filters,)),
        aligned((filters,)),
        aligned((kernels.threads(), winograd_scratch(*w.shape[2:]))),
    )
    parts = aligned((PARTS, *w.shape)), aligned((PARTS, filters))

    def forward() -> Array:
        kernels.winograd_forward(out, x, w, b, -float("inf"), 1, 1, scratch)
        return out

    def input_gradient() -> Array:
        kernels.winograd_input_gradient(dx, dy, w, 1, 1, scratch)
        return dx

    def weight_gradient() -> Array:
        kernels.winograd_weight_gradient(dw, db, x, dy, 1, 1, *parts, scratch)
        return dw

    return forward, input_gradient, weight_gradient


def _own(a: Array) -> Array:
    copy = aligned(a.shape)
    copy[...] = a
    return copy


if __name__ == "__main__":
    main(build, ("handgrad", "numba", "numpy"))
