"""The three passes of one 3x3 convolution of handgrad's, by the clock."""

from collections.abc import Callable

from layer_problem import main

from handgrad.kernels import recorder
from handgrad.kernels.program import Program
from handgrad.kernels.sizes import MAX_LANES, PARTS
from handgrad.kernels.winograd_scratch import filters_size, winograd_scratch
from handgrad.nn.params import Array, aligned


def build(x: Array, w: Array, dy: Array) -> tuple[Callable[[], Array], ...]:
    """x (N, H, W, C), w (3, 3, C, F), dy (N, H, W, F)"""
    tape, filters = recorder(), w.shape[-1]
    kernels = tape.kernels
    x, w, dy = (_own(a) for a in (x, w, dy))
    out, dx, dw = (aligned(a.shape) for a in (dy, x, w))
    b, db = aligned((filters,)), aligned((filters,))
    scratch = aligned((kernels.threads(), winograd_scratch(*w.shape[2:])))
    parts = aligned((PARTS, *w.shape)), aligned((PARTS, filters))
    points = aligned((filters_size(*w.shape[2:], MAX_LANES),))
    kernels.winograd_forward(out, x, w, b, -float("inf"), 1, 1, points, 0, scratch)
    forward = tape.take()
    kernels.winograd_input_gradient(dx, dy, w, 1, 1, scratch)
    input_gradient = tape.take()
    kernels.winograd_weight_gradient(dw, db, x, dy, 1, 1, *parts, scratch)
    weight_gradient = tape.take()
    return _pass(forward, out), _pass(input_gradient, dx), _pass(weight_gradient, dw)


def _pass(program: Program, result: Array) -> Callable[[], Array]:
    def run() -> Array:
        program.run()
        return result

    return run


def _own(a: Array) -> Array:
    copy = aligned(a.shape)
    copy[...] = a
    return copy


if __name__ == "__main__":
    main(build, ("handgrad", "numba", "numpy"))
