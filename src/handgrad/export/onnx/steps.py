"""The steps of a network as ONNX nodes; images lie as ONNX wants them, (N, C, H, W)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from handgrad.export.graph import Graph, Step
from handgrad.export.onnx.nodes import Nodes
from handgrad.kernels.sizes import LEAST
from handgrad.nn.params import Shape


def network_nodes(g: Nodes, graph: Graph, x: str) -> str:
    """Add the nodes of a network.

    Parameters
    ----------
    g : Nodes
        Where nodes are added.
    graph : Graph
        The network.
    x : str
        The normalised images, float32 (N, H, W, C).

    Returns
    -------
    str
        The logits, float32 (N, K).
    """
    values = {0: g("Transpose", x, perm=[0, 3, 1, 2])}
    for step in graph.steps:
        out = KINDS[step.kind](g, step, graph.shapes[step.inputs[0]], [values[i] for i in step.inputs])
        values[step.out] = g("Relu", out) if step.relu else out
    return values[graph.result]


def _conv(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    w = g.constant(step.w.transpose(3, 2, 0, 1), np.float32)  # (F, C, K, K)
    pads, strides = [step.pad] * 4, [step.stride] * 2
    return g("Conv", *inputs, w, g.constant(step.b, np.float32), pads=pads, strides=strides)


def _dense(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    return g("Gemm", *inputs, g.constant(step.w, np.float32), g.constant(step.b, np.float32))


def _affine(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    channels = (-1, 1, 1) if len(shape) == 3 else (-1,)
    w, b = (g.constant(array.reshape(channels), np.float32) for array in (step.w, step.b))
    return g("Add", g("Mul", *inputs, w), b)


def _relu(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    return g("Relu", *inputs)


def _max_pool(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    return g("MaxPool", *inputs, kernel_shape=[2, 2], strides=[2, 2])


def _mean_pool(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    return g("ReduceMean", *inputs, axes=[2, 3], keepdims=0)


def _flatten(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    if len(shape) == 1:
        return inputs[0]
    rows_first = g("Transpose", *inputs, perm=[0, 2, 3, 1])
    return g("Reshape", rows_first, g.numbers(-1, math.prod(shape)))


def _add(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    return g("Add", *inputs)


def _mean_softmax(g: Nodes, step: Step, shape: Shape, inputs: Sequence[str]) -> str:
    total = g("Sum", *(g("Softmax", logits, axis=1) for logits in inputs))
    mean = g("Div", total, g.constant(len(inputs), np.float32))
    return g("Log", g("Max", mean, g.constant(LEAST, np.float32)))


KINDS: dict[str, Callable[[Nodes, Step, Shape, Sequence[str]], str]] = {
    "conv": _conv, "dense": _dense, "affine": _affine, "relu": _relu, "max_pool": _max_pool, "mean_pool": _mean_pool,
    "flatten": _flatten, "add": _add, "mean_softmax": _mean_softmax,
}  # fmt: skip
