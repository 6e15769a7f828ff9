"""A trained network with all that it needs to answer: preprocessing, class names, the record of its training."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.files import replace_file
from handgrad.images.arrays import as_pixels
from handgrad.kernels.loss import softmax
from handgrad.kernels.threads import threads
from handgrad.model.answering import KeptLogits, kernels_at_hand
from handgrad.model.header import (
    built_network,
    checked_classes,
    checked_header,
    checked_thresholds,
    described_network,
    read_record,
)
from handgrad.model.preprocess import Pixels, Preprocess, border_level
from handgrad.model.renamed import MODEL_HEADER, renamed
from handgrad.model.tensors import checked_tensor, read_tensors, tensor_bytes
from handgrad.nn.network import Network
from handgrad.nn.params import Array

FORMATS = ("handgrad-2", "handgrad-1")  # written, and read; earlier ones differ in names alone
DAMAGED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, MemoryError, RecursionError, UserError)
INVERTED = 64.0  # grey levels within which an inverted image's border is, turned back, that of the training images


class Model:
    """A network that answers for images.

    Parameters
    ----------
    network : Network
        It may have one output more than there are classes: for images of none of them.
    preprocess : Preprocess
        What the network sees of an image.
    classes : sequence of str
        The names of the K classes.
    record : mapping of str to object, optional
        How the model was made: recipe, seed, history.
    temperature : float
        What logits are divided by, so that probabilities are calibrated.
    thresholds : float or sequence of float
        For each class the least score, from 0 to 1, of an answer that is to be relied on; or one for all of them.

    Attributes
    ----------
    kernels : {'naive', 'compiled'}
        What answers. It is chosen when the model is made and stays, so that an image gets the same bits every time:
        compiled kernels where this machine has compiled them already, else NumPy, which starts at once.

    Examples
    --------
    >>> import handgrad
    >>> images = handgrad.load("mnist").train[:3]
    >>> handgrad.pretrained("cnn").predict(images.pixels).tolist(), images.labels.tolist()
    ([5, 0, 4], [5, 0, 4])
    """

    def __init__(
        self, network: Network, preprocess: Preprocess, classes: Sequence[str],
        record: Mapping[str, Any] | None = None, *, temperature: float = 1.0,
        thresholds: float | Sequence[float] = 0.0,
    ) -> None:  # fmt: skip
        self.network, self.preprocess, self.classes = network, preprocess, tuple(classes)
        self.record, self.temperature = dict(record or {}), temperature
        self.thresholds = checked_thresholds(thresholds, len(self.classes))
        self.kernels = "compiled" if kernels_at_hand(network) else "naive"  # they differ by a rounding
        self._idle: list[KeptLogits] = []  # what no thread is using

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_idle": []}  # their arrays are this process's

    def __repr__(self) -> str:
        name = self.record.get("recipe", {}).get("name", "unknown")
        way = "in NumPy" if self.kernels == "naive" else "by compiled kernels"
        return f"Model of recipe {name}, {len(self.classes)} classes, answers {way}\n{self.network!r}"

    def answered(self, scores: Array) -> npt.NDArray[np.bool_]:
        """Tell which answers are to be relied on.

        Parameters
        ----------
        scores : float array (N, K)
            What `scores` returned.

        Returns
        -------
        bool array (N,)
            Whether the largest score of each row reaches the threshold of its class.
        """
        reached: npt.NDArray[np.bool_] = scores.max(axis=1) >= np.array(self.thresholds)[scores.argmax(axis=1)]
        return reached

    @property
    def pictures(self) -> str:
        """How a picture file becomes what the model sees, see `Preprocess`."""
        return self.preprocess.pictures

    def predict(self, pixels: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the likeliest class of images.

        Parameters
        ----------
        pixels : array-like
            See `scores`.

        Returns
        -------
        int64 array (N,)
            Indices into `classes`.
        """
        best: npt.NDArray[np.int64] = np.argmax(self.predict_proba(pixels), axis=1)
        return best

    def predict_proba(self, pixels: npt.ArrayLike) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        pixels : array-like
            See `scores`.

        Returns
        -------
        float32 array (N, K)
            Rows with a sum of 1.
        """
        scores = self.scores(pixels)
        scores /= np.maximum(scores.sum(axis=1, keepdims=True), np.float32(1e-30))
        return scores

    def scores(self, pixels: npt.ArrayLike) -> Array:
        """Return the probability of each class, where an image may also show none of them.

        A `UserWarning` is given where the images look inverted beside those of training.

        Parameters
        ----------
        pixels : array-like
            Images (N, H, W, C), (N, H, W) or (N, H * W * C), or one image: whole numbers or floats from 0 to 255,
            floats from 0 to 1, or booleans. Bright ink on dark, as the training images were.

        Returns
        -------
        float32 array (N, K)
            What a row lacks to 1 is the probability of none. An image whose largest score is below its class's entry
            in `thresholds` is better not answered, see `answered`.

        Raises
        ------
        UserError
            For arrays of another shape or with other values.
        """
        height, width, channels = self.network.in_shape
        images = as_pixels(pixels, (height, width, channels), "images")
        self._warn_if_inverted(images)
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is checked
            logits = self._logits(images)
            known: Array = softmax(logits / np.float32(self.temperature))[:, : len(self.classes)]
        if not np.isfinite(known).all():
            raise UserError("the model's answers are no numbers, its weights are too large; train it again")
        return known

    def _logits(self, images: Pixels) -> Array:
        try:
            kept = self._idle.pop()
        except IndexError:
            kept = None
        if kept is None or not kept.is_of(self.network, self.preprocess, self.kernels):
            kept = KeptLogits(self.network, self.preprocess, self.kernels, fixed=False)
        logits = kept(images)
        if len(self._idle) < threads():  # a burst of callers leaves no more memory than that
            self._idle.append(kept)
        return logits

    def _warn_if_inverted(self, images: Pixels) -> None:
        if not len(images):
            return
        usual, border = self.preprocess.background, border_level(images)
        if abs(255 - border - usual) < INVERTED < abs(border - usual):
            warnings.warn(
                f"the images look inverted: their border is {border:.0f} of 255, that of the training images was "
                f"{usual:.0f}; give 255 - pixels",
                stacklevel=4,
            )

    def save(self, path: str | Path, half: bool = False) -> None:
        """Write one safetensors file, whole or not at all: weights, and a header with everything else.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.
        half : bool
            Whether to store weights in 16 bits: half the size, and accuracy moves by a hundredth of a point at most.

        Raises
        ------
        UserError
            Where the file cannot be written.
        """
        replace_file(path, self.to_bytes(half))

    def to_bytes(self, half: bool = False) -> bytes:
        """Return the bytes that `save` writes.

        Parameters
        ----------
        half : bool
            See `save`.

        Returns
        -------
        bytes
            A safetensors file.
        """
        network, seen = self.network, self.preprocess
        tensors = {**dict(network.layout.views(network.theta)), **dict(network.state_layout.views(network.state))}
        tensors = {name: tensor.astype(np.float16) for name, tensor in tensors.items()} if half else tensors
        tensors |= {"mean": seen.mean, "scale": seen.scale}
        header = {
            "format": FORMATS[0], **described_network(network), "classes": self.classes,
            "temperature": self.temperature, "thresholds": self.thresholds, "deskew": seen.deskew,
            "pictures": seen.pictures, "background": seen.background, "record": self.record,
        }  # fmt: skip
        return tensor_bytes(tensors, header)

    @staticmethod
    def load(path: str | Path) -> Model:
        """Read a model file.

        Parameters
        ----------
        path : str or pathlib.Path
            A file that `save` wrote, in this version or an earlier one.

        Returns
        -------
        Model
            The model.

        Raises
        ------
        UserError
            For a file that is missing, cut, damaged, or of another kind.
        """
        tensors, header = read_tensors(path, FORMATS, "model")
        try:
            said = checked_header(renamed(header, MODEL_HEADER))
            network = built_network(said, sum(tensor.size for tensor in tensors.values()))
            classes, temperature = checked_classes(said["classes"]), said["temperature"]
            thresholds = checked_thresholds(said.get("thresholds", 0.0), len(classes))
            pictures, record = said.get("pictures", "digits"), read_record(said["record"])
            deskew, background = said["deskew"], said.get("background", 0.0)
        except DAMAGED as error:
            raise UserError(
                f"{path}: the model's header is damaged ({error!r}); use another copy of the file"
            ) from None
        fits = network.out_shape in ((len(classes),), (len(classes) + 1,))
        if not (fits and 0 < temperature < math.inf and 0 <= background <= 255):
            raise UserError(
                f"{path}: {len(classes)} classes for {network.out_shape} outputs, temperature {temperature}: expected "
                "as many of each, a temperature above 0; use another copy of the file"
            )
        for layout, flat in ((network.layout, network.theta), (network.state_layout, network.state)):
            for name, view in layout.views(flat):
                view[...] = checked_tensor(path, tensors, name, view.shape)
        mean, scale = (checked_tensor(path, tensors, name, network.in_shape) for name in ("mean", "scale"))
        if not all(np.isfinite(vector).all() for vector in (network.theta, network.state, mean, scale)):
            raise UserError(f"{path}: some of its weights are no numbers; use another copy of the file")
        seen = Preprocess(mean, scale, deskew, pictures, background)
        return Model(network, seen, classes, record, temperature=temperature, thresholds=thresholds)
