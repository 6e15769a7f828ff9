"""Pin ten training steps of small networks as PyTorch makes them: writes tests/trajectory.json.

    python benchmarks/pin_trajectory.py

needs NumPy and PyTorch. The test suite takes `problem` and `CASES` from here and makes the same steps with handgrad.
PyTorch runs in float64, so the numbers are the same on every machine.
"""

import json
import platform
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).parents[1] / "tests" / "trajectory.json"
WIDTHS = (20, 16, 16, 5)
BATCH, STEPS = 8, 10
# name: (batch norm, optimiser, its options in PyTorch's words). Weight decay is for weights alone, not biases.
CASES: dict[str, tuple[bool, str, dict[str, Any]]] = {
    "sgd": (False, "SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd nesterov": (False, "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "adam": (False, "Adam", {"lr": 0.01, "betas": (0.9, 0.99), "weight_decay": 0.1}),
    "adamw": (False, "AdamW", {"lr": 0.01, "betas": (0.9, 0.999), "weight_decay": 0.1}),
    "batch norm sgd": (True, "SGD", {"lr": 0.1, "momentum": 0.9}),
    # batch norm takes off the bias before it, whose gradient is then rounding: eps keeps Adam from magnifying it
    "batch norm adamw": (True, "AdamW", {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-3, "weight_decay": 0.1}),
}
SMOOTHING = 0.1


def problem() -> tuple[Any, Any, list[Any]]:
    """x (STEPS, BATCH, 20), labels (STEPS, BATCH), and each layer's weights (I, O); biases start at 0. All float32."""
    random = np.random.Generator(np.random.Philox(key=2024))
    x = random.uniform(-1, 1, (STEPS, BATCH, WIDTHS[0])).astype(np.float32)
    labels = random.integers(0, WIDTHS[-1], (STEPS, BATCH))
    return x, labels, [random.uniform(-0.4, 0.4, shape).astype(np.float32) for shape in pairwise(WIDTHS)]


def steps(batch_norm: bool, optimiser: str, options: dict[str, Any]) -> Iterator[tuple[float, Any]]:
    """The loss of each step, and the network."""
    import torch
    from torch import nn

    x, labels, weights = problem()
    layers: list[nn.Module] = []
    for i, w in enumerate(weights):
        dense = nn.Linear(*w.shape, dtype=torch.float64)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(w.T.astype(np.float64)))
            dense.bias.zero_()
        layers.append(dense)
        if i < len(weights) - 1:
            layers += [nn.BatchNorm1d(w.shape[1], dtype=torch.float64)] if batch_norm else []
            layers.append(nn.ReLU())
    network = nn.Sequential(*layers)
    decayed = [layer.weight for layer in layers if isinstance(layer, nn.Linear)]
    rest = [p for p in network.parameters() if all(p is not w for w in decayed)]
    groups = [{"params": decayed}, {"params": rest, "weight_decay": 0.0}]
    update = getattr(torch.optim, optimiser)(groups, **options)
    cost = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    for batch, target in zip(x, labels, strict=True):
        loss = cost(network(torch.from_numpy(batch.astype(np.float64))), torch.from_numpy(target))
        update.zero_grad()
        loss.backward()
        update.step()
        yield loss.item(), network


def main() -> None:
    import torch

    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for name, case in CASES.items():
        losses, networks = zip(*steps(*case), strict=True)
        arrays = {key: value.numpy() for key, value in networks[-1].state_dict().items() if value.ndim}
        # a norm alone would not see two numbers change places: a sum weighted by place does
        summary = {
            key: [float(np.linalg.norm(a)), float((a.reshape(-1) * np.cos(np.arange(a.size))).sum())]
            for key, a in ((key, a.T if a.ndim == 2 else a) for key, a in arrays.items())
        }
        found[name] = {"losses": losses, "arrays": summary}
    made_with = {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    OUT.write_text(json.dumps({"made_with": made_with, "cases": found}, indent=1) + "\n")
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
