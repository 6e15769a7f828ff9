"""What the page keeps beside its models: some of MNIST's digits, and how a model sees them."""

import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images, load
from handgrad.model.model import Model
from handgrad.nn.layers import Dense
from handgrad.nn.layers.chain import chain_forward

VALID, TRAIN = 200, 2000  # images kept: to judge by, and to learn from and to compare with
BATCH = 100  # images looked at at a time
LARGEST = 127  # of a feature, as a whole number


@cache
def stored_images() -> tuple[Images, Images]:
    """Return the digits that the page keeps, as many of each class.

    Returns
    -------
    valid, train : Images
        200 of the 10,000 images kept back for validation, and 2,000 of the 50,000 training images, each the first ones
        of their class in MNIST's order, mixed.
    """
    train, valid = load("mnist").split()
    return _some(valid, VALID), _some(train, TRAIN)


def _some(images: Images, count: int) -> Images:
    """The first ones of each class, one of each class in turn."""
    classes = range(len(images.classes))
    chosen = [np.flatnonzero(images.labels == label)[: count // len(classes)] for label in classes]
    return images[np.stack(chosen, axis=1).ravel()]


@cache
def digits() -> bytes:
    """Return the digits that the page keeps, as it reads them.

    Returns
    -------
    bytes
        Deflated: two uint32 (images for validation, for training), a label each, 28x28 grey levels each.
    """
    return packed(stored_images(), 9)


def packed(parts: Sequence[Images], level: int) -> bytes:
    """Return digits in the form in which the page reads them.

    Parameters
    ----------
    parts : sequence of Images
        One set or two.
    level : int
        How hard to compress: 1 (fast) to 9 (small).

    Returns
    -------
    bytes
        See `digits`.
    """
    counts = np.array([*map(len, parts), 0][:2], "<u4").tobytes()
    labels = b"".join(part.labels.astype(np.uint8).tobytes() for part in parts)
    return zlib.compress(counts + labels + b"".join(part.pixels.tobytes() for part in parts), level)


def features(model: Model) -> bytes:
    """Return how a model sees the training images that the page keeps.

    Parameters
    ----------
    model : Model
        A model of grey images, 28x28.

    Returns
    -------
    bytes
        Deflated: a float32, the scale; then for each image the input of the last dense layer, or the logits where the
        last layer is another one, as int8, of which one is worth the scale.
    """
    seen = _last_hidden(model, stored_images()[1].nhwc)
    scale = np.float32(max(float(np.abs(seen).max()), 1e-30) / LARGEST)
    values = np.rint(seen / scale).clip(-LARGEST, LARGEST).astype(np.int8)
    return zlib.compress(scale.astype("<f4").tobytes() + values.tobytes(), 9)


def _last_hidden(model: Model, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    network = model.network
    behind = len(network.layers) - 1 if isinstance(network.layers[-1], Dense) else len(network.layers)
    ws = network.workspace(BATCH, kernels="naive")
    found = []
    for first in range(0, len(pixels), BATCH):
        model.preprocess(pixels[first : first + BATCH], ws.x)
        found.append(chain_forward(network.layers[:behind], ws.x, ws.slots[:behind]).copy())
    return np.concatenate(found).reshape(len(pixels), -1)
