"""What is given to an estimator, checked as scikit-learn's own estimators check it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from handgrad.datasets.images import MAX_CLASSES
from handgrad.errors import UserError
from handgrad.nn.params import Shape

Rows = npt.NDArray[Any]
UNSEEN = "no_validation"  # what scikit-learn calls labels that are not given


def validated(estimator: Any, X: Any, y: Any = UNSEEN, *, reset: bool) -> tuple[Rows, Any, Shape | None]:
    """Check rows and labels, and set or compare what the estimator knows of its features.

    Parameters
    ----------
    estimator : DigitClassifier
        The estimator.
    X : array-like (N, F), (N, H, W) or (N, H, W, C)
        Features or images.
    y : array-like (N,), optional
        Labels.
    reset : bool
        Whether the estimator learns of its features from these rows; else they have to be as those were.

    Returns
    -------
    rows : array (N, F) or (N, H * W * C)
        Finite numbers; of features float32.
    y : array (N,)
        Labels.
    shape : tuple of int or None
        (H, W, C) of images, None for features.

    Raises
    ------
    ValueError
        For rows and labels that cannot be used.
    """
    got = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    shape = image_shape_of(got, estimator.image_shape)
    if len(got) > 2:
        if not reset and shape != estimator.image_shape_:
            raise ValueError(f"Found images of shape {got[1:]}, but {estimator.image_shape_ or 'features'} were fitted")
        X = np.reshape(np.asarray(X), (got[0], int(np.prod(got[1:]))))
    shape = shape if reset else estimator.image_shape_
    kind: Any = "numeric" if shape else np.float32
    if isinstance(y, str) and y == UNSEEN:
        return validate_data(estimator, X, reset=reset, dtype=kind), None, shape
    rows, y = validate_data(estimator, X, y, reset=reset, dtype=kind)
    check_classification_targets(y)
    return rows, y, shape


def image_shape_of(got: Shape, stated: Sequence[int] | None) -> Shape | None:
    """Return the size of images.

    Parameters
    ----------
    got : tuple of int
        Shape of an array of images or features.
    stated : sequence of int, optional
        (H, W) or (H, W, C), where the user says that rows are images.

    Returns
    -------
    tuple of int or None
        (H, W, C), and None for features.

    Raises
    ------
    ValueError
        For an array of images that is none, and for rows of another length than the size stated.
    """
    if len(got) > 4 or (stated is not None and len(stated) not in (2, 3)):
        raise ValueError(f"Found array with shape {got} and image_shape {stated}: expected (N, H, W) or (N, H, W, C)")
    if len(got) < 3 and stated is None:
        return None
    height, width, channels = (*(got[1:] if len(got) > 2 else stated or ()), 1)[:3]
    if channels not in (1, 3):
        raise ValueError(f"Found images with {channels} channels: expected 1 for grey or 3 for colour")
    if len(got) == 2 and got[1] != height * width * channels:
        raise ValueError(f"X has {got[1]} features, but image_shape {tuple(stated or ())} has another number of pixels")
    if stated is not None and (*stated, 1)[:3] != (height, width, channels):
        raise ValueError(f"Found images of shape {got[1:]}, but image_shape is {tuple(stated)}")
    return int(height), int(width), int(channels)


def numbered(y: Rows, classes: Rows) -> npt.NDArray[np.intp]:
    """Return labels as indices.

    Parameters
    ----------
    y : array (N,)
        Labels.
    classes : array (K,)
        All labels that there are, sorted.

    Returns
    -------
    int array (N,)
        Indices into `classes`.

    Raises
    ------
    ValueError
        For a label that is none of them, and for too few or too many classes.
    """
    if len(classes) < 2:
        raise ValueError(f"Classifier can't train when only one class is present: {classes}")
    if len(classes) > MAX_CLASSES:
        raise ValueError(f"The data contains {len(classes)} classes: expected {MAX_CLASSES} at most")
    if not np.isin(y, classes).all():
        raise ValueError(f"y has classes {np.setdiff1d(y, classes)} that are none of {classes}")
    return np.searchsorted(classes, y)


@contextmanager
def as_value_errors() -> Iterator[None]:
    """Raise what scikit-learn's tools expect of parameters that cannot be used.

    Yields
    ------
    None
        Inside it a `UserError` becomes a `ValueError`.
    """
    try:
        yield
    except UserError as error:
        raise ValueError(str(error)) from None
