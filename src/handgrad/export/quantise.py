"""A network in bytes: weights with a step for each output channel, values with a step and a zero each.

The scheme is that of Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", 2018, with factors between layers in float32. Numbers that a softmax takes stay floats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.export.graph import Graph, Step
from handgrad.nn.params import Array

LARGEST_WEIGHT = 127
LARGEST_SUM = 2**31 - 1  # of an int32
TAKE_FLOATS = ("mean_softmax",)
KEEP_BYTES = ("max_pool", "relu")  # what they make has the step and zero of what they take


@dataclass(frozen=True)
class Scale:
    """How a value is stored: number = (byte - zero) * step, bytes from -128 to 127; or as floats.

    Parameters
    ----------
    step : float
        0 for floats.
    zero : int
        The byte that stands for 0.
    """

    step: float = 0.0
    zero: int = 0


FLOATS = Scale()


def scale_of(low: float, high: float) -> Scale:
    """Return the scale for numbers of a range.

    Parameters
    ----------
    low, high : float
        The range; 0 lies within.

    Returns
    -------
    Scale
        Its bytes reach both ends, to half a step.
    """
    step = (high - low) / 255 or 1.0
    return Scale(step, round(-128 - low / step))


def with_bytes(graph: Graph, found: Mapping[int, tuple[float, float]]) -> tuple[Graph, dict[int, Scale]]:
    """Return a graph whose values are bytes where they can be.

    Parameters
    ----------
    graph : Graph
        A network, without `flatten`; it stays as it is.
    found : mapping of int to (float, float)
        The range of each value.

    Returns
    -------
    graph : Graph
        With steps `convert` between bytes and floats.
    scales : dict of int to Scale
        How each value is stored.
    """
    new, scales = Graph(list(graph.shapes), [], graph.result), {0: scale_of(*found[0])}
    converted: dict[int, int] = {}

    def taken(value: int, floats: bool, layer: str) -> int:
        """The value as a step needs it."""
        if (scales[value] == FLOATS) == floats:
            return value
        if value not in converted:
            converted[value] = len(new.shapes)
            new.shapes.append(new.shapes[value])
            new.steps.append(Step("convert", layer, (value,), converted[value]))
            scales[converted[value]] = FLOATS if floats else scale_of(*found[value])
        return converted[value]

    for step in graph.steps:
        inputs = tuple(taken(value, step.kind in TAKE_FLOATS, step.layer) for value in step.inputs)
        new.steps.append(replace(step, inputs=inputs))
        if step.kind in KEEP_BYTES:
            scales[step.out] = scales[inputs[0]]
        else:
            scales[step.out] = FLOATS if _is_for_softmax(graph, step) else scale_of(*found[step.out])
    new.result = taken(graph.result, True, "the end")
    return new, scales


def _is_for_softmax(graph: Graph, step: Step) -> bool:
    users = [user.kind for user in graph.steps if step.out in user.inputs]
    return step.kind == "mean_softmax" or all(kind in TAKE_FLOATS for kind in users)


def weights_in_bytes(step: Step) -> tuple[NDArray[np.int8], Array]:
    """Return the weights of a convolution or a dense layer.

    Parameters
    ----------
    step : Step
        The step.

    Returns
    -------
    w : int8 array
        As `step.w`, from -127 to 127.
    steps : float32 array (F,) or (O,)
        What 1 stands for, for each output.

    Raises
    ------
    UserError
        Where a sum may leave the 32 bits that it has.
    """
    terms = math.prod(step.w.shape[:-1])
    most = LARGEST_SUM // (255 * LARGEST_WEIGHT)
    if terms > most:
        raise UserError(f"layer {step.layer}: sums of {terms:,} products, int8 holds {most:,}; leave out --int8")
    axes = tuple(range(step.w.ndim - 1))
    largest = np.abs(step.w).max(axis=axes)
    steps = np.where(largest > 0, largest / LARGEST_WEIGHT, 1).astype(np.float32)
    return np.rint(step.w / steps).astype(np.int8), steps
