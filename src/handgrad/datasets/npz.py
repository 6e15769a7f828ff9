"""NPZ archives of NumPy, as Keras' `mnist.npz`: arrays of images and of their labels under known names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets.images import MAX_CLASSES, Dataset, Images, numbered_classes
from handgrad.errors import UserError
from handgrad.images.arrays import as_labels, as_pixels

Pair = tuple[str, str]  # the names of an array of images and of the array of their labels
TRAIN: tuple[Pair, ...] = (("x_train", "y_train"), ("pixels", "labels"), ("x", "y"))
TEST: Pair = ("x_test", "y_test")
OUTLIERS = "x_outliers"
MAX_BYTES = 1 << 32  # of one array, decompressed


def load(path: Path, name: str) -> Dataset:
    """Read an NPZ archive.

    Training images and labels are called `x_train` and `y_train`, `pixels` and `labels`, or `x` and `y`; test images
    and labels, which are optional, `x_test` and `y_test`. `x_outliers`, optional too, are images of none of the
    classes, which training may learn to refuse. Images are (N, H, W), (N, H, W, 1), (N, H, W, 3), or (N, H * W) where
    they are square. Nothing in the archive is ever unpickled.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What to call the data set.

    Returns
    -------
    Dataset
        Its classes are called "0" up to the largest training label.

    Raises
    ------
    UserError
        For a file that is damaged or too large, names that are missing, and arrays that are not images and labels.
    """
    names = _names(path)
    train_pair = next((pair for pair in TRAIN if names.issuperset(pair)), None)
    if train_pair is None:
        expected = " or ".join(" and ".join(pair) for pair in TRAIN)
        raise UserError(f"{path}: got the arrays {_listed(names)}, expected {expected}; save them under these names")
    train = _read(path, train_pair)
    if OUTLIERS in names:
        pixels = _unflattened(_array(path, OUTLIERS))
        train = replace(train, outliers=as_pixels(pixels, train.shape, f"{path}: {OUTLIERS}"))
    if names.isdisjoint(TEST):
        return Dataset(name, train)
    if missing := {*TEST} - names:
        raise UserError(f"{path}: got no {min(missing)}, expected both {' and '.join(TEST)}, or neither")
    return Dataset(name, train, lambda: _read(path, TEST, train.classes))


def _read(path: Path, pair: Pair, classes: tuple[str, ...] | None = None) -> Images:
    (pixels_key, raw_pixels), (labels_key, raw_labels) = ((key, _array(path, key)) for key in pair)
    labels = as_labels(raw_labels, len(classes) if classes else MAX_CLASSES, f"{path}: {labels_key}")
    pixels = as_pixels(_unflattened(raw_pixels), name=f"{path}: {pixels_key}")
    if len(pixels) != len(labels) or not pixels.size:
        raise UserError(
            f"{path}: {pixels_key} has the shape {raw_pixels.shape}, {labels_key} has {len(labels)} labels; "
            "expected as many images as labels, and at least one"
        )
    return Images(pixels, labels, classes or numbered_classes(labels))


def _unflattened(pixels: NDArray[Any]) -> NDArray[Any]:
    """Square images that are stored as rows, as images (N, H, W); all else as it is."""
    if pixels.ndim != 2:
        return pixels
    side = math.isqrt(pixels.shape[1])
    return pixels.reshape(-1, side, side) if side and side * side == pixels.shape[1] else pixels


def _names(path: Path) -> set[str]:
    with _opened(path) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist()}


def _listed(names: set[str]) -> str:
    shown = ", ".join(ascii(name[:40]) for name in sorted(names)[:8]) or "(none)"
    return f"{shown}, ..." if len(names) > 8 else shown


def _array(path: Path, key: str) -> NDArray[Any]:
    with _opened(path) as archive:
        # A zip archive never gives more of a file than it announces here, whatever the array's own header says.
        size = archive.getinfo(f"{key}.npy").file_size
        if size > MAX_BYTES:
            raise UserError(f"{path}: {key} has {size} bytes, expected at most {MAX_BYTES}; save it as uint8")
        with archive.open(f"{key}.npy") as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """An archive; whatever `zipfile` and NumPy raise inside the `with` becomes a UserError."""
    try:
        with ZipFile(path) as archive:
            yield archive
    except UserError:
        raise
    except Exception as error:  # they meet a damaged file with almost any exception
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise UserError(
            f"{path}: cannot be read ({reason}); expected arrays of numbers, saved by numpy.savez_compressed"
        ) from error
