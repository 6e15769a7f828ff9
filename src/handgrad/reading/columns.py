"""What a network that reads whole lines says of each column of a line of digits.

The network is convolutional, with an output for every four columns of a strip of writing, and has learnt to spell lines
by connectionist temporal classification (Graves, Fernandez, Gomez and Schmidhuber 2006): it has seen digits that touch
and that cross printed lines, and needs no cuts. `benchmarks/line_reader.py` trains it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.threads import threads
from handgrad.model.header import built_network
from handgrad.model.tensors import read_tensors
from handgrad.nn.network import Network
from handgrad.nn.workspace import Workspace
from handgrad.reading.ink import Floats
from handgrad.reading.strip import ROWS, Strip

Numbers = NDArray[np.float64]

FILE = Path(__file__).parent / "columns.safetensors"
FORMAT = "handgrad line reader 1"
MEAN, SCALE = np.float32(0.1), np.float32(0.3)  # what is taken off ink from 0 to 1, and what that is divided by
DIGITS = tuple("0123456789")  # the classes that the network knows, in its order
CLASSES = len(DIGITS) + 1  # these, and none of them
STEP = 4  # columns of the strip for each output
WINDOW, MARGIN = 256, 32  # columns that the network sees at a time; an output depends on 20 to each side
LEAST = -12.0  # the logarithm of a probability is not taken to be less
_IDLE: dict[str, list[tuple[Network, Workspace]]] = {}  # by kernels, networks that no thread is using


@dataclass(frozen=True, eq=False)
class Columns:
    """What is said of each part of a line.

    Parameters
    ----------
    scores : numpy.ndarray
        Float64 (T, 11): for each output the logarithm of the probability of each digit, and of none.
    left : float
        The column of the picture where the first output begins.
    wide : float
        How many columns of the picture belong to an output.
    """

    scores: Numbers
    left: float
    wide: float

    def nothing(self, start: float, end: float) -> float:
        """Return how likely nothing is written between two columns.

        Parameters
        ----------
        start, end : float
            Columns of the picture; they may lie beyond its ends.

        Returns
        -------
        float
            The logarithm of the probability.
        """
        return float(self._between(start, end)[:, -1].sum())

    def digits(self, start: float, end: float) -> Numbers:
        """Return how likely each digit is the only one that is written between two columns.

        Parameters
        ----------
        start, end : float
            Columns of the picture; they may lie beyond its ends.

        Returns
        -------
        numpy.ndarray
            Float64 (10,), the logarithms of the probabilities.
        """
        scores = self._between(start, end)
        digits, blank = scores[:, :-1], scores[:, -1]
        before = np.concatenate([[0.0], np.cumsum(blank)])  # nothing up to each output
        # A digit takes outputs in a row, with nothing before and behind: the sum over where it begins and ends.
        held = total = np.full(digits.shape[1], -np.inf)
        for t, said in enumerate(digits):
            held = np.logaddexp(held, before[t]) + said
            total = np.logaddexp(total, held + before[-1] - before[t + 1])
        likely: Numbers = np.maximum(total, LEAST)
        return likely

    def _between(self, start: float, end: float) -> Numbers:
        last = len(self.scores)
        first, behind = (round(min(max((x - self.left) / self.wide, 0), last)) for x in (start, end))
        return self.scores[first:behind]


def read_columns(strip: Strip, kernels: str) -> Columns:
    """Return what the network says of a strip.

    Parameters
    ----------
    strip : Strip
        A line of writing.
    kernels : {'naive', 'compiled'}
        What computes, see `Network.workspace`.

    Returns
    -------
    Columns
        One for every four columns of the strip.
    """
    idle = _IDLE.setdefault(kernels, [])
    try:
        network, ws = idle.pop()
    except IndexError:
        network = _network()
        ws = network.workspace(1, kernels=kernels, fixed=True)
    logits = np.concatenate(list(_by_windows(strip.ink, network, ws)))
    if len(idle) < threads():
        idle.append((network, ws))
    scores = logits - logits.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return Columns(np.maximum(scores, LEAST), strip.left, STEP * strip.scale)


def _by_windows(ink: Floats, network: Network, ws: Workspace) -> Iterator[Numbers]:
    """The network's outputs (T, 11) for one window of a strip after the other, without those at a window's ends."""
    width = ink.shape[1]
    empty = np.append(np.full(CLASSES - 1, LEAST), 0.0)
    for first in range(0, width, WINDOW - 2 * MARGIN):
        start, behind = max(first - MARGIN, 0), min(first + WINDOW - 2 * MARGIN, width)
        seen = ink[:, start : start + WINDOW]
        if seen.any():
            ws.x[...] = -MEAN / SCALE
            ws.x[0, :, : seen.shape[1], 0] = (seen - MEAN) / SCALE
            yield logits_of(network, ws)[0, (first - start) // STEP : -(-(behind - start) // STEP)]
        else:
            yield np.tile(empty, (-(-(behind - first) // STEP), 1))


def logits_of(network: Network, ws: Workspace) -> Numbers:
    """Return the network's outputs for what is in a workspace.

    Parameters
    ----------
    network : Network
        It reads lines.
    ws : Workspace
        With N strips in `x`.

    Returns
    -------
    numpy.ndarray
        Float64 (N, T, 11), the mean over the rows that the network keeps.
    """
    logits: Numbers = network.forward(ws.x, ws).mean(axis=1).astype(np.float64)
    return logits


def _network(width: int = WINDOW) -> Network:
    """The trained network, for strips so wide."""
    tensors, header = read_tensors(FILE, (FORMAT,), "line reader")
    floats = sum(each.size for each in tensors.values()) + 2 * ROWS * width  # a model's file has mean and scale too
    made = built_network({**header, "in_shape": (ROWS, width, 1)}, floats)  # the weights suit any width
    for layout, flat in ((made.layout, made.theta), (made.state_layout, made.state)):
        for name, view in layout.views(flat):
            view[...] = tensors[name]
    return made
