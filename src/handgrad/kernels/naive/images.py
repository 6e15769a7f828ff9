"""NumPy twins of the kernels that make training images: `warp.py` and `corrupt.py`.

The order of the strengths in their vectors of limits is stated here, by name.
"""

import numpy as np

from handgrad.kernels.naive.pointwise import hash32
from handgrad.kernels.protocol import Array, ByteImages, Image, Images, Integer, Matrix, Rows, Vector

WARP = ("unaugmented_share", "rotation", "shear", "scale", "shift", "elastic", "stroke", "flip")
CORRUPT = ("blur", "noise", "contrast", "clutter")


def warp(
    out: Images, pixels: ByteImages, rows: Rows, mean: Image, scale: Image, fields: Images, limits: Vector,
    key: Integer, scratch: Matrix,
) -> None:  # fmt: skip
    """Distort and standardise images: out[i] = (distorted pixels[rows[i]] - mean) * scale.

    Each output pixel is looked up where it came from: an affine map about the centre plus a smooth random field
    (elastic distortion: Simard, Steinkraus and Platt 2003). Each image draws its strengths uniformly between minus and
    plus the limits. Every draw is a hash of the key, the place in the batch and the number of the draw, so an image
    does not depend on the number of threads.

    Parameters
    ----------
    out : array of float32, shape (N, H, W, C)
        Written.
    pixels : array of uint8, shape (images, H, W, C)
        All images.
    rows : array of int, shape (N,)
        Which of them make the batch.
    mean, scale : arrays of float32, shape (H, W, C)
        Subtracted, then multiplied.
    fields : array of float32, shape (fields, H, W, 2)
        Displacements (x, y), periodic, with a root mean square of 1 pixel.
    limits : array of float32, shape (len(WARP),)
        In the order of WARP: the share of images left as they are, then the largest rotation (radians), shear, log of
        the scale, shift (pixels), elastic displacement (pixels), change of the strokes (share of the way to the
        brightest or darkest neighbour), and whether half of the images are flipped (0 or 1).
    key : int
        Names the random numbers of this batch, 0 to 2**64 - 1.
    scratch : array of float32, shape (threads, floats)
        Room to work, at least `warp_scratch` floats a thread.
    """
    limit = dict(zip(WARP, limits.tolist(), strict=True))
    for i, row in enumerate(rows):
        bits = hash32(np.arange(i * 16, i * 16 + 16), key)
        draw = dict(zip((*WARP, "scale_y", "shift_y"), bits * 2.0**-31 - 1, strict=False))
        image = pixels[row].astype(np.float64)
        if 0.5 + 0.5 * draw["unaugmented_share"] >= limit["unaugmented_share"]:
            image = _distorted(image, limit, draw, fields, bits[len(draw) :])
        out[i] = (image - mean) * scale


def _distorted(image: Array, limit: dict[str, float], draw: dict[str, float], fields: Array, bits: Array) -> Array:
    field = _field(fields, *bits[:3]) * limit["elastic"] * (0.75 + 0.25 * draw["elastic"])
    flip = -1 if limit["flip"] and draw["flip"] < 0 else 1
    wide, tall = np.exp(-limit["scale"] * draw["scale"]) * flip, np.exp(-limit["scale"] * draw["scale_y"])
    shear = [[1, limit["shear"] * draw["shear"]], [0, 1]]
    inverse = np.diag([wide, tall]) @ shear @ _rotation(limit["rotation"] * draw["rotation"])
    shift = limit["shift"] * np.array([draw["shift"], draw["shift_y"]])
    return _resample(_strokes(image, limit["stroke"] * draw["stroke"]), inverse, shift, field)


