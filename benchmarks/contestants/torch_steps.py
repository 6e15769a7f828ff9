"""PyTorch's training steps, eager or with forward, loss and backward compiled; the optimiser is its fused one."""

import sys
from typing import Any

import torch
from problem import BETA1, BETA2, EPS, Contestant, Problem, Weights, main, threads
from torch import nn


def network_of(problem: Problem) -> nn.Sequential:
    layers: list[nn.Module] = []
    for w, _ in problem.start:
        layers += [nn.Linear(*w.shape), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def optimiser_of(problem: Problem, network: nn.Module) -> torch.optim.Optimizer:
    if problem.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), problem.lr, fused=True)
    return torch.optim.Adam(network.parameters(), problem.lr, (BETA1, BETA2), EPS, fused=True)


def build(problem: Problem, mode: str) -> Contestant:
    """mode: `eager` or `compile`."""
    torch.set_num_threads(threads())
    x, labels = torch.from_numpy(problem.x), torch.from_numpy(problem.labels).long()
    all_rows = list(torch.from_numpy(problem.rows))
    network = network_of(problem)
    linears = [layer for layer in network if isinstance(layer, nn.Linear)]
    optimiser = optimiser_of(problem, network)

    def loss_of(images: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(network(images), answers)

    loss_now: Any = torch.compile(loss_of, fullgraph=True, dynamic=False) if mode == "compile" else loss_of

    @torch.no_grad()
    def reset() -> None:
        nonlocal optimiser
        optimiser = optimiser_of(problem, network)
        for layer, (w, b) in zip(linears, problem.start, strict=True):
            layer.weight.copy_(torch.from_numpy(w.T))
            layer.bias.copy_(torch.from_numpy(b))

    def run() -> None:
        for rows in all_rows:
            loss = loss_now(x.index_select(0, rows), labels.index_select(0, rows))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

    def weights() -> Weights:
        return [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in linears]

    return Contestant(reset, run, weights, ("torch", "numpy"))


if __name__ == "__main__":
    main(build, sys.argv)
