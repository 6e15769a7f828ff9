"""Images with their labels, and the split of a data set into training, validation and test images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.errors import UserError
from handgrad.images.arrays import as_labels, as_pixels
from handgrad.rng import Stream, generator

Index = slice | NDArray[np.integer[Any]] | NDArray[np.bool_]
See = Callable[[Path], NDArray[np.uint8]]
MAX_CLASSES = 256  # labels are bytes


@dataclass(frozen=True, eq=False, init=False)
class Images:
    """N labelled images of one size.

    They are kept as uint8 in C order: `pixels` (N, H, W) for grey and (N, H, W, 3) for red, green and blue, where 0 is
    black and 255 white; `labels` (N,). Arrays that are so already are taken without a copy.

    Parameters
    ----------
    pixels : array_like, shape (N, H, W), (N, H, W, 1) or (N, H, W, 3)
        The images: uint8, or what `handgrad.images.arrays.as_pixels` can turn into it.
    labels : array_like of int, shape (N,)
        For each image its class, as an index into `classes`.
    classes : sequence of str
        The names of the K classes, from 1 to 256.
    pictures : str
        How picture files become such images: `digits` (the ink is found, cut out and centred) or `pictures` (whole
        pictures are taken). A model that learns from them sees new pictures in the same way.
    outliers : array_like, shape (M, H, W), (M, H, W, 1) or (M, H, W, 3), optional
        Images of none of the classes, of the same size: training may learn from them what to refuse.
    rows : array_like of int, shape (N,), optional
        Where each image stands in its file or folder, from 0; without it, in this order.
    paths : sequence of str
        The file of each row of the folder; none where the images come from one file.

    Raises
    ------
    UserError
        When they do not fit together, or cannot be read in one way only.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: tuple[str, ...]
    pictures: str = "digits"
    outliers: NDArray[np.uint8] | None = None
    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    paths: tuple[str, ...] = ()

    def __init__(
        self, pixels: ArrayLike, labels: ArrayLike, classes: Sequence[str], pictures: str = "digits",
        outliers: ArrayLike | None = None, rows: ArrayLike | None = None, paths: Sequence[str] = (),
    ) -> None:  # fmt: skip
        names = tuple(str(name) for name in classes)
        if not 1 <= len(names) <= MAX_CLASSES:
            raise UserError(f"images: got {len(names)} classes, expected 1 to {MAX_CLASSES}")
        nhwc, numbers = as_pixels(pixels), as_labels(labels, len(names))
        if len(numbers) != len(nhwc):
            raise UserError(
                f"images: got labels of shape {numbers.shape} for {len(nhwc)} images, expected one label an image"
            )
        if not nhwc.size:
            raise UserError(f"images: got pixels of shape {nhwc.shape}, expected at least one image of one pixel")
        object.__setattr__(self, "pixels", nhwc[..., 0] if nhwc.shape[3] == 1 else nhwc)
        object.__setattr__(self, "labels", numbers)
        object.__setattr__(self, "classes", names)
        object.__setattr__(self, "pictures", pictures)
        object.__setattr__(self, "outliers", None if outliers is None else _like(self, outliers))
        object.__setattr__(self, "rows", np.arange(len(numbers)) if rows is None else np.asarray(rows, np.int64))
        object.__setattr__(self, "paths", tuple(paths))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Index) -> Images:
        """Some of the images, and all outliers: a view for a slice without a step, else a copy."""
        return replace(self, pixels=self.pixels[rows], labels=self.labels[rows], rows=self.rows[rows])

    def __add__(self, other: Images) -> Images:
        """These images followed by others of the same classes and size; the outliers are these images'."""
        if (self.classes, self.shape) != (other.classes, other.shape):
            raise UserError(
                f"images: got {_described(other)} to add to {_described(self)}; expected the same classes and size"
            )
        pixels, labels, rows = (
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("pixels", "labels", "rows")
        )
        return replace(self, pixels=pixels, labels=labels, rows=rows)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one image; C is 1 for grey and 3 for colour."""
        height, width = self.pixels.shape[1:3]
        return height, width, 1 if self.pixels.ndim == 3 else 3

    @property
    def nhwc(self) -> NDArray[np.uint8]:
        """The pixels as (N, H, W, C), a view of `pixels`."""
        return self.pixels.reshape(-1, *self.shape)

    def path(self, image: int) -> str:
        """Return the file of an image.

        Parameters
        ----------
        image : int
            Which of these images.

        Returns
        -------
        str
            Its path; nothing where the images come from one file.
        """
        row = int(self.rows[image])
        return self.paths[row] if row < len(self.paths) else ""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training images, and test images which stay on the disk until somebody asks for them.

    Parameters
    ----------
    name : str
        What to call it.
    train : Images
        The training images.
    load_test : callable, optional
        Reads the test images; None where the data set has none.
    undivided : Images, optional
        All images, where the test images are a part of them that `kept_back` chose; else None.
    """

    name: str
    train: Images
    load_test: Callable[[], Images] | None = None
    undivided: Images | None = None

    @cached_property
    def test(self) -> Images | None:
        """The test images, read on first use: what never asks for them cannot have learned from them."""
        return None if self.load_test is None else self.load_test()

    @cached_property
    def checksum(self) -> str:
        """SHA-256, in hexadecimal, of the bytes of training pixels, labels, and outliers if there are any."""
        return checksum(self.train)

    def split(self, valid: int = 10_000) -> tuple[Images, Images]:
        """Set the last training images aside for validation.

        Images that lie class by class are shuffled first, always in the same way: the last of them would show a few
        classes only. Any other order is trusted to be a fair sample.

        Parameters
        ----------
        valid : int
            How many images to set aside, at most a fifth of them (and at least one): 50,000 and 10,000 images remain of
            MNIST.

        Returns
        -------
        tuple of Images
            The images to learn from, with the outliers, and the images to choose by.

        Raises
        ------
        UserError
            When there are fewer than two images, or `valid` is not positive.
        """
        count = len(self.train)
        if valid < 1 or count < 2:
            raise UserError(
                f"{self.name}: cannot set {valid} of {count} training images aside for validation; "
                "it takes two images or more, and a positive number of them"
            )
        images = self.train
        if _class_by_class(images.labels):
            images = images[generator(0, Stream.SPLIT).permutation(count)]
        first = count - min(valid, max(count // 5, 1))
        return images[:first], replace(images[first:], outliers=None)


def checksum(images: Images) -> str:
    """Return the SHA-256 of images.

    Parameters
    ----------
    images : Images
        The images.

    Returns
    -------
    str
        In hexadecimal, of the bytes of pixels, labels, and outliers if there are any.
    """
    digest = hashlib.sha256(images.pixels.data)
    digest.update(images.labels.data)
    if images.outliers is not None:
        digest.update(np.ascontiguousarray(images.outliers).data)
    return digest.hexdigest()


def numbered_classes(labels: NDArray[np.uint8]) -> tuple[str, ...]:
    """Return names for classes that have none: their numbers.

    Parameters
    ----------
    labels : ndarray of uint8, shape (N,)
        At least one label.

    Returns
    -------
    tuple of str
        "0" up to the largest label.
    """
    return tuple(str(label) for label in range(int(labels.max()) + 1))


def _class_by_class(labels: NDArray[np.uint8]) -> bool:
    """Whether each class lies in one piece, and has two images or more on average."""
    present = len(np.unique(labels))
    pieces = 1 + int(np.count_nonzero(labels[1:] != labels[:-1]))
    return 1 < present == pieces <= len(labels) // 2


def _like(images: Images, outliers: ArrayLike) -> NDArray[np.uint8]:
    """Outliers as uint8, of the size that images have."""
    nhwc = as_pixels(outliers, images.shape, "outliers")
    return nhwc[..., 0] if nhwc.shape[3] == 1 else nhwc


def _described(images: Images) -> str:
    height, width, channels = images.shape
    return f"images {height}x{width}x{channels} of {len(images.classes)} classes ({', '.join(images.classes)})"
