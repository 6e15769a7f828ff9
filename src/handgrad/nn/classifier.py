"""The dense part of a network, from what the convolutional part found to the logits."""

from handgrad.nn.layers import Layer
from handgrad.nn.layers.batch_norm import BatchNorm
from handgrad.nn.layers.dense import Dense
from handgrad.nn.layers.dropout import Dropout
from handgrad.nn.layers.flatten import Flatten
from handgrad.nn.layers.relu import ReLU


def dense_layers(
    hidden: tuple[int, ...], classes: int, dropout: tuple[float, ...], batch_norm: bool, init: str,
    lr_scales: tuple[float, ...],
) -> list[Layer]:  # fmt: skip
    """Return the layers of the dense part: hidden layers, each with its ReLU, and the logits.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    classes : int
        How many logits there are.
    dropout : tuple of float
        Dropout rate behind hidden layers: one, or one for each.
    batch_norm : bool
        Whether batch normalisation stands before each ReLU.
    init : str
        Random start of the weights: he, glorot, lecun or normal:DEVIATION.
    lr_scales : tuple of float
        Factor of the learning rate for each dense layer, the logits' last; empty for 1.

    Returns
    -------
    list of Layer
        From images or features of any shape to the logits.
    """
    rates = dropout * len(hidden) if len(dropout) == 1 else dropout
    scales = lr_scales or (1.0,) * (len(hidden) + 1)
    layers: list[Layer] = [Flatten()]
    for units, rate, scale in zip(hidden, rates, scales, strict=False):
        layers.append(Dense(units, init, scale))
        layers += [BatchNorm()] if batch_norm else []
        layers.append(ReLU())
        layers += [Dropout(rate)] if rate else []
    return [*layers, Dense(classes, init, scales[-1])]
