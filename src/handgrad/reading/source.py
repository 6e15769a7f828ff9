"""Any picture that a user has, a file or not -> grey levels of a size to work with."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.images.decode import WORK_SIDE, at_work_size, grey_or_colour, resized, to_grey
from handgrad.images.levels import grey_levels
from handgrad.images.opening import check_size, sound
from handgrad.images.pages import Pages, opened_pages
from handgrad.reading.picture import MIN_SIDE, Grey, Picture

if TYPE_CHECKING:
    from PIL.Image import Image

Source: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | NDArray[Any] | Image | Picture"

MAX_PIXELS = 50_000_000  # of a picture to read: the largest of today's telephones
WEB_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def open_picture(source: Source, name: str = "picture") -> Picture:
    """Return the grey levels of a picture.

    Parameters
    ----------
    source : path, bytes, Pillow image, array or Picture
        Arrays are (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), of any number type, from 0 to 1, 255 or 65535. A `Picture`
        is returned as it is.
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
    if isinstance(source, Picture):
        return source
    name = _name(source, name)
    with _opened(source, name) as pages, sound(name, MAX_PIXELS):
        return _decoded(_only_page(pages, name), name, source)


def open_pages(source: Source, name: str = "picture") -> Iterator[tuple[int, Picture]]:
    """Yield the pages of a file, decoded one at a time.

    Parameters
    ----------
    source : path, bytes, Pillow image, array or Picture
        As for `open_picture`; a TIFF or PDF may have several pages.
    name : str
        What messages call a picture that has no path.

    Yields
    ------
    int
        The number of the page, from 1.
    Picture
        Its grey levels, as from `open_picture`.

    Raises
    ------
    UserError
        For what is no picture, and for a damaged page once it is reached; the message begins with the path or the name.
    """
    if isinstance(source, Picture):
        yield 1, source
        return
    name = _name(source, name)
    with _opened(source, name) as pages:
        count = pages.count
        for index in range(count):
            with sound(name, MAX_PIXELS):
                picture = _decoded(pages.page(index), name, source)
            if index + 1 < count:
                yield index + 1, picture
    del pages  # what the last page was made from needs no memory any more
    yield count, picture


def open_page(source: Source, number: int = 1, name: str = "picture") -> tuple[Picture, int]:
    """Return one page of a file, without decoding the others.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        As for `open_pages`.
    number : int
        Which page, from 1.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Picture
        Its grey levels.
    int
        How many pages there are.

    Raises
    ------
    UserError
        For what is no picture, and where there is no such page; the message begins with the path or the name.
    """
    name = _name(source, name)
    with _opened(source, name) as pages, sound(name, MAX_PIXELS):
        if not 1 <= number <= pages.count:
            raise UserError(f"{name}: page {number} of {pages.count}, expected 1 to {pages.count}; give another number")
        return _decoded(pages.page(number - 1), name, source), pages.count


def open_resized(
    source: Source, size: tuple[int, int], colour: bool, name: str = "picture"
) -> tuple[Picture, NDArray[np.uint8]]:
    """Return a picture, and all of it resized for a model that sees pictures as they are.

    Parameters
    ----------
    source : path, bytes, Pillow image, array or Picture
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
    if isinstance(source, Picture):
        return source, resized(source.grey, size, colour)
    name = _name(source, name)
    with _opened(source, name) as pages, sound(name, MAX_PIXELS):
        image = _only_page(pages, name)
        original, image = image.size, at_work_size(image)
        return _shrunk(image, name, original), resized(grey_or_colour(image), size, colour)


@contextmanager
def _opened(source: Source, name: str) -> Iterator[Pages]:
    """The pages of a source; use them inside `sound`."""
    from PIL import Image

    if isinstance(source, np.ndarray):
        source = Image.fromarray(_bytes(source, name))
    if isinstance(source, Image.Image):
        with sound(name, MAX_PIXELS):
            check_size(source, MAX_PIXELS)
            source.load()  # here, a large one is not decoded at a part of its size: it stays the caller's
        image = source
        yield Pages(1, lambda _: image)
        return
    if isinstance(source, str) and WEB_ADDRESS.match(source):
        raise UserError(f"{source}: an address, expected a file; download it first and give the file")
    given = BytesIO(source) if isinstance(source, (bytes, bytearray)) else Path(cast("str | os.PathLike[str]", source))
    with opened_pages(name, given, MAX_PIXELS, WORK_SIDE) as pages:
        yield pages


def _only_page(pages: Pages, name: str) -> "Image":
    if pages.count > 1:
        raise UserError(f"{name}: {pages.count} pages, expected one picture; save one of them by itself")
    return pages.page(0)


def _decoded(image: "Image", name: str, source: Source) -> Picture:
    """The picture of an image; a large JPEG from a file is decoded at half its size, or less."""
    from PIL import Image

    size = image.size
    if max(size) > WORK_SIDE and not isinstance(source, Image.Image):
        image.draft("L", (WORK_SIDE * size[0] // max(size) // 2, WORK_SIDE * size[1] // max(size) // 2))
    return _shrunk(image, name, size)


def _name(source: Source, name: str) -> str:
    return str(source) if isinstance(source, (str, os.PathLike)) else name


def _shrunk(image: "Image", name: str, size: tuple[int, int]) -> Picture:
    """The picture of an image whose original had this width and height."""
    grey = to_grey(grey_or_colour(at_work_size(image)))
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
