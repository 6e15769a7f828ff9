"""Enlarging the training data: each image is distorted anew each time that it is seen, uint8 -> float32 in one pass."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from handgrad.kernels import Kernels
from handgrad.kernels.naive.images import CORRUPT, WARP
from handgrad.kernels.pass_scratch import warp_scratch
from handgrad.nn.params import aligned
from handgrad.rng import Stream, derive

Array = npt.NDArray[Any]

FIELDS = 256  # smooth fields drawn for an epoch; rolled and mirrored, each serves many images
SIGMA = 5.0  # pixels: how smooth an elastic distortion is
FIXED = ("unaugmented_share", "flip")  # what stays as it is where distortions are made weaker
UNITS: dict[str, Callable[[float], float]] = {  # from a recipe's unit to the kernel's, where they differ
    "rotation": math.radians,
    "shear": lambda degrees: math.tan(math.radians(degrees)),
    "scale": math.log1p,
}


def elastic_fields(height: int, width: int, key: int, count: int = FIELDS) -> Array:
    """Draw smooth random displacements.

    White noise is smoothed by a Gaussian (Simard, Steinkraus and Platt 2003, "Best Practices for Convolutional Neural
    Networks"). The filter is applied as a product of spectra, whose period is the image: so the fields stay seamless
    when they are rolled.

    Parameters
    ----------
    height, width : int
        Size of the images, in pixels.
    key : int
        What the noise is drawn with.
    count : int
        How many fields.

    Returns
    -------
    float32 array (count, H, W, 2)
        Displacements along x and y, with a root mean square of 1 pixel an axis.
    """
    noise = np.random.Generator(np.random.Philox(key=key)).standard_normal((count, height, width, 2), np.float32)
    spectrum = np.fft.rfft2(noise, axes=(1, 2)) * _gaussian(height, width)[None, :, :, None]
    smooth = np.fft.irfft2(spectrum, s=(height, width), axes=(1, 2))
    smooth -= smooth.mean(axis=(1, 2), keepdims=True)  # a constant push is a shift, which has its own limit
    strength = np.sqrt(np.mean(smooth**2, axis=(1, 2, 3), keepdims=True))
    smooth /= np.maximum(strength, 1e-12)  # in images of a few pixels, smoothing leaves rounding errors
    return np.ascontiguousarray(smooth, np.float32)


@cache
def _gaussian(height: int, width: int) -> Array:
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    window: Array = np.exp(-2 * (math.pi * SIGMA) ** 2 * (y**2 + x**2))
    return window


class Augmenter:
    """Fills batches with distorted images.

    Each image draws its own distortion, uniformly between minus and plus the largest one.

    Parameters
    ----------
    strengths : mapping of str to float
        The largest distortions, under the names and in the units of a recipe's augmentation options.
    mean, scale : float32 array (H, W, C)
        What is taken off each pixel, and the factor after that.
    kernels : Kernels
        What to compute with.
    seed : int
        Of the distortions.
    """

    def __init__(self, strengths: Mapping[str, float], mean: Array, scale: Array, kernels: Kernels, seed: int) -> None:
        self.strengths, self.mean, self.scale, self.kernels, self.seed = strengths, mean, scale, kernels, seed
        self._zero, self._one = np.zeros_like(mean), np.ones_like(scale)
        self._fields = np.zeros((FIELDS if strengths["elastic"] else 1, *mean.shape[:2], 2), np.float32)
        self._warp, self._corrupt = np.zeros(len(WARP), np.float32), np.zeros(len(CORRUPT), np.float32)
        self._warp_key, self._corrupt_key = np.zeros((), np.int64), np.zeros((), np.int64)
        self._scratch = aligned((kernels.threads(), warp_scratch(*mean.shape)))
        self._corrupted = any(strengths[name] for name in CORRUPT)
        self._weaken(1.0)

    @property
    def nbytes(self) -> int:
        """The memory of the elastic fields, in bytes."""
        return self._fields.nbytes

    def begin_epoch(self, epoch: int, factor: float = 1.0) -> None:
        """Draw the elastic fields of an epoch.

        Parameters
        ----------
        epoch : int
            Its number, from 0.
        factor : float
            What every strength is multiplied by.
        """
        self._weaken(factor)
        if self.strengths["elastic"]:
            height, width = self.mean.shape[:2]
            self._fields[...] = elastic_fields(height, width, derive(self.seed, Stream.ELASTIC, epoch))

    def _weaken(self, factor: float) -> None:
        weak = {name: value if name in FIXED else value * factor for name, value in self.strengths.items()}
        self._warp[:], self._corrupt[:] = warp_limits(weak), _limits(weak, CORRUPT)

    def __call__(self, out: Array, pixels: Array, rows: Array, step: int) -> None:
        """Fill a batch.

        Parameters
        ----------
        out : float32 array (N, H, W, C)
            Written: (distorted pixels - mean) * scale.
        pixels : uint8 array (M, H, W, C)
            All images.
        rows : int64 array (N,)
            Which of them are in the batch.
        step : int
            The number of the step, which the distortions are drawn with.
        """
        self.begin_step(step)
        self.fill(out, pixels, rows)

    def begin_step(self, step: int) -> None:
        """Set the keys of a step's distortions.

        Parameters
        ----------
        step : int
            The number of the step.
        """
        self._warp_key[...] = derive(self.seed, Stream.WARP, step)
        if self._corrupted:
            self._corrupt_key[...] = derive(self.seed, Stream.CORRUPT, step)

    def fill(self, out: Array, pixels: Array, rows: Array) -> None:
        """Fill a batch of the step that was begun.

        Parameters
        ----------
        out, pixels, rows : arrays
            As above.
        """
        kernels = self.kernels
        mean, scale = (self._zero, self._one) if self._corrupted else (self.mean, self.scale)
        kernels.warp(out, pixels, rows, mean, scale, self._fields, self._warp, self._warp_key, self._scratch)
        if self._corrupted:
            kernels.corrupt(out, self._corrupt, self._corrupt_key, self._scratch)
            kernels.standardise(out, self.mean, self.scale)


def warp_limits(strengths: Mapping[str, float]) -> Array:
    """Return the largest distortions as the kernel `warp` takes them.

    Parameters
    ----------
    strengths : mapping of str to float
        Under the names and in the units of a recipe's augmentation options.

    Returns
    -------
    float32 array
        In the kernel's order and units; where nothing is distorted, all images are left as they are.
    """
    if not any(strengths[name] for name in WARP if name != "unaugmented_share"):
        strengths = {**strengths, "unaugmented_share": 1.0}
    return _limits(strengths, WARP)


def _limits(strengths: Mapping[str, float], names: Sequence[str]) -> Array:
    """The strengths as a kernel takes them: float32, in its order and units."""
    return np.array([UNITS[name](strengths[name]) if name in UNITS else strengths[name] for name in names], np.float32)
