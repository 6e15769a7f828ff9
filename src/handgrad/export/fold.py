"""Fewer steps with the same answers: factors go into the weights before them, and ReLUs into the step before them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from handgrad.export.graph import Graph, Step

WITH_RELU = ("conv", "dense", "affine", "add")  # steps that can apply a ReLU on the way
WITH_WEIGHTS = ("conv", "dense", "affine")  # their last axis is that of the output's channels

Joined = Callable[[Step, Step], Step | None]


def folded(graph: Graph) -> Graph:
    """Return a graph of fewer steps.

    Parameters
    ----------
    graph : Graph
        A network as `graph_of` gives it; it stays as it is.

    Returns
    -------
    Graph
        Batch normalisation is part of the weights before it, a ReLU part of the step before it, and none of them
        stands behind a MaxPool; values are numbered as before.
    """
    new = Graph(list(graph.shapes), list(graph.steps), graph.result)
    _put_relu_before_pool(new)
    new.steps = _join(new, _with_factors)
    new.steps = _join(new, _with_relu)
    return new


def _put_relu_before_pool(graph: Graph) -> None:
    """The ReLU of a maximum is the maximum of ReLUs, which the step before may apply."""
    steps = graph.steps
    for i in range(len(steps) - 1):
        pool, relu = steps[i : i + 2]
        if (pool.kind, relu.kind) == ("max_pool", "relu") and relu.inputs == (pool.out,) and graph.uses(pool.out) == 1:
            graph.shapes[pool.out] = graph.shapes[pool.inputs[0]]
            steps[i : i + 2] = (
                replace(relu, inputs=pool.inputs, out=pool.out),
                replace(pool, inputs=(pool.out,), out=relu.out),
            )


def _join(graph: Graph, joined: Joined) -> list[Step]:
    """Join each step with the one that made its input, where nobody else needs that and `joined` can."""
    made: dict[int, Step] = {}
    for step in graph.steps:
        before = made.get(step.inputs[0])
        both = joined(before, step) if before and graph.uses(before.out) == 1 else None
        if before and both:
            del made[before.out]
        made[step.out] = both or step
    return list(made.values())


def _with_factors(before: Step, step: Step) -> Step | None:
    if step.kind != "affine" or before.kind not in WITH_WEIGHTS:
        return None
    w, b, factor = (array.astype(np.float64) for array in (before.w, before.b, step.w))
    return replace(before, out=step.out, w=(w * factor).astype(np.float32), b=(b * factor + step.b).astype(np.float32))


def _with_relu(before: Step, step: Step) -> Step | None:
    if step.kind != "relu" or before.kind not in WITH_RELU:
        return None
    return replace(before, out=step.out, relu=True)


def without_flatten(graph: Graph) -> Graph:
    """Return a graph without `flatten` steps, for memory in which images lie as vectors do.

    Parameters
    ----------
    graph : Graph
        Any graph; it stays as it is.

    Returns
    -------
    Graph
        Its steps take the image where they took the vector.
    """
    same: dict[int, int] = {}
    steps = []
    for step in graph.steps:
        inputs = tuple(same.get(value, value) for value in step.inputs)
        if step.kind == "flatten":
            same[step.out] = inputs[0]
        else:
            steps.append(replace(step, inputs=inputs))
    return Graph(list(graph.shapes), steps, same.get(graph.result, graph.result))
