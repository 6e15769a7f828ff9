"""What an estimator learns from: rows of features or images, what each counts, and repeated ones merged."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.images.augment import Augmenter
from handgrad.model.preprocess import Preprocess
from handgrad.nn.params import Array, Shape
from handgrad.training.class_weight import balanced

Labels = npt.NDArray[np.integer[Any]]
ClassWeight = npt.NDArray[np.float64] | str
WHITE = 255.0  # the largest grey level


class Features(Images):
    """N labelled rows of F numbers, which go the way of images.

    Parameters
    ----------
    pixels : float32 array (N, 1, F)
        The features, as they are.
    labels : uint8 array (N,)
        For each row its class, as an index into `classes`.
    classes : sequence of str
        The names of the classes.
    pictures : str
        Of no meaning here.
    outliers : None
        Features have none.
    """

    def __init__(
        self, pixels: Any, labels: Any, classes: Sequence[str], pictures: str = "pictures", outliers: None = None
    ) -> None:
        values = {"pixels": pixels, "labels": labels, "classes": classes, "pictures": pictures, "outliers": outliers}
        for name, value in values.items():
            object.__setattr__(self, name, value)


class RowFiller(Augmenter):
    """Fills batches with rows of features: what an `Augmenter` does for images, without any distortion.

    Parameters
    ----------
    strengths, mean, scale, kernels, seed : as in `Augmenter`
        All strengths are 0.
    """

    def fill(self, out: Array, pixels: Array, rows: Array) -> None:
        self._taken: tuple[Array, Labels, Array] = pixels, rows.view(np.int64), out

    def begin_step(self, step: int) -> None:
        pixels, rows, out = self._taken
        np.take(pixels, rows, axis=0, out=out, mode="clip")


def untouched(shape: Shape) -> Preprocess:
    """Return the preprocessing that leaves features as they are.

    Parameters
    ----------
    shape : tuple of int
        (1, F, 1).

    Returns
    -------
    Preprocess
        With mean 0 and scale 1.
    """
    return Preprocess(np.zeros(shape, np.float32), np.ones(shape, np.float32))


def grey_range(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Return which values are black and white.

    Parameters
    ----------
    values : array
        Training images of any type.

    Returns
    -------
    low, high : float
        0 and 255 for bytes, else the smallest and the largest value.
    """
    if values.dtype == np.uint8:
        return 0.0, WHITE
    return float(values.min()), float(values.max())


def as_bytes(values: npt.NDArray[Any], grey: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """Return images as bytes.

    Parameters
    ----------
    values : array
        Images of any type.
    grey : tuple of float
        What `grey_range` said of the training images; values beyond it are black or white.

    Returns
    -------
    uint8 array
        256 grey levels.
    """
    low, high = grey
    if values.dtype == np.uint8 and grey == (0.0, WHITE):
        return np.ascontiguousarray(values)
    levels = np.clip((values.astype(np.float32) - low) * (WHITE / ((high - low) or 1.0)), 0, WHITE)
    rounded: npt.NDArray[np.uint8] = np.rint(levels).astype(np.uint8)
    return rounded


def merged(rows: npt.NDArray[Any], labels: Labels, weights: Array) -> tuple[Labels, Array]:
    """Find the rows that differ, and what each of them counts.

    Parameters
    ----------
    rows : array (N, ...)
        Images or features, in C order.
    labels : int array (N,)
        Their classes, below 256.
    weights : float array (N,)
        What each row counts; those that count 0 are left out.

    Returns
    -------
    first : int array (D,)
        Where each row with its label stands for the first time, in an order that its content alone decides.
    weights : float64 array (D,)
        The sum of its weights.
    """
    counted = np.flatnonzero(weights)
    keys = np.array([sha256(rows[i]).digest() + bytes((labels[i],)) for i in counted])
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    sums = np.bincount(which, weights[counted], len(first))
    return counted[first], sums.astype(np.float64)


def counted(
    rows: npt.NDArray[Any], labels: Labels, weights: Array, classes: int, class_weight: ClassWeight
) -> tuple[Labels, Array]:
    """Find the rows to learn from, and what each of them counts.

    Parameters
    ----------
    rows, labels, weights : arrays (N, ...), (N,), (N,)
        See `merged`.
    classes : int
        How many classes there are.
    class_weight : float array (K,) or 'balanced'
        What rows of each class count, beside their own weights; or that all classes are to count the same.

    Returns
    -------
    first : int array (D,)
        Rows that differ.
    counts : float64 array (D,)
        What each of them counts.

    Raises
    ------
    ValueError
        Where a weight is negative, and where none is above 0.
    """
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`")
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    first, counts = merged(rows, labels, weights)
    if isinstance(class_weight, str):
        class_weight = balanced(labels[first], counts, classes)
    weighed: Array = counts * class_weight[labels[first]]
    return first, weighed
