"""Picture files -> arrays: whatever Pillow meets in a file, the caller gets sound pixels or one line."""

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
BRIGHT = 128  # from this level on, grey and opacity count as white and as opaque
APART = 64  # grey levels between paper and ink, where both are opaque
ORIENTATION = 0x0112  # the EXIF tag


@contextmanager
def opened(name: str | Path, source: Path | BinaryIO, limit: int) -> Iterator["Image"]:
    """A picture from a file or from bytes, decoded inside the `with`, once its size is known to be fair.

    limit: the most pixels. UserError, beginning with the name, for anything but a sound picture of that size; also for
    what only decoding brings to light.
    """
    from PIL import Image

    if isinstance(source, Path) and source.exists() and not source.is_file():
        raise UserError(f"{name}: not a file; give a picture: {', '.join(FORMATS)}")
    with sound(name, limit), Image.open(source, formats=FORMATS) as picture:
        check_size(picture, limit)
        yield picture


@contextmanager
def sound(name: str | Path, limit: int) -> Iterator[None]:
    """Whatever Pillow raises in here becomes a UserError that begins with the name."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in a file, and does not matter
            # Pillow's own limit is far above ours: let both end in the same message.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        got = str(error).partition(" exceeds")[0]  # what Pillow says goes on with its own limit
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


def check_size(picture: "Image", limit: int) -> None:
    """Raises what `sound` tells as too large."""
    from PIL import Image

    if picture.width * picture.height > limit or max(picture.size) > SIDE:
        raise Image.DecompressionBombError(f"{picture.width}x{picture.height}")


def grey_or_colour(picture: "Image") -> NDArray[np.uint8]:
    """uint8 (H, W), or (H, W, 3) if the picture has real colour; upright (EXIF), transparent parts as paper."""
    picture = _opaque(_upright(picture))
    if picture.mode != "RGB":
        return np.asarray(picture)
    array = np.asarray(picture)
    return to_grey(array) if np.ptp(array, axis=2).max() <= COLOUR_TOLERANCE else array


def to_grey(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma as Pillow computes it (ITU-R BT.601), for a picture in colour among grey ones."""
    from PIL import Image

    return array if array.ndim == 2 else np.asarray(Image.fromarray(array).convert("L"))


def grey_levels(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers of any type as 0 to 255; their largest tells whether they are from 0 to 1, to 255 or to 65535."""
    high = array.max()
    top = 1 if high <= (1.5 if array.dtype.kind == "f" else 1) else 255 if high <= 255 else 65535
    if top > 1 and array.dtype.kind in "iu":
        return (array >> (8 if top > 255 else 0)).astype(np.uint8)
    levels: NDArray[np.uint8] = np.rint((array.astype(np.float32) * np.float32(255 / top)).clip(0, 255)).astype(
        np.uint8
    )
    return levels


def _upright(picture: "Image") -> "Image":
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


def _opaque(picture: "Image") -> "Image":
    """Mode L or RGB, what is transparent painted as paper."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":  # more than 8 bits a pixel, which convert("L") would clip
        return Image.fromarray(grey_levels(np.asarray(picture)))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        colour = "white" if _white_ground(layer) else "black"
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, colour), layer)
    return picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")


def _white_ground(layer: "Image") -> bool:
    """Whether paper is white: as most of what is opaque where that is paper and ink, or else the ink's opposite."""
    opaque = np.asarray(layer.convert("L"))[np.asarray(layer.getchannel("A")) >= BRIGHT]
    if not opaque.size:
        return True
    low, middle, high = np.percentile(opaque, (2, 50, 98))
    return bool((middle >= BRIGHT) == (high - low > APART))
