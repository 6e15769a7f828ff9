"""The convolutional part of a network, written as one word for each layer."""

import re

from handgrad.errors import UserError
from handgrad.nn.layers import Layer
from handgrad.nn.layers.batch_norm import BatchNorm
from handgrad.nn.layers.conv import Conv
from handgrad.nn.layers.pool import GlobalAveragePool, MaxPool
from handgrad.nn.layers.relu import ReLU
from handgrad.nn.layers.residual import Residual

CONVOLUTION = re.compile(r"([0-9]{1,3})x\1-([0-9]{1,12})(v?)")
WORDS = "3x3-32 (a convolution to 32 channels; 3x3-32v without padding), residual, pool, average"


def feature_layers(words: tuple[str, ...], batch_norm: bool, init: str) -> list[Layer]:
    """Return the layers that words stand for.

    - `3x3-32`: Conv(32, 3), BatchNorm if wanted, ReLU; in front of a `pool` the ReLU comes behind it, where it has less
      to do. `3x3-32v` is the same without padding.
    - `residual`: x + ReLU(BatchNorm(Conv(x))) with a 3x3 convolution that keeps the number of channels.
    - `pool`: MaxPool.
    - `average`: GlobalAveragePool.

    Parameters
    ----------
    words : tuple of str
        The words, from the input on.
    batch_norm : bool
        Whether batch normalisation follows each convolution.
    init : str
        Kind of the initial weights, see `handgrad.nn.init.initial_array`.

    Returns
    -------
    list of Layer
        The layers, from the input on.

    Raises
    ------
    UserError
        When there is no such word, or `residual` has no convolution before it.

    Examples
    --------
    >>> [layer.describe() for layer in feature_layers(("3x3-8", "pool", "average"), batch_norm=False, init="he")]
    ['Conv(8)', 'MaxPool()', 'ReLU()', 'GlobalAveragePool()']
    """
    layers: list[Layer] = []
    for i, word in enumerate(words):
        match = CONVOLUTION.fullmatch(word)
        if match:
            kernel, filters, valid = int(match[1]), int(match[2]), match[3]
            layers.append(Conv(filters, kernel, padding="valid" if valid else "same", init=init))
            layers += [BatchNorm()] if batch_norm else []
            layers += [] if words[i + 1 : i + 2] == ("pool",) else [ReLU()]
        elif word == "pool":
            layers.append(MaxPool())
            layers += [ReLU()] if i and CONVOLUTION.fullmatch(words[i - 1]) else []
        elif word == "residual":
            layers.append(Residual(_branch(layers, batch_norm, init)))
        elif word == "average":
            layers.append(GlobalAveragePool())
        else:
            raise UserError(f"features has '{word[:40]}': expected {WORDS}")
    return layers


def _branch(before: list[Layer], batch_norm: bool, init: str) -> tuple[Layer, ...]:
    """Layers with a convolution that keeps the number of channels."""
    filters = [layer.filters for layer in before if isinstance(layer, Conv)]
    if not filters:
        raise UserError("features begins with residual: expected a convolution before it, as 3x3-32")
    return (Conv(filters[-1], init=init), *([BatchNorm()] if batch_norm else []), ReLU())
