"""The convolutional part of a network, a word a layer: `3x3-32` a convolution, `pool`, `residual`, `average`."""

import re

from handgrad.errors import UserError
from handgrad.nn.layers import BatchNorm, Conv, GlobalAveragePool, Layer, MaxPool, ReLU, Residual

CONVOLUTION = re.compile(r"(\d+)x\1-(\d+)(v?)")
WORDS = "3x3-32 (a convolution to 32 channels; 3x3-32v without a frame), residual, pool, average"


def feature_layers(words: tuple[str, ...], batch_norm: bool, init: str) -> list[Layer]:
    """Conv (BatchNorm) ReLU for a convolution, the ReLU behind the pool where one follows; `residual`: out =
    x + ReLU(BatchNorm(Conv(x))) of a 3x3 convolution; `pool`: MaxPool(2); `average`: the mean over the image.
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
            raise UserError(f"features has '{word}': expected {WORDS}")
    return layers


def _branch(before: list[Layer], batch_norm: bool, init: str) -> tuple[Layer, ...]:
    """A convolution that keeps the number of channels."""
    filters = [layer.filters for layer in before if isinstance(layer, Conv)]
    if not filters:
        raise UserError("features begins with residual: expected a convolution before it, as 3x3-32")
    return (Conv(filters[-1], init=init), *([BatchNorm()] if batch_norm else []), ReLU())
