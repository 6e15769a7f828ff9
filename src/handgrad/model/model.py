"""A trained network with all that it needs to answer: normalisation, class names, the record of its training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.images.deskew import deskew
from handgrad.kernels.loss import softmax
from handgrad.model.tensors import read_tensors, take, write_tensors
from handgrad.nn import layers as layer_types
from handgrad.nn.layers import Layer, chain
from handgrad.nn.network import Network, Workspace
from handgrad.nn.params import Array

FORMAT = "handgrad-1"
BATCH = 256  # images predicted at a time
FEW = 256  # images, the first that a model answers, that are not worth waiting for a compiler for
SHIPPED = Path(__file__).parent / "pretrained"  # trained models, each with its card


class Model:
    """Answers for uint8 images of network.in_shape.

    The network sees (pixels - mean) * scale, with mean and scale (H, W, C); upright: of pixels deskewed first. It may
    have one output more than there are classes, for what is none of them. The record says how it was trained;
    temperature divides the logits; an answer less probable than `least` is not to be relied on.
    """

    def __init__(
        self, network: Network, mean: Array, scale: Array, classes: Sequence[str],
        record: Mapping[str, Any] | None = None, temperature: float = 1.0, upright: bool = False, least: float = 0.0,
    ) -> None:  # fmt: skip
        self.network, self.mean, self.scale, self.classes = network, mean, scale, tuple(classes)
        self.record, self.temperature, self.upright, self.least = dict(record or {}), temperature, upright, least
        self._answered = 0  # images

    def predict_proba(self, pixels: npt.NDArray[np.uint8]) -> Array:
        """Probabilities (N, K) float32 of images (N, H, W) or (N, H, W, C) uint8, each row with a sum of 1."""
        known = self.likelihoods(pixels)
        known /= np.maximum(known.sum(axis=1, keepdims=True), np.float32(1e-30))
        return known

    def likelihoods(self, pixels: npt.NDArray[np.uint8]) -> Array:
        """As `predict_proba`, but what a row lacks to 1 is the probability that the image shows none of the classes.

        An image whose likeliest class does not reach `least` is better not answered.
        """
        images = self._images(pixels)
        n = min(len(images), BATCH)
        logits = np.empty((len(images), *self.network.out_shape), np.float32)
        self._answered += len(images)
        quick = self._answered <= FEW
        ws = self.network.workspace(max(n, 1), kernels="naive" if quick else "serial")
        for first in range(0, len(images), BATCH):
            self._forward(logits[first : first + BATCH], images[first : first + BATCH], ws)
        known: Array = softmax(logits / np.float32(self.temperature))[:, : len(self.classes)]
        return known

    def predict(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """The likeliest class (N,) of images (N, H, W) or (N, H, W, C) uint8, as an index into `classes`."""
        best: npt.NDArray[np.int64] = np.argmax(self.predict_proba(pixels), axis=1)
        return best

    def _images(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        shape = self.network.in_shape
        if pixels.dtype != np.uint8 or pixels.shape[1:] not in (shape, shape[:2] if shape[2:] == (1,) else shape):
            expected = "x".join(map(str, shape))
            raise UserError(
                f"images are {pixels.dtype} of shape {pixels.shape}: expected uint8 of shape (N, {expected})"
            )
        return pixels.reshape(-1, *shape)

    def _forward(self, logits: Array, images: npt.NDArray[np.uint8], ws: Workspace) -> None:
        images = deskew(images) if self.upright else images
        np.subtract(images, self.mean, out=ws.x[: len(images)])
        ws.x[: len(images)] *= self.scale
        logits[:] = self.network.forward(ws.x, ws)[: len(images)]

    def save(self, path: str | Path, half: bool = False) -> None:
        """Write one safetensors file, whole or not at all: weights, and a header with everything else.

        half: weights in 16 bits, a file half as large; accuracy moves by a hundredth of a point or not at all.
        """
        network = self.network
        tensors = {**dict(network.layout.views(network.theta)), **dict(network.state_layout.views(network.state))}
        tensors = {name: tensor.astype(np.float16) for name, tensor in tensors.items()} if half else tensors
        tensors |= {"mean": self.mean, "scale": self.scale}
        header = {
            "format": FORMAT,
            "layers": [_described(layer) for layer in network.layers],
            "in_shape": network.in_shape,
            "classes": self.classes,
            "temperature": self.temperature,
            "upright": self.upright,
            "least": self.least,
            "record": self.record,
        }
        write_tensors(path, tensors, header)

    @staticmethod
    def load(path: str | Path) -> "Model":
        """Read a model file; a UserError says what is wrong with one that is missing, cut, or of other shapes."""
        tensors, header = read_tensors(path, FORMAT, "model")
        try:
            network = _network(header, sum(tensor.size for tensor in tensors.values()))
            classes, temperature, record = list(header["classes"]), float(header["temperature"]), dict(header["record"])
            if not all(isinstance(name, str) for name in classes) or len({*classes}) < len(classes):
                raise ValueError(f"classes {classes}")
            upright, least = bool(header["upright"]), float(header.get("least", 0.0))
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, MemoryError, UserError) as error:
            raise UserError(
                f"{path}: the model's header is damaged ({error!r}); use another copy of the file"
            ) from None
        fits = network.out_shape in ((len(classes),), (len(classes) + 1,))
        if not (fits and 0 < temperature < math.inf and 0 <= least <= 1):
            raise UserError(
                f"{path}: {len(classes)} classes for {network.out_shape} outputs, temperature {temperature}, least "
                f"{least}: expected as many of each, a temperature above 0, a probability; use another copy of the file"
            )
        for layout, flat in ((network.layout, network.theta), (network.state_layout, network.state)):
            for name, view in layout.views(flat):
                view[...] = take(path, tensors, name, view.shape)
        mean, scale = (take(path, tensors, name, network.in_shape) for name in ("mean", "scale"))
        if not all(np.isfinite(vector).all() for vector in (network.theta, network.state, mean, scale)):
            raise UserError(f"{path}: some of its weights are no numbers; use another copy of the file")
        return Model(network, mean, scale, classes, record, temperature, upright, least)


def pretrained(name: str = "cnn") -> Model:
    """A model that comes with the package: `cnn`, `mlp`, `robust` or `tiny`; pretrained/NAME.md is its card."""
    return Model.load(shipped(name))


def shipped(name: str) -> Path:
    """The file of a model that comes with the package."""
    known = sorted(path.stem for path in SHIPPED.glob("*.safetensors"))
    if name not in known:
        raise UserError(f"no pretrained model '{name}': expected one of {', '.join(known)}")
    return SHIPPED / f"{name}.safetensors"


def _network(header: dict[str, Any], numbers: int) -> Network:
    """The network that a header describes; a header that promises more than the file's numbers is not believed."""
    layers = [_layer(name, values) for name, values in header["layers"]]
    in_shape = tuple(header["in_shape"])
    if not all(type(side) is int and side > 0 for side in in_shape):
        raise ValueError(f"in_shape {in_shape}")
    plans = chain.chain_plan(layers, in_shape)
    needed = sum(math.prod(param.shape) for plan in plans for param in (*chain.params(plan), *chain.state(plan)))
    if needed > numbers:
        raise ValueError(f"{needed} parameters, where the file holds {numbers}")
    return Network(layers, in_shape)


def _described(layer: Layer) -> list[Any]:
    """[name, values] of a layer, of those inside it too."""
    values = {f.name: getattr(layer, f.name) for f in fields(layer)}
    if "layers" in values:
        values["layers"] = [_described(inner) for inner in values["layers"]]
    return [type(layer).__name__, values]


def _layer(name: str, values: dict[str, Any]) -> Layer:
    kind = getattr(layer_types, name)
    if name not in layer_types.__all__ or not issubclass(kind, Layer):
        raise ValueError(f"no layer '{name}'")
    if "layers" in values:
        values = {**values, "layers": tuple(_layer(*each) for each in values["layers"])}
    made: Layer = kind(**values)
    return made
