"""What a network is like before it learns: sizes, and whether signals and gradients keep their level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handgrad.datasets import Images
from handgrad.kernels import naive
from handgrad.model.preprocess import Preprocess, deskewed
from handgrad.nn.layers import chain
from handgrad.nn.network import Network
from handgrad.nn.params import Array
from handgrad.nn.workspace import Workspace
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import fitting_network
from handgrad.training.trainer import Trainer


@dataclass(frozen=True)
class Row:
    """One layer at the start of training.

    Parameters
    ----------
    layer : str
        What it is.
    shape : tuple of int
        Of its output for one image.
    parameters : int
        How many numbers it learns.
    activation : float
        Standard deviation of its output.
    gradient : float or None
        Standard deviation of the gradient of the loss with respect to its output, times the batch size; None below the
        first weights.
    dead : float
        Share of its units that are 0 for every image, from 0 to 1.
    """

    layer: str
    shape: tuple[int, ...]
    parameters: int
    activation: float
    gradient: float | None
    dead: float


def exact_network(recipe: Recipe, data: Images, seed: int = 0) -> Network:
    """Build the network of a recipe in float64, in which differences of the loss are exact enough to measure slopes.

    Parameters
    ----------
    recipe : Recipe
        What to build.
    data : Images
        What it is to learn from.
    seed : int
        What the weights start from.

    Returns
    -------
    Network
        With random weights.

    Raises
    ------
    UserError
        Where recipe and images do not fit.
    """
    outputs = len(data.classes) + (recipe.outliers > 0)
    return fitting_network(recipe, outputs, data.shape, seed, np.float64)


def inspect(recipe: Recipe, data: Images, seed: int = 0, images: int = 256) -> list[Row]:
    """Measure a network on one training batch, in train mode.

    Parameters
    ----------
    recipe : Recipe
        What to build; of several members, one is looked at.
    data : Images
        What it is to learn from.
    seed : int
        What the weights start from.
    images : int
        How many images the batch has.

    Returns
    -------
    list of Row
        One for each layer.

    Raises
    ------
    UserError
        Where recipe and images do not fit.
    """
    data = deskewed(data) if recipe.deskew else data
    sample, network = data[:images], exact_network(recipe.change(members=1), data, seed)
    ws = network.workspace(len(sample), train=True)
    Preprocess.fit(data, recipe.normalise).normalise(sample.nhwc, ws.x)
    out: dict[int, Array] = {}
    x = ws.x
    network.draw(ws, seed, 0)
    for i in chain.active(ws.slots):
        x = out[i] = network.layers[i].forward(x, ws.slots[i])
    gradients = _gradients(network, ws, x, sample)
    rows = []
    for i, (layer, plan) in enumerate(zip(network.layers, network.plans, strict=True)):
        at = i if i in out else i - 1  # a ReLU folded into the layer before it: their outputs are one
        dead = (out[at].reshape(len(sample), -1) == 0).all(axis=0).mean()
        deviation = float(out[at].std())
        rows.append(Row(layer.describe(), plan.out_shape, network.count(i), deviation, gradients.get(at), float(dead)))
    return rows


def _gradients(network: Network, ws: Workspace, logits: Array, sample: Images) -> dict[int, float]:
    """Standard deviation of the gradient with respect to each layer's output, as far down as any layer wants one."""
    dlogits = np.empty_like(logits)
    naive.softmax_cross_entropy(dlogits, np.empty(2), logits, sample.labels, 0.0)
    found = {}
    dy: Array | None = dlogits
    for i in reversed(chain.active(ws.slots)):
        if dy is None:
            break
        found[i] = float(dy.std()) * len(sample)
        dy = network.layers[i].backward(dy, ws.slots[i])
    return found


def step_memory(trainer: Trainer) -> int:
    """Return the memory that a training step works in.

    Parameters
    ----------
    trainer : Trainer
        The run.

    Returns
    -------
    int
        Bytes of the weights, of what optimiser and average remember, of the workspace, the elastic fields and the
        teacher. The images, and Python with its libraries, come on top.
    """
    network = trainer.network
    arrays = [network.theta, network.grad, network.state, *trainer.optimiser.memory.values()]
    arrays += [trainer.ema.theta, trainer.ema.state] if trainer.ema else []
    ws = network.workspace(trainer.batches.size, train=True, kernels="compiled")
    taught = trainer.teacher.nbytes if trainer.teacher else 0
    return ws.nbytes + sum(array.nbytes for array in arrays) + trainer.augmenter().nbytes + taught
