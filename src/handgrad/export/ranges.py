"""Between which numbers the values of a network lie, found from images."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.export.graph import Graph, Step
from handgrad.kernels import naive
from handgrad.kernels.loss import softmax
from handgrad.kernels.sizes import LEAST
from handgrad.model.model import Model
from handgrad.model.preprocess import Pixels
from handgrad.nn.params import Array

BATCH = 100  # images at a time: bounds the memory
NO_SCRATCH: Any = np.empty((1, 0), np.float32)


def ranges(model: Model, graph: Graph, pixels: Pixels) -> dict[int, tuple[float, float]]:
    """Return the smallest and largest number of each value of a graph.

    Parameters
    ----------
    model : Model
        The model; its preprocessing makes value 0.
    graph : Graph
        Its network.
    pixels : uint8 array (N, H, W, C)
        Images like those that the model will see.

    Returns
    -------
    dict of int to (float, float)
        For each value, 0 lies within.
    """
    found: dict[int, tuple[float, float]] = {}
    for first in range(0, len(pixels), BATCH):
        x = np.empty(pixels[first : first + BATCH].shape, np.float32)
        model.preprocess(pixels[first : first + BATCH], x)
        for value, array in values(graph, x).items():
            low, high = found.get(value, (0.0, 0.0))
            found[value] = min(low, float(array.min())), max(high, float(array.max()))
    return found


def values(graph: Graph, x: Array) -> dict[int, Array]:
    """Compute the values of a graph.

    Parameters
    ----------
    graph : Graph
        A network.
    x : float32 array (N, H, W, C)
        What it sees of images.

    Returns
    -------
    dict of int to float32 array
        Each value, with a batch axis.
    """
    found = {0: x}
    for step in graph.steps:
        out = np.empty((len(x), *graph.shapes[step.out]), np.float32)
        _compute(step, [found[value] for value in step.inputs], out)
        found[step.out] = np.maximum(out, 0) if step.relu else out
    return found


def _compute(step: Step, inputs: list[Array], out: Array) -> None:
    x, kind = inputs[0], step.kind
    if kind == "conv":
        naive.conv_forward(out, x, step.w, step.b, -np.inf, step.stride, step.pad, NO_SCRATCH)
    elif kind == "dense":
        out[:] = x.reshape(len(x), -1) @ step.w + step.b
    elif kind == "affine":
        out[:] = (x.reshape(-1, len(step.w)) * step.w + step.b).reshape(out.shape)
    elif kind == "relu":
        out[:] = np.maximum(x.reshape(out.shape), 0)
    elif kind == "max_pool":
        naive.max_pool_forward(out, np.empty(out.shape, np.uint8), x, -np.inf)
    elif kind == "mean_pool":
        out[:] = x.mean(axis=(1, 2))
    elif kind == "add":
        out[:] = inputs[0].reshape(out.shape) + inputs[1].reshape(out.shape)
    elif kind == "flatten":
        out[:] = x.reshape(out.shape)
    else:
        out[:] = np.log(np.maximum(np.mean([softmax(logits) for logits in inputs], axis=0), LEAST))
