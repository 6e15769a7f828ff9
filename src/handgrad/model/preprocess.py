"""What a network sees of an image: the one place that says so, for training and for answering."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from handgrad.images.deskew import deskew
from handgrad.nn.params import Array

if TYPE_CHECKING:
    from handgrad.datasets import Images

Pixels = npt.NDArray[np.uint8]

LEAST_DEVIATION = 16.0  # of a pixel, in grey levels: pixels that are rarely inked would otherwise be blown up


@dataclass(frozen=True, eq=False)
class Preprocess:
    """The way from pixels to a network's input: (pixels - mean) * scale, of deskewed pixels if so wanted.

    Parameters
    ----------
    mean, scale : float32 array (H, W, C)
        What is taken off each pixel, and the factor after that.
    deskew : bool
        Whether slanted digits are sheared upright first.
    pictures : str
        How a picture file becomes pixels: `digits` (the ink is found, cut out and centred, bright on dark) or
        `pictures` (the whole picture is resized).
    background : float
        The usual grey level at the border of the training images, from 0 to 255.
    """

    mean: Array
    scale: Array
    deskew: bool = False
    pictures: str = "digits"
    background: float = 0.0

    @classmethod
    def fit(cls, images: Images, normalise: str, deskew: bool = False) -> Preprocess:
        """Return what training on these images needs.

        Parameters
        ----------
        images : Images
            The training images, already deskewed where they are to be.
        normalise : str
            `range`: pixels to 0..1; `image`: one mean and deviation for all pixels; `pixel`: one for each.
        deskew : bool
            What to remember of the images' slant.

        Returns
        -------
        Preprocess
            With mean and scale of the images.
        """
        pixels, shape = images.nhwc, images.shape
        if normalise == "range":
            mean, deviation = np.zeros(shape), np.full(shape, 255.0)
        elif normalise == "image":
            mean, deviation = np.full(shape, pixels.mean()), np.full(shape, pixels.std())
        else:
            mean, deviation = pixels.mean(axis=0), pixels.std(axis=0)
        scale = (1 / np.maximum(deviation, LEAST_DEVIATION)).astype(np.float32)
        return cls(mean.astype(np.float32), scale, deskew, images.pictures, border_level(pixels))

    def upright(self, pixels: Pixels) -> Pixels:
        """Return the pixels, deskewed if so wanted.

        Parameters
        ----------
        pixels : uint8 array (N, H, W, C)
            Images.

        Returns
        -------
        uint8 array (N, H, W, C)
            The same array, or a deskewed copy.
        """
        return deskew(pixels) if self.deskew else pixels

    def normalise(self, pixels: Pixels, out: Array) -> None:
        """Write (pixels - mean) * scale.

        Parameters
        ----------
        pixels : uint8 array (N, H, W, C)
            Images, upright.
        out : float array (N, H, W, C)
            Written.
        """
        np.subtract(pixels, self.mean, out=out)
        np.multiply(out, self.scale, out=out)

    def __call__(self, pixels: Pixels, out: Array) -> None:
        """Write what a network sees of images.

        Parameters
        ----------
        pixels : uint8 array (N, H, W, C)
            Images.
        out : float array (N, H, W, C)
            Written.
        """
        self.normalise(self.upright(pixels), out)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Preprocess)
            and (self.deskew, self.pictures) == (other.deskew, other.pictures)
            and np.array_equal(self.mean, other.mean)
            and np.array_equal(self.scale, other.scale)
        )


def border_level(pixels: Pixels) -> float:
    """Return the usual grey level at the border of images.

    Parameters
    ----------
    pixels : uint8 array (N, H, W, C)
        Images.

    Returns
    -------
    float
        The median, over the images, of the mean of the outermost rows and columns.
    """
    sides = (pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1])
    return float(np.median(np.mean([side.mean(axis=(1, 2)) for side in sides], axis=0)))


def deskewed(images: Images) -> Images:
    """Return labelled images with slanted digits sheared upright.

    Parameters
    ----------
    images : Images
        Images of any size.

    Returns
    -------
    Images
        Copies, with the same labels.
    """
    return replace(images, pixels=deskew(images.nhwc).reshape(images.pixels.shape))
