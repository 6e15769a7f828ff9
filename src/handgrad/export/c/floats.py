"""The steps of a network as calls of C functions, in float32."""

from __future__ import annotations

import math

from handgrad.export.c.memory import places
from handgrad.export.c.parts import Parts
from handgrad.export.graph import Graph, Step


class Float32:
    """Weights and values of a network in float32.

    Parameters
    ----------
    graph : Graph
        The network, without `flatten`.
    parts : Parts
        Where its constants and calls go.

    Attributes
    ----------
    arrays : dict of (str, int) to int
        The arrays that values lie in: type and name, bytes of an element, bytes of the whole.
    result : str
        Where the logits are at the end.
    """

    folder = "float32"

    def __init__(self, graph: Graph, parts: Parts) -> None:
        self.graph, self.parts = graph, parts
        self._places, size = places(graph, range(len(graph.shapes)))
        self.arrays = {("float memory", 4): 4 * size}
        parts.call("see", "pixels", self.at(0))
        for step in graph.steps:
            parts.calls.append(f"    /* {step.kind}, of layer {step.layer.split('(')[0]} */")
            getattr(self, f"_{step.kind}")(step)
        self.result = self.at(graph.result)

    def at(self, value: int) -> str:
        """Return where a value lies.

        Parameters
        ----------
        value : int
            The value.

        Returns
        -------
        str
            Its address.
        """
        return f"memory + {self._places[value]}"

    def size(self, value: int) -> int:
        """Return how many numbers a value has.

        Parameters
        ----------
        value : int
            The value.

        Returns
        -------
        int
            The product of its shape.
        """
        return math.prod(self.graph.shapes[value])

    def _call(self, step: Step, *arguments: object) -> None:
        self.parts.call(step.kind, *map(self.at, step.inputs), self.at(step.out), *arguments)

    def _conv(self, step: Step) -> None:
        w, b = self.parts.array(step.w.transpose(3, 0, 1, 2)), self.parts.array(step.b)
        self._call(step, w, b, conv_shape(self.parts, self.graph, step))

    def _dense(self, step: Step) -> None:
        w, b = self.parts.array(step.w.T), self.parts.array(step.b)
        self._call(step, w, b, *step.w.shape, int(step.relu))

    def _affine(self, step: Step) -> None:
        w, b = self.parts.array(step.w), self.parts.array(step.b)
        self._call(step, w, b, self.size(step.out), len(step.w), int(step.relu))

    def _add(self, step: Step) -> None:
        self._call(step, self.size(step.out), int(step.relu))

    def _relu(self, step: Step) -> None:
        self._call(step, self.size(step.out))

    def _max_pool(self, step: Step) -> None:
        self._call(step, *self.graph.shapes[step.inputs[0]])

    def _mean_pool(self, step: Step) -> None:
        height, width, channels = self.graph.shapes[step.inputs[0]]
        self._call(step, height * width, channels)

    def _mean_softmax(self, step: Step) -> None:
        for i, member in enumerate(step.inputs):
            given = self.at(member), self.at(step.out), self.size(step.out), i, len(step.inputs)
            self.parts.call(step.kind, *given)


def conv_shape(parts: Parts, graph: Graph, step: Step) -> str:
    """Define the shape of a convolution.

    Parameters
    ----------
    parts : Parts
        Where it goes.
    graph : Graph
        The network.
    step : Step
        The convolution.

    Returns
    -------
    str
        Its address.
    """
    shape, (height, width, filters) = graph.shapes[step.inputs[0]], graph.shapes[step.out]
    kernel = len(step.w)
    return parts.shape((*shape, height, width, filters, kernel, step.stride, step.pad, int(step.relu)))
