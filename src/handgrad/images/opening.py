"""Picture files opened: whatever Pillow meets there, the caller gets a sound picture or one line about the fault."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from handgrad.errors import UserError
from handgrad.images.cost import TooCostly
from handgrad.images.kinds import first_bytes, is_heif, library
from handgrad.images.png import SIGNATURE, PixelsOnly

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: tuple[str, ...] = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF")  # that Pillow opens by itself
# Of picture files, in lower case; in a folder, files with other endings are passed over.
ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif",
    ".hif", ".pdf",
)  # fmt: skip
READABLE = ", ".join((*FORMATS, "HEIC", "PDF"))
SIDE = 1 << 14  # pixels, the longest side


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
    with sound(name, limit), open_image(name, source) as picture:
        check_size(picture, limit)
        yield picture


@contextmanager
def open_image(name: str | Path, source: Path | BinaryIO) -> Iterator[Image]:
    """Open a picture of any size, inside the `with` of `sound`.

    Parameters
    ----------
    name : str or Path
        What to call the picture in an error message.
    source : Path or binary file
        The picture's file, or its bytes.

    Yields
    ------
    PIL.Image.Image
        The picture, not decoded yet.

    Raises
    ------
    UserError
        For what is no file, and for HEIC without the library that reads it.
    """
    from PIL import Image

    if isinstance(source, Path) and source.exists() and not source.is_file():
        raise UserError(f"{name}: not a file; give a picture: {READABLE}")
    head, formats = first_bytes(source), FORMATS
    if is_heif(head):
        library(name, "HEIC", "pillow_heif", "heic").register_heif_opener()
        formats = ("HEIF",)
    with ExitStack() as stack:
        if head.startswith(SIGNATURE):
            file = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
            opened_file: Path | BinaryIO = cast(BinaryIO, BufferedReader(PixelsOnly(file)))
        else:
            opened_file = source
        yield stack.enter_context(Image.open(opened_file, formats=formats))


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
    except TooCostly as error:
        raise UserError(f"{name}: {error}") from None
    except FileNotFoundError as error:
        raise UserError(f"{name}: no such file; give a picture: {READABLE}") from error
    except Exception as error:  # Pillow's decoders meet a damaged file with almost any exception
        kind = type(error).__name__
        raise UserError(
            f"{name}: not a readable picture ({kind}), expected {READABLE}; replace or remove it"
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
