"""Pictures decoded to grey levels or colours."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from handgrad.images.levels import shallow

if TYPE_CHECKING:
    from PIL.Image import Image

# A grey photo's channels may differ by the rounding of its compression; ink or a scene in colour differs by far more.
COLOUR_TOLERANCE = 8
BRIGHT = 128  # from this level on, grey counts as white, and opacity as opaque
CONTRAST = 64  # grey levels; opaque pixels that differ by more show both paper and ink
ORIENTATION = 0x0112  # the EXIF tag


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
    picture.load()  # a TIFF is turned by Pillow while it is decoded
    orientation = 1
    with suppress(Exception):  # a damaged block is as good as none
        orientation = picture.getexif().get(ORIENTATION, 1)
    return picture.transpose(turns[orientation]) if orientation in turns else picture


def _opaque(picture: Image) -> Image:
    """The picture in mode L or RGB, with transparent parts painted as paper."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":  # more than 8 bits a pixel, which convert("L") would clip
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
