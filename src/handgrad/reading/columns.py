"""What a network that reads whole lines says of each column of a line of digits.

The network is convolutional, with an output for every four columns of a strip of writing, and has learnt to spell lines
by connectionist temporal classification (Graves, Fernandez, Gomez and Schmidhuber 2006): it has seen digits that touch
and that cross printed lines, and needs no cuts. `benchmarks/line_reader.py` trains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.model.answering import kernels_at_hand
from handgrad.model.header import built_network
from handgrad.model.tensors import read_tensors
from handgrad.nn.network import Network
from handgrad.nn.workspace import Workspace
from handgrad.reading.strip import ROWS, Strip

Numbers = NDArray[np.float64]

FILE = Path(__file__).parent / "columns.safetensors"
FORMAT = "handgrad line reader 1"
MEAN, SCALE = np.float32(0.1), np.float32(0.3)  # what is taken off ink from 0 to 1, and what that is divided by
STEP = 4  # columns of the strip for each output
WIDTHS = 64  # a network is made for strips of a multiple of so many columns
LEAST = -12.0  # the logarithm of a probability is not taken to be less
NO_ROOM = -6.0  # that of a digit in no column at all


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

    def between(self, start: float, end: float) -> tuple[float, Numbers]:
        """Return how likely nothing, and how likely each digit alone, is written between two columns.

        Parameters
        ----------
        start, end : float
            Columns of the picture; they may lie beyond its ends.

        Returns
        -------
        none : float
            The logarithm of the probability that nothing is.
        digits : numpy.ndarray
            Float64 (10,), those of each digit.
        """
        last = len(self.scores)
        first, behind = (round(min(max((x - self.left) / self.wide, 0), last)) for x in (start, end))
        scores = self.scores[first:behind]
        if not len(scores):
            return 0.0, np.full(scores.shape[1] - 1, NO_ROOM)
        digits, blank = scores[:, :-1], scores[:, -1]
        before = np.concatenate([[0.0], np.cumsum(blank)])  # nothing up to each output
        none = float(before[-1])
        # A digit takes outputs in a row, with nothing before and behind: the sum over where it begins and ends.
        held = np.full(digits.shape[1], -np.inf)
        total = held
        for t, said in enumerate(digits):
            held = np.logaddexp(held, before[t]) + said
            total = np.logaddexp(total, held + none - before[t + 1])
        return none, total


def read_columns(strip: Strip) -> Columns:
    """Return what the network says of a strip.

    Parameters
    ----------
    strip : Strip
        A line of writing.

    Returns
    -------
    Columns
        One for every four columns of the strip.
    """
    width = strip.ink.shape[1]
    wide = -(-width // WIDTHS) * WIDTHS
    idle = _idle(wide)
    try:
        network, ws = idle.pop()
    except IndexError:
        network = _network(wide)
        ws = network.workspace(1, kernels="compiled" if kernels_at_hand(network) else "naive", fixed=True)
    ws.x[...] = -MEAN / SCALE
    ws.x[0, :, :width, 0] = (strip.ink - MEAN) / SCALE
    logits = logits_of(network, ws)[0, : -(-width // STEP)]
    idle.append((network, ws))
    scores = logits - logits.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return Columns(np.maximum(scores, LEAST), strip.left, STEP * strip.scale)


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


@cache
def _trained() -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors and the header of the network's file."""
    return read_tensors(FILE, (FORMAT,), "line reader")


@cache
def _idle(width: int) -> list[tuple[Network, Workspace]]:
    """Networks for strips so wide that no thread is using."""
    return []


def _network(width: int) -> Network:
    """The network for strips so wide: its weights suit any width."""
    tensors, header = _trained()
    made = built_network(
        {**header, "in_shape": (ROWS, width, 1)}, sum(each.size for each in tensors.values()) + 2 * ROWS * width
    )
    for layout, flat in ((made.layout, made.theta), (made.state_layout, made.state)):
        for name, view in layout.views(flat):
            view[...] = tensors[name]
    return made
