"""A network as a list of steps: the form that exporters start from, and how each kind of layer becomes steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch

import numpy as np

from handgrad.errors import UserError
from handgrad.nn.layers import Layer
from handgrad.nn.layers.batch_norm import BatchNorm
from handgrad.nn.layers.conv import Conv
from handgrad.nn.layers.dense import Dense
from handgrad.nn.layers.dropout import Dropout
from handgrad.nn.layers.ensemble import Ensemble
from handgrad.nn.layers.flatten import Flatten
from handgrad.nn.layers.pool import GlobalAveragePool, MaxPool
from handgrad.nn.layers.relu import ReLU
from handgrad.nn.layers.residual import Residual
from handgrad.nn.layers.sequential import Sequential
from handgrad.nn.network import Network
from handgrad.nn.params import Array, Shape


@dataclass(frozen=True)
class Step:
    """One operation, from values to a new value.

    Parameters
    ----------
    kind : str
        `conv`, `dense`, `affine` (x w + b for each channel), `relu`, `max_pool`, `mean_pool`, `flatten`, `add` or
        `mean_softmax` (the logarithm of the mean of softmaxes).
    layer : str
        The layer that it comes from, for comments and messages, as `3 Dense(10)`.
    inputs : tuple of int
        The values that it takes.
    out : int
        The value that it makes.
    w, b : float32 array
        Weights and biases, where the kind has any: w (K, K, C, F), (I, O) or (C,), b (F,), (O,) or (C,).
    stride, pad : int
        Of a convolution.
    relu : bool
        Whether what is below 0 becomes 0.
    """

    kind: str
    layer: str
    inputs: tuple[int, ...]
    out: int
    w: Array = field(default_factory=lambda: np.empty(0, np.float32))
    b: Array = field(default_factory=lambda: np.empty(0, np.float32))
    stride: int = 1
    pad: int = 0
    relu: bool = False


@dataclass
class Graph:
    """Steps, in an order in which they can be taken. Value 0 is the normalised image.

    Parameters
    ----------
    shapes : list of tuple of int
        The shape of each value, for one image.
    steps : list of Step
        The steps.
    result : int
        The value that holds the logits.
    """

    shapes: list[Shape]
    steps: list[Step]
    result: int = 0

    def uses(self, value: int) -> int:
        """Return how often a value is needed.

        Parameters
        ----------
        value : int
            The value.

        Returns
        -------
        int
            How many inputs of steps it is, one more for the result.
        """
        return sum(step.inputs.count(value) for step in self.steps) + (value == self.result)


class Tracer:
    """Walks a network's layers and writes down their steps.

    Parameters
    ----------
    network : Network
        The network.
    """

    def __init__(self, network: Network) -> None:
        self.graph = Graph([network.in_shape], [])
        self.arrays: dict[str, Array] = {
            name: np.array(view)
            for layout, flat in ((network.layout, network.theta), (network.state_layout, network.state))
            for name, view in layout.views(flat)
        }

    def step(
        self, kind: str, layer: Layer, place: str, inputs: tuple[int, ...], w: Array | None = None,
        b: Array | None = None, stride: int = 1, pad: int = 0,
    ) -> int:  # fmt: skip
        """Write down a step.

        Parameters
        ----------
        kind : str
            See `Step`.
        layer : Layer
            Where it comes from.
        place : str
            The layer's place, as `3` or `3.1`.
        inputs : tuple of int
            The values that it takes.
        w, b : float32 array, optional
            Weights and biases.
        stride, pad : int
            Of a convolution.

        Returns
        -------
        int
            The value that it makes.
        """
        shapes, none = self.graph.shapes, np.empty(0, np.float32)
        given = shapes[inputs[0]]
        shapes.append(given if layer.inner else layer.plan(given).out_shape)  # one that joins what others made keeps it
        w, b = none if w is None else w, none if b is None else b
        name = f"{place} {layer.describe()}"
        self.graph.steps.append(Step(kind, name, inputs, len(shapes) - 1, w, b, stride, pad))
        return len(shapes) - 1

    def chain(self, layers: tuple[Layer, ...], x: int, within: str = "") -> int:
        """Write down layers in a row.

        Parameters
        ----------
        layers : tuple of Layer
            The layers, from the input on.
        x : int
            The value that the first one takes.
        within : str
            The place of the layer that they are inside of, with a dot behind it.

        Returns
        -------
        int
            The value that the last one makes.
        """
        for i, layer in enumerate(layers):
            x = steps_of(layer, x, f"{within}{i}", self)
        return x


def graph_of(network: Network) -> Graph:
    """Return a network as steps.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    Graph
        A step or more for each layer; dropout, which does nothing in prediction, has none.

    Raises
    ------
    UserError
        For a kind of layer that is not known here.

    Examples
    --------
    >>> from handgrad.nn.layers import Dense, Flatten, ReLU
    >>> network = Network([Flatten(), Dense(8), ReLU(), Dense(3)], (5, 4, 1))
    >>> [step.kind for step in graph_of(network).steps]
    ['flatten', 'dense', 'relu', 'dense']
    """
    tracer = Tracer(network)
    tracer.graph.result = tracer.chain(network.layers, 0)
    return tracer.graph


@singledispatch
def steps_of(layer: Layer, x: int, place: str, to: Tracer) -> int:
    """Write down the steps of a layer.

    Parameters
    ----------
    layer : Layer
        The layer.
    x : int
        The value that it takes.
    place : str
        Its place in the network.
    to : Tracer
        Where the steps go.

    Returns
    -------
    int
        The value that it makes.

    Raises
    ------
    UserError
        For a kind of layer that is not known here.
    """
    known = ", ".join(sorted(kind.__name__ for kind in steps_of.registry if kind is not object))
    raise UserError(f"layer {place} {layer.describe()}: cannot be exported, expected one of {known}")


@steps_of.register
def _(layer: Conv, x: int, place: str, to: Tracer) -> int:
    return to.step(
        "conv", layer, place, (x,), to.arrays[f"{place}.w"], to.arrays[f"{place}.b"], layer.stride, layer.pad
    )


@steps_of.register
def _(layer: Dense, x: int, place: str, to: Tracer) -> int:
    return to.step("dense", layer, place, (x,), to.arrays[f"{place}.w"], to.arrays[f"{place}.b"])


@steps_of.register
def _(layer: BatchNorm, x: int, place: str, to: Tracer) -> int:
    gamma, beta, mean, var = (
        to.arrays[f"{place}.{name}"].astype(np.float64) for name in ("gamma", "beta", "mean", "var")
    )
    w = gamma / np.sqrt(var + layer.eps)
    return to.step("affine", layer, place, (x,), w.astype(np.float32), (beta - mean * w).astype(np.float32))


@steps_of.register
def _(layer: ReLU, x: int, place: str, to: Tracer) -> int:
    return to.step("relu", layer, place, (x,))


@steps_of.register
def _(layer: MaxPool, x: int, place: str, to: Tracer) -> int:
    return to.step("max_pool", layer, place, (x,))


@steps_of.register
def _(layer: GlobalAveragePool, x: int, place: str, to: Tracer) -> int:
    return to.step("mean_pool", layer, place, (x,))


@steps_of.register
def _(layer: Flatten, x: int, place: str, to: Tracer) -> int:
    return to.step("flatten", layer, place, (x,))


@steps_of.register
def _(layer: Dropout, x: int, place: str, to: Tracer) -> int:
    return x


@steps_of.register
def _(layer: Sequential, x: int, place: str, to: Tracer) -> int:
    return to.chain(layer.layers, x, f"{place}.")


@steps_of.register
def _(layer: Residual, x: int, place: str, to: Tracer) -> int:
    return to.step("add", layer, place, (x, to.chain(layer.layers, x, f"{place}.")))


@steps_of.register
def _(layer: Ensemble, x: int, place: str, to: Tracer) -> int:
    members = tuple(steps_of(member, x, f"{place}.{i}", to) for i, member in enumerate(layer.layers))
    return to.step("mean_softmax", layer, place, members)
