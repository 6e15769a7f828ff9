"""A network's outputs for images: computed a batch at a time, with arrays made anew or kept from call to call."""

from __future__ import annotations

import numpy as np

from handgrad.kernels.store import are_compiled, has_compiled, has_compiler
from handgrad.model.preprocess import Pixels, Preprocess
from handgrad.nn.network import Network
from handgrad.nn.params import Array
from handgrad.nn.workspace import Workspace

SIZES = (1, 4, 16, 32)  # images of a pass: 32 take the least time an image


def kernels_at_hand(network: Network) -> bool:
    """Say whether the compiled kernels for a network's answers wait for no compiler.

    Parameters
    ----------
    network : Network
        What answers.

    Returns
    -------
    bool
        Whether this machine has compiled them; `handgrad compile` does so.
    """
    return has_compiler() and has_compiled() and are_compiled(network.kernels())


def batched_logits(network: Network, preprocess: Preprocess, pixels: Pixels, kernels: str) -> Array:
    """Return a network's outputs for images, computed a batch at a time.

    Parameters
    ----------
    network : Network
        What answers.
    preprocess : Preprocess
        What it sees of an image.
    pixels : uint8 array (N, H, W, C)
        Images.
    kernels : str
        `naive` or `compiled`.

    Returns
    -------
    float32 array (N, K)
        Logits.
    """
    n = 1 if kernels == "naive" else max(min(SIZES[-1], len(pixels)), 1)  # BLAS rounds a row by how many there are
    ws = network.workspace(n, kernels=kernels, fixed=True)
    logits = np.empty((len(pixels), *network.out_shape), np.float32)
    for first in range(0, len(pixels), n):
        count = min(n, len(pixels) - first)
        preprocess(pixels[first : first + count], ws.x[:count])
        logits[first : first + count] = network.forward(ws.x, ws)[:count]
    return logits


class KeptLogits:
    """A network's outputs for images, by arrays that are kept: a call allocates nothing but its result.

    The numbers are those of `batched_logits`, bit by bit. One thread at a time may call.

    Parameters
    ----------
    network : Network
        What answers.
    preprocess : Preprocess
        What it sees of an image.
    kernels : str
        `naive` or `compiled`.
    fixed : bool
        Whether the weights stay as they are, see `Network.workspace`.
    """

    def __init__(self, network: Network, preprocess: Preprocess, kernels: str, fixed: bool) -> None:
        self.network, self.preprocess, self.kernels, self.fixed = network, preprocess, kernels, fixed
        self._sizes = SIZES[:1] if kernels == "naive" else SIZES  # BLAS rounds a row by how many there are
        self._workspaces: dict[int, Workspace] = {}

    def is_of(self, network: Network, preprocess: Preprocess, kernels: str) -> bool:
        """Tell whether it was made with these.

        Parameters
        ----------
        network : Network
            What answers.
        preprocess : Preprocess
            What it sees of an image.
        kernels : str
            `naive` or `compiled`.

        Returns
        -------
        bool
            Whether the network and the preprocessing are the same objects, and the kernels are equal.
        """
        return self.network is network and self.preprocess is preprocess and self.kernels == kernels

    def __call__(self, pixels: Pixels) -> Array:
        """Return the outputs for images.

        Parameters
        ----------
        pixels : uint8 array (N, H, W, C)
            Images.

        Returns
        -------
        float32 array (N, K)
            Logits.
        """
        logits = np.empty((len(pixels), *self.network.out_shape), np.float32)
        for first in range(0, len(pixels), self._sizes[-1]):
            part = pixels[first : first + self._sizes[-1]]
            ws = self._workspace(len(part))
            self.preprocess(part, ws.x[: len(part)])
            logits[first : first + len(part)] = self.network.forward(ws.x, ws)[: len(part)]
        return logits

    def _workspace(self, count: int) -> Workspace:
        """The smallest that holds so many images; what it has beyond them is computed in vain."""
        n = next(size for size in self._sizes if size >= count)
        if n not in self._workspaces:
            self._workspaces[n] = self.network.workspace(n, kernels=self.kernels, fixed=self.fixed)
        return self._workspaces[n]
