"""Any picture that a user has, a file or not -> grey levels of a size to work with."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.images.decode import check_size, grey_levels, grey_or_colour, opened, sound, to_grey

if TYPE_CHECKING:
    from PIL.Image import Image

Grey = NDArray[np.uint8]

MAX_PIXELS = 50_000_000  # of a picture to read: the largest of today's telephones
WORK_SIDE = 2048  # larger pictures are shrunk by a whole factor until they fit: digits keep all that a network sees
LEAST_SIDE = 4  # pixels


@dataclass(frozen=True, eq=False)
class Picture:
    """grey: uint8 (H, W), sides from 4 to 2048 pixels, upright; scale: pixels of the original for one of these."""

    name: str
    grey: Grey
    scale: float


def open_picture(source: Any, name: str = "picture") -> Picture:
    """The grey levels of a path, bytes, a Pillow image or an array.

    Arrays: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of any number type, from 0 to 1, 255 or 65535. UserError,
    beginning with the path or `name`, for everything that is no single sound picture.
    """
    from PIL import Image

    if isinstance(source, np.ndarray):
        source = Image.fromarray(_bytes(source, name))
    if isinstance(source, Image.Image):
        with sound(name, MAX_PIXELS):
            check_size(source, MAX_PIXELS)
            return _shrunk(source, name, source.size)
    given = BytesIO(source) if isinstance(source, (bytes, bytearray)) else Path(source)
    name = name if isinstance(given, BytesIO) else str(source)
    with opened(name, given, MAX_PIXELS) as picture:
        # a telephone's JPEG may carry a small copy of itself as a second picture
        frames, size = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1), picture.size
        if frames > 1:
            raise UserError(f"{name}: animated, {frames} pictures in one; expected one, so save one of them by itself")
        if max(size) > WORK_SIDE:  # a large JPEG is decoded at half its size, or less
            picture.draft("L", (WORK_SIDE * size[0] // max(size) // 2, WORK_SIDE * size[1] // max(size) // 2))
        return _shrunk(picture, name, size)


def _shrunk(picture: "Image", name: str, size: tuple[int, int]) -> Picture:
    from PIL import Image

    factor = -(-max(picture.size) // WORK_SIDE)
    if factor > 1 and picture.mode in ("L", "RGB", "RGBA", "CMYK"):  # before anything is made of all of it
        picture = picture.reduce(factor)
    grey = to_grey(grey_or_colour(picture))
    factor = -(-max(grey.shape) // WORK_SIDE)
    grey = grey if factor == 1 else np.asarray(Image.fromarray(grey).reduce(factor))
    scale = max(size) / max(grey.shape)
    if min(grey.shape) < LEAST_SIDE:
        least = round(LEAST_SIDE * scale)
        raise UserError(f"{name}: {size[0]}x{size[1]} pixels, expected {least} or more a side; give a larger picture")
    return Picture(name, grey, scale)


def _bytes(array: NDArray[Any], name: str) -> Grey:
    """An array's values as uint8; UserError for a shape, type or range that pictures do not have."""
    shape = array.shape
    if array.ndim == 3 and shape[2] == 1:
        array = array[:, :, 0]
    sizes = array.ndim == 2 or (array.ndim == 3 and shape[2] in (3, 4))
    if not sizes or not array.size or array.dtype.kind not in "buif":
        raise UserError(
            f"{name}: {array.dtype} of shape {shape}, expected numbers of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    if shape[0] * shape[1] > MAX_PIXELS:
        raise UserError(f"{name}: shape {shape}, expected at most {MAX_PIXELS} pixels; shrink it")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 65535):
        raise UserError(f"{name}: values from {low:g} to {high:g}, expected 0 to 1, 255 or 65535")
    return grey_levels(array)
