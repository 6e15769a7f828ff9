"""Images with their labels, and the split of a data set into training, validation and test images."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError

Index = slice | NDArray[np.integer[Any]] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Images:
    """N labelled images of one size.

    pixels: uint8 (N, H, W) for grey, (N, H, W, 3) for red, green and blue; 0 is black, 255 white.
    labels: uint8 (N,), each an index into `classes`.
    classes: the K names of the classes, 1 <= K <= 256.

    Raises UserError when the three do not fit together.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        pixels, labels = self.pixels, self.labels
        if pixels.dtype != np.uint8 or labels.dtype != np.uint8:
            raise UserError(
                f"images: got pixels {pixels.dtype} and labels {labels.dtype}, expected uint8 for both; "
                "scale pixels to 0..255 and number the classes from 0"
            )
        if pixels.ndim not in (3, 4) or (pixels.ndim == 4 and pixels.shape[3] != 3):
            raise UserError(f"images: got pixels of shape {pixels.shape}, expected (N, H, W) or (N, H, W, 3)")
        if labels.shape != pixels.shape[:1]:
            raise UserError(
                f"images: got labels of shape {labels.shape} for {len(pixels)} images, expected one label an image"
            )
        if not pixels.size:
            raise UserError(f"images: got pixels of shape {pixels.shape}, expected at least one image of one pixel")
        if not labels.max() < len(self.classes) <= 256:
            raise UserError(
                f"images: got labels up to {labels.max()} for {len(self.classes)} classes, "
                "expected labels below the number of classes, and at most 256 classes"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Index) -> "Images":
        """Some of the images: a view for a slice, a copy for an array of row numbers or a mask."""
        return Images(self.pixels[rows], self.labels[rows], self.classes)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one image; C is 1 for grey and 3 for colour."""
        height, width = self.pixels.shape[1:3]
        return height, width, 1 if self.pixels.ndim == 3 else 3


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training images, and test images which stay on the disk until somebody asks for them.

    load_test: reads the test images; None where the data set has none.
    """

    name: str
    train: Images
    load_test: Callable[[], Images] | None = None

    @cached_property
    def test(self) -> Images | None:
        """The test images, read on first use: what never asks for them cannot have learned from them."""
        return None if self.load_test is None else self.load_test()

    @cached_property
    def checksum(self) -> str:
        """SHA-256, in hexadecimal, of the bytes of the training pixels followed by those of the labels."""
        digest = hashlib.sha256(np.ascontiguousarray(self.train.pixels).data)
        digest.update(np.ascontiguousarray(self.train.labels).data)
        return digest.hexdigest()

    def split(self, valid: int = 10_000) -> tuple[Images, Images]:
        """(images to learn from, images to choose by), both taken from the training images alone.

        The last `valid` training images are the second part: 50,000 and 10,000 for MNIST. Where `valid` is more than
        a fifth of them, as in a small data set, the last fifth is taken instead (one image at least). The order on
        disk is trusted to be a fair sample; a folder of pictures has been shuffled when it was loaded.
        """
        count = len(self.train)
        if valid < 1 or count < 2:
            raise UserError(
                f"{self.name}: cannot set {valid} of {count} training images aside for validation; "
                "it takes two images or more, and a positive number of them"
            )
        first = count - min(valid, max(count // 5, 1))
        return self.train[:first], self.train[first:]
