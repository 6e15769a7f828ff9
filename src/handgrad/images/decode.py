"""Picture files decoded: whatever Pillow meets in a file, the caller gets sound pixels or one line about the fault."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")
SIDE = 1 << 14  # pixels, the longest side
# A grey photo's channels may differ by the rounding of its compression; ink or a scene in colour differs by far more.
COLOUR_TOLERANCE = 8
BRIGHT = 128  # from this level on, grey counts as white, and opacity as opaque
CONTRAST = 64  # grey levels; opaque pixels that differ by more show both paper and ink
ORIENTATION = 0x0112  # the EXIF tag


@contextmanager
def opened(name: str | Path, source: Path | BinaryIO, limit: int) -> Iterator[Image]:
    """Open a picture once its size is known to be within bounds; decode it inside the `with`.

    Parameters
    ----------
    name : str or Path
        What to call the picture in an error message.
    source : Path or binary file
        The picture's file, or its bytes.
    limit : int
        The most pixels.

    Yields
    ------
    PIL.Image.Image
        The picture, not decoded yet.

    Raises
    ------
    UserError
        For anything but a sound picture of that size, and for what only decoding brings to light.
    """
    from PIL import Image

    if isinstance(source, Path) and source.exists() and not source.is_file():
        raise UserError(f"{name}: not a file; give a picture: {', '.join(FORMATS)}")
    with sound(name, limit), Image.open(source, formats=FORMATS) as picture:
        check_size(picture, limit)
        yield picture


@contextmanager
def sound(name: str | Path, limit: int) -> Iterator[None]:
    """Turn whatever Pillow raises inside the `with` into a UserError.

    Parameters
    ----------
    name : str or Path
        What to call the picture in an error message.
    limit : int
        The most pixels, for the message.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    UserError
        For a picture that is too large, missing or unreadable.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # oddities in a file that do not matter
            # Pillow's own limit is far above ours: let both end in the same message.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        got = str(error).partition(" exceeds")[0]  # Pillow's message goes on with its own limit
        raise UserError(
            f"{name}: too large ({got}), expected at most {limit} pixels, {SIDE} a side; shrink it"
        ) from error
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"{name}: no such file; give a picture: {', '.join(FORMATS)}") from error
    except Exception as error:  # Pillow's decoders meet a damaged file with almost any exception
        kind = type(error).__name__
        raise UserError(
            f"{name}: not a readable picture ({kind}), expected {', '.join(FORMATS)}; replace or remove it"
        ) from error


def check_size(picture: Image, limit: int) -> None:
    """Refuse a picture that is too large, inside the `with` of `sound`.

    Parameters
    ----------
    picture : PIL.Image.Image
        The picture; its header is enough.
    limit : int
        The most pixels.

    Raises
    ------
    PIL.Image.DecompressionBombError
        Where there are more pixels, or a side is longer than `SIDE`; `sound` turns it into a UserError.
    """
    from PIL import Image

    if picture.width * picture.height > limit or max(picture.size) > SIDE:
        raise Image.DecompressionBombError(f"{picture.width}x{picture.height}")


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


def grey_levels(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return numbers of any type as grey levels; the largest tells whether they end at 1, 255 or 65535.

    Parameters
    ----------
    array : ndarray of bools, integers or floats, any shape
        At least one value, all from 0 to 65535.

    Returns
    -------
    ndarray of uint8, same shape
        The values from 0 to 255.
    """
    white = _white(array)
    if white > 1 and array.dtype.kind in "iu":
        return (array >> (8 if white > 255 else 0)).astype(np.uint8)
    scaled: NDArray[np.float32] = (array.astype(np.float32) * np.float32(255 / white)).clip(0, 255)
    return np.rint(scaled).astype(np.uint8)


def _white(array: NDArray[Any]) -> int:
    """The value that stands for white, judged by the largest one."""
    high = array.max()
    if high <= (1.5 if array.dtype.kind == "f" else 1):  # floats from 0 to 1 overshoot where they were interpolated
        return 1
    return 255 if high <= 255 else 65535


def _upright(picture: Image) -> Image:
    """Turned as its EXIF block says. Pillow's own way writes the block anew, and fails if anything in it is odd."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM, 5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90,
    }  # fmt: skip
    orientation = 1
    with suppress(Exception):  # a damaged block is as good as none
        orientation = picture.getexif().get(ORIENTATION, 1)
    return picture.transpose(turns[orientation]) if orientation in turns else picture


def _opaque(picture: Image) -> Image:
    """The picture in mode L or RGB, with transparent parts painted as paper."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":  # more than 8 bits a pixel, which convert("L") would clip
        return Image.fromarray(grey_levels(np.asarray(picture)))
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
