"""What the images of each class count in the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.nn.params import Array

BALANCED = "balanced"
LARGEST = 1e6


def listed(class_weight: Sequence[str]) -> dict[str, float]:
    """Return the weights that a recipe lists.

    Parameters
    ----------
    class_weight : sequence of str
        The recipe's field: NAME=WEIGHT for each class, `balanced` alone, or nothing.

    Returns
    -------
    dict of str to float
        By the names of the classes; empty where none is listed.

    Raises
    ------
    UserError
        For anything else, a weight that is not above 0, and a class that is listed twice.

    Examples
    --------
    >>> listed(("0=1", "7=2.5"))
    {'0': 1.0, '7': 2.5}
    """
    found: dict[str, float] = {}
    for each in () if tuple(class_weight) == (BALANCED,) else class_weight:
        name, _, text = each.rpartition("=")
        try:
            weight = float(text)
        except ValueError:
            weight = 0.0
        if not name or not 0 < weight <= LARGEST:
            raise UserError(
                f"class_weight is '{each}': expected {BALANCED} alone, or NAME=WEIGHT for each class, with a weight "
                f"above 0 and up to {LARGEST:g}"
            )
        if name in found:
            raise UserError(f"class_weight lists '{name}' twice: expected each class once")
        found[name] = weight
    return found


def image_weights(class_weight: Sequence[str], data: Images) -> Array | None:
    """Return what each image counts.

    Parameters
    ----------
    class_weight : sequence of str
        As for `listed`.
    data : Images
        N training images.

    Returns
    -------
    float32 array (N,) or None
        With a mean of 1; None where all count the same.

    Raises
    ------
    UserError
        For a class that the images do not have.
    """
    if not class_weight:
        return None
    weights = listed(class_weight)
    if not weights:
        return mean_one(balanced(data.labels, np.ones(len(data)), len(data.classes))[data.labels])
    if unknown := [name for name in weights if name not in data.classes]:
        raise UserError(f"class_weight lists '{unknown[0]}': expected classes of the images, {', '.join(data.classes)}")
    return mean_one(np.array([weights.get(name, 1.0) for name in data.classes])[data.labels])


def balanced(labels: npt.NDArray[np.integer], counts: Array, classes: int) -> npt.NDArray[np.float64]:
    """Return weights with which all classes count the same.

    Parameters
    ----------
    labels : int array (N,)
        The classes of rows.
    counts : float array (N,)
        What each row counts otherwise.
    classes : int
        How many classes there are, K.

    Returns
    -------
    float64 array (K,)
        The inverse of what the rows of each class count together.
    """
    totals = np.bincount(labels, counts, classes)
    weights: npt.NDArray[np.float64] = np.float64(1) / np.maximum(totals, np.finfo(np.float64).tiny)
    return weights


def mean_one(counts: npt.NDArray[np.floating]) -> Array:
    """Return weights as a training run takes them.

    Parameters
    ----------
    counts : float array (N,)
        What each row counts.

    Returns
    -------
    float32 array (N,)
        In the same proportions, with a mean of 1.
    """
    return (counts / counts.mean()).astype(np.float32) if len(counts) else counts