def _rotation(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _field(fields: Array, which: np.uint32, roll: np.uint32, mirror: np.uint32) -> Array:
    """One of the fields, rolled and mirrored as three random words say."""
    field = fields[which % len(fields)]
    height, width = field.shape[:2]
    rolled = np.roll(field, (-(int(roll) % height), -((int(roll) >> 16) % width)), (0, 1))
    moved: Array = rolled * np.array([1 if mirror & 1 else -1, 1 if mirror & 2 else -1])
    return moved


def _strokes(image: Array, amount: float) -> Array:
    """Strokes thickened (amount > 0) or thinned (< 0): part of the way to a grey dilation or erosion of 3x3 pixels."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    height, width = image.shape[:2]
    near = np.stack([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)])
    changed: Array = image + abs(amount) * ((near.max(axis=0) if amount > 0 else near.min(axis=0)) - image)
    return changed


def _resample(image: Array, inverse: Array, shift: Array, field: Array) -> Array:
    """Each output pixel from the four neighbours of the place it came from."""
    height, width = image.shape[:2]
    middle = np.array([width - 1, height - 1]) / 2
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - middle - shift
    places = places @ inverse.T + field + middle + 2
    x = places[..., 0].clip(0, width + 2)
    y = places[..., 1].clip(0, height + 2)
    left, top = x.astype(int), y.astype(int)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))
    above = (1 - fx) * padded[top, left] + fx * padded[top, left + 1]
    below = (1 - fx) * padded[top + 1, left] + fx * padded[top + 1, left + 1]
    blended: Array = (1 - fy) * above + fy * below
    return blended


def corrupt(x: Images, limits: Vector, key: Integer, scratch: Matrix) -> None:
    """Corrupt images of bright ink on dark, each in its own way: foreign marks, blur, lost contrast, noise; in place.

    Each image draws its strengths uniformly between 0 and the limits, from random numbers as in `warp`.

    Parameters
    ----------
    x : array of float32, shape (N, H, W, C)
        Images from 0 to 255; changed in place.
    limits : array of float32, shape (len(CORRUPT),)
        In the order of CORRUPT: the largest blur (share of the way to the mean of 3x3 pixels, twice), noise (standard
        deviation, as a share of the whole range) and loss of contrast (share), and the share of images with foreign
        marks: lines, a patch, outlines in place of strokes, or specks.
    key : int
        Names the random numbers of this batch, 0 to 2**64 - 1.
    scratch : array of float32, shape (threads, floats)
        Room to work, at least one image a thread.
    """
    limit = dict(zip(CORRUPT, limits.tolist(), strict=True))
    stride = 32 + 2 * x[0].size
    for i, image in enumerate(x):
        bits = hash32(np.arange(i * stride, (i + 1) * stride), key)
        draw = bits * 2.0**-32
        if draw[3] < limit["clutter"]:
            mark = (_add_lines, _add_patch, _add_outline, _add_specks)[int(4 * draw[5])]
            mark(image, draw)
        for _ in range(2 if limit["blur"] else 0):
            image += limit["blur"] * draw[0] * (_around(image).mean(axis=0) - image)
        lost, strength = limit["contrast"] * draw[2], 255 / 147.8 * limit["noise"] * draw[1]
        grains = bits[32 : 32 + image.size].view(np.uint8).reshape(-1, 4).sum(axis=1) - 510.0
        value = 255 * lost * draw[4] + (1 - lost) * image.reshape(-1) + strength * grains
        image[:] = value.clip(0, 255).reshape(image.shape)


def _around(image: Array) -> Array:
    """(9, H, W, C): each pixel's neighbours; beyond the border lies the nearest pixel."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    return np.stack([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)])


def _add_lines(image: Array, draw: Array) -> None:
    height, width = image.shape[:2]
    at = np.arange(2 * max(height, width) + 1)
    at = at[at % 8 < 3] if draw[6] < 0.5 else at
    part = at / (2 * max(height, width))
    for x0, y0, x1, y1 in draw[9 : 9 + 4 * (1 + int(3 * draw[8]))].reshape(-1, 4) * ([width - 1, height - 1] * 2):
        rows, columns = (y0 + part * (y1 - y0) + 0.5).astype(int), (x0 + part * (x1 - x0) + 0.5).astype(int)
        image[rows, columns] = np.maximum(image[rows, columns], 127.5 + 127.5 * draw[7])


def _add_patch(image: Array, draw: Array) -> None:
    height, width = image.shape[:2]
    negative = draw[6] < 0.6
    part = 1 if negative else 0.35
    tall, wide = 1 + int(part * draw[9] * height), 1 + int(part * draw[10] * width)
    top, left = int(draw[11] * (height - tall + 1)), int(draw[12] * (width - wide + 1))
    patch = image[top : top + tall, left : left + wide]
    patch[:] = 255 - patch if negative else 255 * draw[7]


def _add_outline(image: Array, draw: Array) -> None:
    near = _around(image)
    image[:] = image - near.min(axis=0) if draw[6] < 0.5 else near.max(axis=0) - image


def _add_specks(image: Array, draw: Array) -> None:
    density, pixels = 0.25 * draw[7], draw[32 + image.size :].reshape(image.shape)
    image[pixels < density] = 0
    image[pixels < 0.5 * density] = 255


def standardise(x: Images, mean: Image, scale: Image) -> None:
    """Compute x = (x - mean) * scale for each image, in place.

    Parameters
    ----------
    x : array of float32, shape (N, H, W, C)
        Images.
    mean, scale : arrays of float32, shape (H, W, C)
        Subtracted, then multiplied.
    """
    x -= mean
    x *= scale
