"""The steps of a network as calls of C functions, in int8."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from handgrad.export.c.floats import conv_shape
from handgrad.export.c.memory import places
from handgrad.export.c.parts import Parts, number
from handgrad.export.graph import Graph, Step
from handgrad.export.quantise import FLOATS, Scale, weights_in_bytes


class Int8:
    """Weights and values of a network in int8.

    Parameters
    ----------
    graph : Graph
        The network, as `with_bytes` gives it.
    scales : mapping of int to Scale
        How its values are stored.
    parts : Parts
        Where its constants and calls go.

    Attributes
    ----------
    arrays : dict of (str, int) to int
        The arrays that values lie in: type and name, bytes of an element, bytes of the whole.
    result : str
        Where the logits are at the end.
    """

    folder = "int8"

    def __init__(self, graph: Graph, scales: Mapping[int, Scale], parts: Parts) -> None:
        self.graph, self.scales, self.parts = graph, scales, parts
        floats = {value for value, scale in scales.items() if scale == FLOATS}
        self._bytes, in_bytes = places(graph, scales.keys() - floats)
        self._floats, in_floats = places(graph, floats)
        self.arrays = {("int8_t memory", 1): in_bytes, ("float floats", 4): 4 * in_floats}
        parts.functions["put"] = None
        parts.call("see", "pixels", self._at(0), self._scale(0))
        for step in graph.steps:
            parts.calls.append(f"    /* {step.kind}, of layer {step.layer.split('(')[0]} */")
            getattr(self, f"_{step.kind}")(step)
        self.result = self._at(graph.result)

    def _at(self, value: int) -> str:
        return f"memory + {self._bytes[value]}" if value in self._bytes else f"floats + {self._floats[value]}"

    def _scale(self, value: int) -> str:
        scale = self.scales[value]
        return f"(scale){{{number(scale.step)}, {scale.zero}}}"

    def _size(self, value: int) -> int:
        return math.prod(self.graph.shapes[value])

    def _ends(self, step: Step) -> tuple[str, int, str, str]:
        """What a step takes, its zero, what it makes, and its scale."""
        value = step.inputs[0]
        return self._at(value), self.scales[value].zero, self._at(step.out), self._scale(step.out)

    def _conv(self, step: Step) -> None:
        w, steps = weights_in_bytes(step)
        arrays = map(self.parts.array, (w.transpose(3, 0, 1, 2), self._sum_steps(step, steps), step.b))
        self.parts.call("conv", *self._ends(step), *arrays, conv_shape(self.parts, self.graph, step))

    def _dense(self, step: Step) -> None:
        w, steps = weights_in_bytes(step)
        arrays = map(self.parts.array, (w.T, self._sum_steps(step, steps), step.b))
        self.parts.call("dense", *self._ends(step), *arrays, *step.w.shape, int(step.relu))

    def _sum_steps(self, step: Step, steps: np.ndarray) -> np.ndarray:
        """What 1 stands for in a sum of products."""
        return (steps * self.scales[step.inputs[0]].step).astype(np.float32)

    def _affine(self, step: Step) -> None:
        w, b = self.parts.array(self._sum_steps(step, step.w)), self.parts.array(step.b)
        self.parts.call("affine", *self._ends(step), w, b, self._size(step.out), len(step.b), int(step.relu))

    def _add(self, step: Step) -> None:
        given = [word for value in step.inputs for word in (self._at(value), self._scale(value))]
        ends = self._at(step.out), self._scale(step.out)
        self.parts.call("add", *given, *ends, self._size(step.out), int(step.relu))

    def _relu(self, step: Step) -> None:
        self.parts.call("relu", *self._ends(step)[:3], self._size(step.out))

    def _max_pool(self, step: Step) -> None:
        self.parts.call("max_pool", self._at(step.inputs[0]), self._at(step.out), *self.graph.shapes[step.inputs[0]])

    def _mean_pool(self, step: Step) -> None:
        height, width, channels = self.graph.shapes[step.inputs[0]]
        self._between("mean_pool", step, height * width, channels)

    def _convert(self, step: Step) -> None:
        self._between("convert", step, self._size(step.out))

    def _between(self, function: str, step: Step, *sizes: int) -> None:
        value = step.inputs[0]
        ends = self._at(value), self._scale(value), self._at(step.out), self._scale(step.out)
        self.parts.call(function, *ends, *sizes)

    def _mean_softmax(self, step: Step) -> None:
        for i, member in enumerate(step.inputs):
            given = self._at(member), self._at(step.out), self._size(step.out), i, len(step.inputs)
            self.parts.call("mean_softmax", *given)
