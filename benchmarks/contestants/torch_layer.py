"""The three passes of one 3x3 convolution of oneDNN's, called through PyTorch, by the clock."""

import sys
from collections.abc import Callable

import torch
from layer_problem import main
from problem import Array, threads


def build(x: Array, w: Array, dy: Array) -> tuple[Callable[[], Array], ...]:
    torch.set_num_threads(threads())
    form = torch.channels_last if sys.argv[2] == "channels_last" else torch.contiguous_format
    tx, tdy = (torch.from_numpy(a).permute(0, 3, 1, 2).contiguous(memory_format=form) for a in (x, dy))
    tw = torch.from_numpy(w).permute(3, 2, 0, 1).contiguous(memory_format=form)
    bias = torch.zeros(w.shape[-1])

    def backward(which: tuple[bool, bool, bool]) -> tuple[torch.Tensor, ...]:
        return torch.ops.aten.convolution_backward(
            tdy, tx, tw, [w.shape[-1]], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, which
        )

    def forward() -> Array:
        return torch.nn.functional.conv2d(tx, tw, bias, padding=1).permute(0, 2, 3, 1).numpy()

    def input_gradient() -> Array:
        return backward((True, False, False))[0].permute(0, 2, 3, 1).numpy()

    def weight_gradient() -> Array:
        return backward((False, True, True))[1].permute(2, 3, 1, 0).numpy()

    return forward, input_gradient, weight_gradient


if __name__ == "__main__":
    main(build, ("torch", "numpy"))
