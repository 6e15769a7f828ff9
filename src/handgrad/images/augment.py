"""Enlarging the training data: each image distorted anew each time it is seen, uint8 -> float32 in one pass."""

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.rng import Stream, derive

Array = npt.NDArray[Any]

FIELDS = 256  # smooth fields drawn for an epoch; rolled and mirrored, each serves many images
DIRT = ("blur", "noise", "contrast", "clutter")  # in the order of `kernels/soil.py`
SIGMA = 5.0  # pixels: how smooth an elastic distortion is


@dataclass(frozen=True)
class Augment:
    """The largest distortions; each image draws its own, uniformly between minus and plus these.

    rotation, shear: degrees; scale: 0.15 stretches each axis by up to 1.15 or 1/1.15; shift: pixels; elastic:
    root-mean-square displacement of an axis in pixels (each image draws between half of it and all of it); stroke:
    share of the way to the brightest (thicker) or darkest (thinner) neighbour; flip: mirror half of the images left
    to right; clean: share of the images left as they are. Then dirt, on clean ones too: blur, noise, contrast lost
    (each a share of the most there can be) and clutter, the share of images with foreign marks; see `kernels/soil.py`.
    """

    rotation: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    flip: bool = False
    clean: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    contrast: float = 0.0
    clutter: float = 0.0

    def __post_init__(self) -> None:
        limits = {"rotation": 180, "shear": 60, "scale": 2, "shift": 100, "elastic": 100, "stroke": 1}
        limits |= dict.fromkeys(("clean", *DIRT), 1)
        for name, limit in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= limit:
                raise UserError(f"augmentation {name} is {value}: expected a number from 0 to {limit}")

    @property
    def changes(self) -> bool:
        """Whether any image can come out distorted."""
        moves = any(getattr(self, f.name) for f in fields(self) if f.name not in ("clean", *DIRT))
        return moves and self.clean < 1

    def softer(self, factor: float) -> "Augment":
        """The same with every strength multiplied by a factor."""
        names = ("rotation", "shear", "scale", "shift", "elastic", "stroke", *DIRT)
        return replace(self, **{name: getattr(self, name) * factor for name in names})

    def limits(self) -> Array:
        """The kernel's form: (8,) float32 in the order of `kernels/warp.py`."""
        turn, slant = math.radians(self.rotation), math.tan(math.radians(self.shear))
        clean = self.clean if self.changes else 1.0
        values = [clean, turn, slant, math.log1p(self.scale), self.shift, self.elastic, self.stroke, float(self.flip)]
        return np.array(values, np.float32)

    def dirt(self) -> Array:
        """The limits (4,) float32 of `kernels/soil.py`."""
        return np.array([getattr(self, name) for name in DIRT], np.float32)


def elastic_fields(height: int, width: int, key: int, count: int = FIELDS) -> Array:
    """Smooth random displacements (count, H, W, 2) float32, root-mean-square 1 pixel an axis, seamless when rolled.

    White noise smoothed by a Gaussian (Simard, Steinkraus and Platt 2003). The filter is applied as a product of
    spectra, whose period is the image: that is what makes the fields seamless.
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
    """Fills batches: holds what the one fused pass needs beside the images. mean, scale: (H, W, C) float32."""

    def __init__(self, augment: Augment, mean: Array, scale: Array, kernels: Any, seed: int) -> None:
        self.augment, self.mean, self.scale, self.kernels, self.seed = augment, mean, scale, kernels, seed
        self.limits, self.dirt = augment.limits(), augment.dirt()
        self.zero, self.one = np.zeros_like(mean), np.ones_like(scale)
        self.fields = np.zeros((FIELDS if augment.elastic else 1, *mean.shape[:2], 2), np.float32)

    def begin_epoch(self, epoch: int, factor: float = 1.0) -> None:
        """Draw this epoch's elastic fields, and scale every strength by a factor."""
        softer = self.augment.softer(factor)
        self.limits, self.dirt = softer.limits(), softer.dirt()
        if self.augment.elastic:
            self.fields = elastic_fields(
                self.mean.shape[0], self.mean.shape[1], derive(self.seed, Stream.ELASTIC, epoch)
            )

    def __call__(self, out: Array, pixels: Array, rows: Array, step: int) -> None:
        """out (B, H, W, C) float32 = the images pixels[rows], uint8, distorted with this step's key."""
        key = derive(self.seed, Stream.WARP, step)
        threads = self.kernels.threads()
        if not self.dirt.any():
            self.kernels.warp(out, pixels, rows, self.mean, self.scale, self.fields, self.limits, key, threads)
            return
        self.kernels.warp(out, pixels, rows, self.zero, self.one, self.fields, self.limits, key, threads)
        self.kernels.corrupt(out, self.dirt, derive(self.seed, Stream.CORRUPT, step), threads)
        np.subtract(out, self.mean, out=out)
        np.multiply(out, self.scale, out=out)
