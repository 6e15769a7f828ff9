"""Ten training steps as PyTorch makes them; benchmarks/pin_trajectory.py wrote the numbers."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.kernels import backend
from handgrad.nn.layers import BatchNorm, Dense, Layer, ReLU
from handgrad.nn.network import Network
from handgrad.training.optim import SGD, Adam, AdamW, Optimiser, Rule

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "trajectory.json").read_text())["cases"]
SCRIPT = runpy.run_path(str(HERE.parent / "benchmarks" / "pin_trajectory.py"))
NAMES = {"w": "weight", "b": "bias", "gamma": "weight", "beta": "bias", "mean": "running_mean", "var": "running_var"}


def rule(optimiser: str, options: dict[str, Any]) -> Rule:
    if optimiser == "SGD":
        return SGD(options["momentum"], options.get("nesterov", False))
    return {"Adam": Adam, "AdamW": AdamW}[optimiser](*options["betas"], options.get("eps", 1e-8))


def built(batch_norm: bool) -> Network:
    layers: list[Layer] = []
    for units in SCRIPT["WIDTHS"][1:]:
        layers += [Dense(units), *([BatchNorm()] if batch_norm else []), ReLU()]
    network = Network(layers[: -2 if batch_norm else -1], SCRIPT["WIDTHS"][:1])
    dense = [name for name in network.layout.places if name.endswith(".w")]
    for name, w in zip(sorted(dense), SCRIPT["problem"]()[2], strict=True):
        network.layout.view(network.theta, name)[...] = w
    return network


@pytest.mark.parametrize("case", SCRIPT["CASES"])
def test_ten_steps(case: str) -> None:
    batch_norm, rule_name, options = SCRIPT["CASES"][case]
    network, kernels = built(batch_norm), backend("compiled")
    optimiser = Optimiser(
        rule(rule_name, options), network.layout, kernels, weight_decay=options.get("weight_decay", 0.0)
    )
    ws = network.workspace(SCRIPT["BATCH"], train=True)
    dlogits, losses = np.empty((SCRIPT["BATCH"], 5), np.float32), []
    x, labels, _ = SCRIPT["problem"]()
    for step, (batch, target) in enumerate(zip(x, labels.astype(np.uint8), strict=True), 1):
        logits = network.forward(batch, ws)
        totals = np.empty(2)
        kernels.softmax_cross_entropy(dlogits, totals, logits, target, SCRIPT["SMOOTHING"])
        network.backward(dlogits, ws)
        optimiser.update(network.theta, network.grad, options["lr"], step)
        losses.append(totals[0])
    np.testing.assert_allclose(losses, PINNED[case]["losses"], rtol=0, atol=1e-5)
    arrays = dict(network.layout.views(network.theta)) | dict(network.state_layout.views(network.state))
    wanted = PINNED[case]["arrays"]
    assert len(arrays) == len(wanted)
    for name, array in arrays.items():
        layer, short = name.split(".")
        got = [np.linalg.norm(array), (array.reshape(-1) * np.cos(np.arange(array.size))).sum()]
        np.testing.assert_allclose(got, wanted[f"{layer}.{NAMES[short]}"], rtol=0, atol=1e-5, err_msg=name)
