"""Any picture that a user has, a file or not -> grey levels of a size to work with."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.images.decode import check_size, grey_levels, grey_or_colour, opened, resized, sound, to_grey

if TYPE_CHECKING:
    from PIL.Image import Image

Grey = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, width, height
Source: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | NDArray[Any] | Image"

MAX_PIXELS = 50_000_000  # of a picture to read: the largest of today's telephones
WORK_SIDE = 2048  # larger pictures are shrunk by a whole factor until they fit: digits keep all that a network sees
MIN_SIDE = 4  # pixels
WEB_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture in grey, upright, of a size to work with.

    Parameters
    ----------
    name : str
        What messages call it: its path, where it has one.
    grey : numpy.ndarray
        Grey levels, uint8 (H, W); sides from 4 to 2048 pixels.
    scale : float
        Pixels of the original for one of these, 1 or more.
    """

    name: str
    grey: Grey
    scale: float

    def in_original(self, box: Box) -> Box:
        """Return a box in pixels of the original.

        Parameters
        ----------
        box : tuple of int
            Left, top, width and height, in pixels of `grey`.

        Returns
        -------
        tuple of int
            The same box in pixels of the picture as it was given.
        """
        left, top, width, height = (round(side * self.scale) for side in box)
        return left, top, width, height


def open_picture(source: Source, name: str = "picture") -> Picture:
    """Return the grey levels of a picture.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        Arrays are (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), of any number type, from 0 to 1, 255 or 65535.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Picture
        Its grey levels; those of a large picture are shrunk.

    Raises
    ------
    UserError
        For everything that is not a single sound picture; the message begins with the path or the name.
    """
    from PIL import Image

    with _opened(source, name) as image:
        size = image.size
        if max(size) > WORK_SIDE and not isinstance(source, Image.Image):
            # a large JPEG is decoded at half its size, or less
            image.draft("L", (WORK_SIDE * size[0] // max(size) // 2, WORK_SIDE * size[1] // max(size) // 2))
        return _shrunk(image, _name(source, name), size)


def open_resized(
    source: Source, size: tuple[int, int], colour: bool, name: str = "picture"
) -> tuple[Picture, NDArray[np.uint8]]:
    """Return a picture, and all of it resized for a model that sees pictures as they are.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        As for `open_picture`.
    size : tuple of int
        Height and width to resize to.
    colour : bool
        Whether the model sees red, green and blue.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Picture
        Its grey levels, as from `open_picture`.
    numpy.ndarray
        The resized pixels, uint8 (H, W), or (H, W, 3) in colour.

    Raises
    ------
    UserError
        For everything that is not a single sound picture; the message begins with the path or the name.
    """
    with _opened(source, name) as image:
        pixels = resized(grey_or_colour(image), size, colour)
        return _shrunk(image, _name(source, name), image.size), pixels


@contextmanager
def _opened(source: Source, name: str) -> Iterator["Image"]:
    """One sound Pillow image of fair size; what goes wrong while it is decoded inside is a UserError too."""
    from PIL import Image

    if isinstance(source, np.ndarray):
        source = Image.fromarray(_bytes(source, name))
    if isinstance(source, Image.Image):
        with sound(name, MAX_PIXELS):
            check_size(source, MAX_PIXELS)
            yield source
        return
    if isinstance(source, str) and WEB_ADDRESS.match(source):
        raise UserError(f"{source}: an address, expected a file; download it first and give the file")
    given = BytesIO(source) if isinstance(source, (bytes, bytearray)) else Path(source)
    name = _name(source, name)
    with opened(name, given, MAX_PIXELS) as image:
        # a telephone's JPEG may carry a small copy of itself as a second picture
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        if frames > 1:
            raise UserError(f"{name}: animated, {frames} pictures in one; expected one, so save one of them by itself")
        yield image


def _name(source: Source, name: str) -> str:
    return str(source) if isinstance(source, (str, os.PathLike)) else name


def _shrunk(image: "Image", name: str, size: tuple[int, int]) -> Picture:
    """The picture of an image whose original had this width and height."""
    from PIL import Image

    factor = -(-max(image.size) // WORK_SIDE)
    if factor > 1 and image.mode in ("L", "RGB", "RGBA", "CMYK"):  # before anything is made of all of it
        image = image.reduce(factor)
    grey = to_grey(grey_or_colour(image))
    factor = -(-max(grey.shape) // WORK_SIDE)
    grey = grey if factor == 1 else np.asarray(Image.fromarray(grey).reduce(factor))
    scale = max(size) / max(grey.shape)
    if min(grey.shape) < MIN_SIDE:
        least = round(MIN_SIDE * scale)
        raise UserError(f"{name}: {size[0]}x{size[1]} pixels, expected {least} or more a side; give a larger picture")
    return Picture(name, grey, scale)


def _bytes(array: NDArray[Any], name: str) -> Grey:
    """An array's values as uint8; UserError for a shape, type or range that pictures do not have."""
    shape = array.shape
    if array.ndim == 3 and shape[2] == 1:
        array = array[:, :, 0]
    has_shape = array.ndim == 2 or (array.ndim == 3 and shape[2] in (3, 4))
    if not has_shape or not array.size or array.dtype.kind not in "buif":
        raise UserError(
            f"{name}: {array.dtype} of shape {shape}, expected numbers of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    if shape[0] * shape[1] > MAX_PIXELS:
        raise UserError(f"{name}: shape {shape}, expected at most {MAX_PIXELS} pixels; shrink it")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 65535):
        raise UserError(f"{name}: values from {low:g} to {high:g}, expected 0 to 1, 255 or 65535")
    return grey_levels(array)
