"""PyTorch's training steps of the convolutional network, in either memory layout, eager or compiled."""

from typing import Any

import torch
from conv_problem import DENSE, STAGES, ConvProblem, main
from problem import Contestant, Weights, threads
from torch import nn


def network(start: Weights) -> nn.Sequential:
    layers: list[nn.Module] = []
    n_in = 1
    for channels in STAGES:
        layers += [nn.Conv2d(n_in, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
        n_in = channels
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(*DENSE[:2]), nn.ReLU(), nn.Linear(*DENSE[1:]))
    load(net, start)
    return net


def parts(net: nn.Sequential) -> list[Any]:
    return [layer for layer in net if isinstance(layer, (nn.Conv2d, nn.Linear))]


@torch.no_grad()
def load(net: nn.Sequential, weights: Weights) -> None:
    """Weights (3, 3, C, F) and (I, O), whose first dense inputs are in the order rows, columns, channels."""
    for layer, (w, b) in zip(parts(net), weights, strict=True):
        if w.ndim == 4:
            layer.weight.copy_(torch.from_numpy(w).permute(3, 2, 0, 1))
        else:
            rows = torch.from_numpy(w.T)
            layer.weight.copy_(
                rows if len(w) != DENSE[0] else rows.reshape(-1, 7, 7, 64).permute(0, 3, 1, 2).flatten(1)
            )
        layer.bias.copy_(torch.from_numpy(b))


def weights_of(net: nn.Sequential) -> Weights:
    found = []
    for layer in parts(net):
        w = layer.weight.detach()
        if w.ndim == 4:
            w = w.permute(2, 3, 1, 0)
        elif w.shape[1] == DENSE[0]:
            w = w.reshape(-1, 64, 7, 7).permute(2, 3, 1, 0).reshape(DENSE[0], -1)
        else:
            w = w.T
        found.append((w.contiguous().numpy(), layer.bias.detach().numpy()))
    return found


def build(problem: ConvProblem, layout: str, mode: str) -> Contestant:
    """layout: `contiguous` (NCHW) or `channels_last`; mode: `eager` or `compile`."""
    torch.set_num_threads(threads())
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    x = torch.from_numpy(problem.x).permute(0, 3, 1, 2).contiguous(memory_format=form)
    labels = torch.from_numpy(problem.labels).long()
    all_rows = list(torch.from_numpy(problem.rows))
    net = network(problem.start).to(memory_format=form)
    optimiser = torch.optim.SGD(net.parameters(), problem.lr, fused=True)

    def loss_of(images: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(net(images), answers)

    loss_now: Any = torch.compile(loss_of, fullgraph=True, dynamic=False) if mode == "compile" else loss_of

    def run() -> None:
        for rows in all_rows:
            loss = loss_now(x.index_select(0, rows), labels.index_select(0, rows))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

    return Contestant(lambda: load(net, problem.start), run, lambda: weights_of(net), ("torch", "numpy"))


if __name__ == "__main__":
    main(build)
