"""Picture files -> arrays: whatever Pillow meets in a file, the caller gets sound pixels or one line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")
# A grey photo's channels may differ by the rounding of its compression; ink or a scene in colour differs by far more.
COLOUR_TOLERANCE = 8
BRIGHT = 128  # ink lighter than this is taken to be drawn on a dark ground, where the ground is transparent


@contextmanager
def opened(name: str | Path, source: Path | BinaryIO, limit: int, side: int = 1 << 14) -> Iterator["Image"]:
    """A picture from a file or from bytes, decoded inside the `with`, once its size is known to be fair.

    limit: the most pixels; side: the longest side. UserError, beginning with the name, for anything but a sound picture
    of that size; also for what only decoding brings to light.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow's own limit is far above ours: let both end in the same message.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > limit or max(picture.size) > side:
                    raise Image.DecompressionBombError(f"{picture.width}x{picture.height}")
                yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(
            f"{name}: too large ({error}), expected at most {limit} pixels, {side} a side; shrink it"
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


def grey_or_colour(picture: "Image") -> NDArray[np.uint8]:
    """uint8 (H, W), or (H, W, 3) if the picture has real colour; upright (EXIF), transparent parts as paper."""
    from PIL import ImageOps

    picture = _opaque(ImageOps.exif_transpose(picture))
    if picture.mode != "RGB":
        return np.asarray(picture)
    array = np.asarray(picture)
    return to_grey(array) if np.ptp(array, axis=2).max() <= COLOUR_TOLERANCE else array


def to_grey(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma as Pillow computes it (ITU-R BT.601), for a picture in colour among grey ones."""
    from PIL import Image

    return array if array.ndim == 2 else np.asarray(Image.fromarray(array).convert("L"))


def _opaque(picture: "Image") -> "Image":
    """Mode L or RGB; what is transparent becomes white, or black where the ink on it is bright."""
    from PIL import Image

    if picture.mode.startswith("I"):  # sixteen bits a pixel, which convert("L") would clip to white
        return Image.fromarray((np.asarray(picture) >> 8).clip(0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        grey, alpha = np.asarray(layer.convert("L")), np.asarray(layer.getchannel("A"))
        bright = alpha.any() and np.average(grey, weights=alpha) >= BRIGHT
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "black" if bright else "white"), layer)
    return picture.convert("L" if picture.mode in ("1", "L", "LA", "F") else "RGB")
