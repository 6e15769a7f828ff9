"""What a network is like before it learns: sizes, and whether signals and gradients keep their level."""

from dataclasses import dataclass

import numpy as np

from handgrad.datasets import Images
from handgrad.kernels import naive
from handgrad.nn.layers import chain
from handgrad.nn.network import Network
from handgrad.nn.params import Array
from handgrad.nn.workspace import Workspace
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import normalisation, prepared


@dataclass(frozen=True)
class Row:
    """One layer: what it is, what comes out, and the signal at the start of training.

    activation, gradient: standard deviation of its output, and of the loss's gradient by that output (times the batch
    size), None below the first weights; dead: share of its units that are 0 for every image.
    """

    layer: str
    shape: tuple[int, ...]
    parameters: int
    activation: float
    gradient: float | None
    dead: float


def inspect(recipe: Recipe, data: Images, seed: int = 0, images: int = 256) -> list[Row]:
    """A row a layer (of one column, where there are several), measured on one training batch in train mode, with the
    weights that `seed` starts from.
    """
    data = prepared(data, recipe)
    sample, outputs = data[:images], len(data.classes) + (recipe.outliers > 0)
    network = Network(recipe.change(columns=1).layers(outputs), data.shape, seed, np.float64)
    mean, scale = normalisation(data, recipe.normalise)
    ws = network.workspace(len(sample), train=True)
    ws.x[:] = (sample.pixels.reshape(-1, *data.shape) - mean) * scale
    out: dict[int, Array] = {}
    x = ws.x
    network.draw(ws, seed, 0)
    for i in chain.active(ws.slots):
        x = out[i] = network.layers[i].forward(x, ws.slots[i])
    gradients = _gradients(network, ws, x, sample)
    rows = []
    for i, (layer, plan) in enumerate(zip(network.layers, network.plans, strict=True)):
        at = i if i in out else i - 1  # a ReLU folded into the layer before it: what leaves the one leaves the other
        dead = (out[at].reshape(len(sample), -1) == 0).all(axis=0).mean()
        spread = float(out[at].std())
        rows.append(Row(layer.describe(), plan.out_shape, network.count(i), spread, gradients.get(at), float(dead)))
    return rows


def _gradients(network: Network, ws: Workspace, logits: Array, sample: Images) -> dict[int, float]:
    """Standard deviation of the gradient by each layer's output, as far down as any layer wants one."""
    dlogits = np.empty_like(logits)
    naive.softmax_cross_entropy(dlogits, logits, sample.labels, 0.0)
    found = {}
    dy: Array | None = dlogits
    for i in reversed(chain.active(ws.slots)):
        if dy is None:
            break
        found[i] = float(dy.std()) * len(sample)
        dy = network.layers[i].backward(dy, ws.slots[i])
    return found
