"""PyTorch's answers, eager, in either memory layout."""

import sys
from collections.abc import Callable

import torch
from conv_problem import Weights
from predict_problem import main
from problem import Array, threads
from torch_conv import network


def build(weights: Weights) -> Callable[[Array], Array]:
    torch.set_num_threads(threads())
    form = torch.channels_last if sys.argv[1] == "channels_last" else torch.contiguous_format
    net = network(weights).to(memory_format=form).eval()

    def answer(x: Array) -> Array:
        with torch.inference_mode():
            # one channel: both layouts are the same bytes
            return net(torch.from_numpy(x).reshape(-1, 1, 28, 28).contiguous(memory_format=form)).numpy()

    return answer


if __name__ == "__main__":
    main(build, ("torch", "numpy"))
