"""Gradients checked: what backward claims against the slope of the loss, measured from two forwards."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from handgrad.nn.layers import Layer
from handgrad.nn.network import Network
from handgrad.nn.params import Array
from handgrad.nn.workspace import Workspace

TOLERANCE = 1e-6  # relative error from which on a gradient is wrong
STEPS = (1e-4, 1e-5, 1e-6, 1e-7)  # sizes of the step; a large one may cross a kink of ReLU or max pooling
GOOD = 1e-8  # relative error at which no smaller step is tried
DIRECTIONS = 2  # along which each parameter is moved
LEAST = 1e-3  # of the network's largest gradient: relative errors of smaller ones are those of rounding
SPREAD = 0.1  # standard deviation of what is added to parameters that are all alike at the start


@dataclass(frozen=True)
class Checked:
    """The gradients of one layer.

    Parameters
    ----------
    place : str
        Where the layer is: `2` is layer 2, and `2.0` the first layer inside it.
    layer : str
        What it is.
    parameters : int
        How many numbers it learns.
    error : float
        The largest relative error among its parameters.
    """

    place: str
    layer: str
    parameters: int
    error: float


def slope_error(
    loss: Callable[[], float], at: Array, gradient: Array, seed: int = 17, least: float = 1e-300,
    steps: tuple[float, ...] = STEPS,
) -> float:  # fmt: skip
    """Compare a gradient with the central difference of the loss along one direction.

    The direction is the sum of the gradient's own, so that the slope is not lost in rounding, and of a random one, so
    that no error stands at right angles to it.

    Parameters
    ----------
    loss : callable
        Computes the loss from the arrays as they are.
    at : float64 array
        Where the gradient was taken; it is moved and put back.
    gradient : float64 array
        What is claimed, of the shape of `at`.
    seed : int
        Of the random direction.
    least : float
        Slopes below this count as much.
    steps : tuple of float
        How far to go; the next one is tried where the one before shows no agreement.

    Returns
    -------
    float
        The smallest relative error of all steps: a wrong gradient is wrong with each.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> slope_error(lambda: float((x**2).sum()), x, 2 * x) < 1e-6
    True
    >>> slope_error(lambda: float((x**2).sum()), x, 3 * x) > 0.1
    True
    """
    random = np.random.Generator(np.random.Philox(key=seed)).standard_normal(at.shape)
    direction = _unit(random) + _unit(gradient)
    claimed, before, found = float((gradient * direction).sum()), at.copy(), np.inf
    for step in steps:
        at[...] = before + step * direction
        above = loss()
        at[...] = before - step * direction
        measured = (above - loss()) / (2 * step)
        at[...] = before
        found = min(found, abs(measured - claimed) / max(abs(measured), abs(claimed), least))
        if found <= GOOD:
            break
    return found


def check_gradients(network: Network, seed: int = 0, images: int = 8, smoothing: float = 0.0) -> list[Checked]:
    """Compare every gradient of a network with differences of its loss, on random images in train mode.

    Parameters
    ----------
    network : Network
        In float64; it stays as it is.
    seed : int
        Of images, labels, directions and dropout.
    images : int
        How many images the batch has.
    smoothing : float
        Label smoothing.

    Returns
    -------
    list of Checked
        One for each layer with parameters, inner ones too.

    Examples
    --------
    >>> from handgrad.nn.layers import Dense, Flatten, ReLU
    >>> network = Network([Flatten(), Dense(9), ReLU(), Dense(4)], (5, 4, 1), dtype=np.float64)
    >>> [(row.layer, row.error < 1e-6) for row in check_gradients(network)]
    [('Dense(9)', True), ('Dense(4)', True)]
    """
    random, kept = np.random.Generator(np.random.Philox(key=seed)), (network.theta.copy(), network.state.copy())
    ws = network.workspace(images, train=True)
    ws.x[...] = random.standard_normal(ws.x.shape)
    labels = random.integers(0, network.out_shape[0], images).astype(np.uint8)
    for _, view in network.layout.views(network.theta):
        if view.size and view.min() == view.max():  # as biases are; a ReLU of exactly 0 has no slope
            view += SPREAD * random.standard_normal(view.shape)

    def loss() -> float:
        return _loss(network, ws, labels, seed, smoothing)

    loss()
    network.backward(ws.dlogits, ws)
    gradients = {name: view.copy() for name, view in network.layout.views(network.grad)}
    least = LEAST * max((float(np.linalg.norm(gradient)) for gradient in gradients.values()), default=0.0)
    errors: dict[str, list[float]] = {}
    for name, view in network.layout.views(network.theta):
        found = (slope_error(loss, view, gradients[name], seed + i, least or 1.0) for i in range(DIRECTIONS))
        errors.setdefault(name.rpartition(".")[0], []).extend(found)
    network.theta[:], network.state[:] = kept
    return [_row(network, place, errors[place]) for place in sorted(errors, key=_indices)]


def _loss(network: Network, ws: Workspace, labels: npt.NDArray[np.uint8], seed: int, smoothing: float) -> float:
    logits, totals = network.forward(ws.x, ws, seed, step=1), np.empty(2)
    ws.kernels.softmax_cross_entropy(ws.dlogits, totals, logits, labels, smoothing)
    return float(totals[0])


def _unit(vector: Array) -> Array:
    """A vector of length 1 in the same direction; zeros stay zeros."""
    made: Array = vector / (np.linalg.norm(vector) or 1.0)
    return made


def _indices(place: str) -> list[int]:
    return [int(index) for index in place.split(".")]


def _row(network: Network, place: str, errors: list[float]) -> Checked:
    first, *rest = _indices(place)
    layer: Layer = network.layers[first]
    for index in rest:
        layer = layer.inner[index]
    sizes = (view.size for name, view in network.layout.views(network.theta) if name.rpartition(".")[0] == place)
    return Checked(place, layer.describe(), sum(sizes), max(errors))
