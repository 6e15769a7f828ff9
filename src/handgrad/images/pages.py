"""The pages of a picture file: a TIFF or a PDF may have several, every other kind has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from handgrad.errors import UserError
from handgrad.images.kinds import first_bytes, is_pdf
from handgrad.images.opening import check_size, open_image, sound
from handgrad.images.pdf import opened_pdf

if TYPE_CHECKING:
    from PIL.Image import Image

SUBFILE = 254  # the TIFF tag that says what a picture in the file is
NO_PAGE = 0b101  # its bits for a smaller copy of a page, and for a mask
# A telephone's picture may carry small copies of itself, or the others of a burst.
ONE_PICTURE = ("MPO", "HEIF")


@dataclass(frozen=True)
class Pages:
    """The pages of an open file.

    Parameters
    ----------
    count : int
        How many there are, at least one.
    page : callable
        Gives a page, from 0, as a Pillow image that is decoded when it is used; until then, ask for no other.
    """

    count: int
    page: Callable[[int], Image]


@contextmanager
def opened_pages(name: str, source: Path | BinaryIO, limit: int, side: int) -> Iterator[Pages]:
    """Open a file of pictures.

    Parameters
    ----------
    name : str
        What to call it in an error message.
    source : Path or binary file
        The file, or its bytes.
    limit : int
        The most pixels of a page; a page that has more is refused when it is asked for.
    side : int
        The most pixels of the longer side of a page that is drawn.

    Yields
    ------
    Pages
        Its pages. Use them inside `sound`, which explains what goes wrong.

    Raises
    ------
    UserError
        For an animation, and for what is no picture or a damaged one.
    """
    with ExitStack() as stack:
        with sound(name, limit):
            regular = not isinstance(source, Path) or source.is_file()
            if regular and is_pdf(first_bytes(source)):
                pdf = stack.enter_context(opened_pdf(name, source, side))
                pages = Pages(pdf.count, pdf.page)
            else:
                pages = _pages(name, stack.enter_context(open_image(name, source)), limit)
        yield pages


def _pages(name: str, image: Image, limit: int) -> Pages:
    frames = [image.tell()] if image.format in ONE_PICTURE else range(getattr(image, "n_frames", 1))
    if image.format == "TIFF":
        frames = [frame for frame in frames if _is_page(image, frame)] or [0]
    elif len(frames) > 1:
        raise UserError(f"{name}: animated, {len(frames)} pictures in one; expected one, so save one of them by itself")

    def page(index: int) -> Image:
        image.seek(frames[index])
        check_size(image, limit)
        return image

    return Pages(len(frames), page)


def _is_page(tiff: Any, frame: int) -> bool:
    tiff.seek(frame)
    return not tiff.tag_v2.get(SUBFILE, 0) & NO_PAGE
