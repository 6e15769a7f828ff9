"""Pictures decoded to grey levels or colours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.images import png
from handgrad.images.cost import check_cost
from handgrad.images.levels import shallow

if TYPE_CHECKING:
    from PIL.Image import Image

# A grey photo's channels may differ by the rounding of its compression; ink or a scene in colour differs by far more.
COLOUR_TOLERANCE = 8
BRIGHT = 128  # from this level on, grey counts as white, and opacity as opaque
CONTRAST = 64  # grey levels; opaque pixels that differ by more show both paper and ink
ORIENTATION = 0x0112  # the EXIF tag
STANDARD_ERROR = Lock()  # one thread at a time may turn it away
WORK_SIDE = 2048  # larger pictures are shrunk by a whole factor until they fit: digits keep all that a network sees
BAND = 1 << 20  # pixels that are converted at a time, where a picture is shrunk
AVERAGED = ("L", "RGB", "RGBA", "CMYK")  # modes that Pillow shrinks as they are


def grey_or_colour(picture: Image) -> NDArray[np.uint8]:
    """Decode a picture, turned upright as its EXIF block says, with transparent parts shown as paper.

    Parameters
    ----------
    picture : PIL.Image.Image
        A picture of any mode.

    Returns
    -------
    ndarray of uint8, shape (H, W) or (H, W, 3)
        Red, green and blue if the picture has real colour, else grey levels.
    """
    picture = _opaque(_upright(picture))
    if picture.mode != "RGB":
        return np.asarray(picture)
    array = np.asarray(picture)
    return to_grey(array) if np.ptp(array, axis=2).max() <= COLOUR_TOLERANCE else array


def at_work_size(picture: Image) -> Image:
    """Return a picture of at most `WORK_SIDE` pixels a side, see `shrunk`.

    Parameters
    ----------
    picture : PIL.Image.Image
        A picture of any mode and size.

    Returns
    -------
    PIL.Image.Image
        The picture, as it is where it is small enough.
    """
    if max(picture.size) >= 2 * WORK_SIDE:  # a JPEG can be decoded at a half, a quarter or an eighth of its size
        picture.draft(None, (min(WORK_SIDE, picture.width), min(WORK_SIDE, picture.height)))
    factor = -(-max(picture.size) // WORK_SIDE)
    return picture if factor == 1 else shrunk(picture, factor)


def shrunk(picture: Image, factor: int) -> Image:
    """Decode a large picture at a part of its size, with little more memory than its decoder needs.

    A picture is converted a band of rows at a time, and a PNG is also decoded so.

    Parameters
    ----------
    picture : PIL.Image.Image
        A picture of any mode; one that is not decoded yet stays so, where it is a PNG.
    factor : int
        How many pixels, each way, become one: their mean.

    Returns
    -------
    PIL.Image.Image
        The picture, in a mode that `grey_or_colour` takes, not turned yet.
    """
    from PIL import Image

    rows = max(BAND // picture.width // factor, 1) * factor
    parts = [_mean(band, factor) for band in _bands(picture, rows)]
    whole = np.concatenate([part for part, _ in parts])
    made = Image.fromarray(shallow(whole) if whole.dtype.itemsize > 1 else whole, None)
    made = made if parts[0][1] != "CMYK" else Image.frombytes("CMYK", made.size, whole.tobytes())
    made.info = {name: value for name, value in picture.info.items() if name != "transparency"}
    return made


def to_grey(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma of a picture in colour (ITU-R BT.601, as Pillow computes it).

    Parameters
    ----------
    array : ndarray of uint8, shape (H, W) or (H, W, 3)
        A picture; one that is grey stays as it is.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Its grey levels.
    """
    from PIL import Image

    return array if array.ndim == 2 else np.asarray(Image.fromarray(array).convert("L"))


def to_colour(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pixels with red, green and blue.

    Parameters
    ----------
    array : uint8 array (H, W) or (H, W, 3)
        A picture.

    Returns
    -------
    uint8 array (H, W, 3)
        The same; grey has three equal channels.
    """
    return array if array.ndim == 3 else np.repeat(array[:, :, None], 3, axis=2)


def resized(array: NDArray[np.uint8], size: tuple[int, int], colour: bool | None) -> NDArray[np.uint8]:
    """Return a whole picture, stretched to a size.

    Parameters
    ----------
    array : uint8 array (H, W) or (H, W, 3)
        A picture.
    size : tuple of int
        Height and width of the result.
    colour : bool or None
        Whether the result has colour; None for what the picture has.

    Returns
    -------
    uint8 array (H, W) or (H, W, 3)
        The pixels.
    """
    from PIL import Image

    if colour is not None:
        array = to_colour(array) if colour else to_grey(array)
    height, width = size
    # Pillow averages over all that a pixel covers when it shrinks; bilinear never overshoots.
    return np.asarray(Image.fromarray(array).resize((width, height), Image.Resampling.BILINEAR))


def _upright(picture: Image) -> Image:
    """Turned as its EXIF block says. Pillow's own way writes the block anew, and fails if anything in it is odd."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM, 5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90,
    }  # fmt: skip
    _load(picture)  # a TIFF is turned by Pillow meanwhile
    orientation = 1
    with suppress(Exception):  # a damaged block is as good as none
        orientation = picture.getexif().get(ORIENTATION, 1)
    return picture.transpose(turns[orientation]) if orientation in turns else picture


def _load(picture: Image) -> None:
    """Decode it, once it is known what that costs."""
    check_cost(picture)
    with _unheard() if picture.format == "TIFF" else nullcontext():
        picture.load()


@contextmanager
def _unheard() -> Iterator[None]:
    """Libtiff writes what it finds odd to standard error, past Python: that goes nowhere; what matters is raised."""
    with STANDARD_ERROR:
        try:
            kept = os.dup(2)
        except OSError:  # there is none
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def _is_deep(picture: Image) -> bool:
    """Whether it has more than 8 bits a pixel, which convert("L") would clip."""
    return picture.mode.startswith("I") or picture.mode == "F"


def _bands(picture: Image, rows: int) -> Iterator[Image]:
    """The picture from the top, so many rows at a time."""
    if png.can_be_banded(picture):
        yield from png.bands(picture, rows)
        return
    _load(picture)
    for top in range(0, picture.height, rows):
        yield picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _mean(band: Image, factor: int) -> tuple[NDArray[Any], str]:
    """A band shrunk, and the mode that its pixels have."""
    if _is_deep(band):
        return _deep_mean(np.asarray(band), factor), band.mode
    if band.mode not in AVERAGED:
        grey = band.mode == "1" and "transparency" not in band.info
        band = band.convert("L" if grey else "RGBA" if band.has_transparency_data else "RGB")
    elif band.mode != "RGBA" and band.has_transparency_data:
        band = band.convert("RGBA")
    band = band.reduce(factor)
    return np.asarray(band), band.mode


def _deep_mean(array: NDArray[Any], factor: int) -> NDArray[Any]:
    """The mean of squares of pixels; those at the edges have fewer."""
    values = np.nan_to_num(array, posinf=0, neginf=0).astype(np.float32) if array.dtype.kind == "f" else array
    for axis in (0, 1):
        places = np.arange(0, array.shape[axis], factor)
        counts = np.diff(np.append(places, array.shape[axis]))
        sums = np.add.reduceat(values, places, axis, np.float32)
        values = sums / (counts[:, None] if axis == 0 else counts).astype(np.float32)
    return values if array.dtype.kind == "f" else np.rint(values).astype(array.dtype)


def _opaque(picture: Image) -> Image:
    """The picture in mode L or RGB, with transparent parts painted as paper."""
    from PIL import Image

    if _is_deep(picture):
        return Image.fromarray(shallow(np.asarray(picture)))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        colour = "white" if _paper_is_white(layer) else "black"
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, colour), layer)
    return picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")


def _paper_is_white(layer: Image) -> bool:
    """Whether the paper below a transparent picture is white.

    Where the opaque pixels contrast, they show paper and ink, and most of them are paper. Where they do not, all of
    them are ink, and paper is its opposite.
    """
    opaque = np.asarray(layer.convert("L"))[np.asarray(layer.getchannel("A")) >= BRIGHT]
    if not opaque.size:
        return True
    low, median, high = np.percentile(opaque, (2, 50, 98))
    mostly_bright, shows_paper = median >= BRIGHT, high - low > CONTRAST
    return bool(mostly_bright == shows_paper)
