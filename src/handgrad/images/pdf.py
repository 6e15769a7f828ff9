"""The pages of a PDF, each drawn as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from handgrad.errors import UserError
from handgrad.images.kinds import library

if TYPE_CHECKING:
    from PIL.Image import Image

POINTS = 72  # in an inch: the unit of a page's size
DPI = 300  # at which handwriting is scanned; a large page is drawn with fewer
ALONE = Lock()  # PDFium may not be entered by two threads


class PDF:
    """An open PDF.

    Parameters
    ----------
    document : pypdfium2.PdfDocument
        The document.
    side : int
        The most pixels of a page's longer side.
    """

    def __init__(self, document: Any, side: int) -> None:
        self.document, self.side, self.count = document, side, len(document)

    def page(self, index: int) -> Image:
        """Return one page, drawn.

        Parameters
        ----------
        index : int
            The page, from 0.

        Returns
        -------
        PIL.Image.Image
            The page in grey.
        """
        from PIL import Image

        with ALONE:
            page = self.document[index]
            scale = min(DPI / POINTS, self.side / max(page.get_size()))
            bitmap = page.render(scale=scale, grayscale=True)
            drawn: Image.Image = Image.fromarray(bitmap.to_numpy().copy().reshape(bitmap.height, bitmap.width))
            bitmap.close()
            page.close()
        return drawn


@contextmanager
def opened_pdf(name: str | Path, source: Path | BinaryIO, side: int) -> Iterator[PDF]:
    """Open a PDF.

    Parameters
    ----------
    name : str or Path
        What to call the file in an error message.
    source : Path or binary file
        The file.
    side : int
        The most pixels of a page's longer side.

    Yields
    ------
    PDF
        Its pages.

    Raises
    ------
    UserError
        If pypdfium2 is not installed, or the file is damaged, has a password or no pages.
    """
    pdfium = library(name, "PDF", "pypdfium2", "pdf")
    try:
        with ALONE:
            document = pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UserError(f"{name}: a PDF with a password; save it without one") from None
        raise UserError(f"{name}: not a readable PDF; save it again, or remove it") from None
    try:
        if not len(document):
            raise UserError(f"{name}: a PDF without pages; save it again, or remove it")
        yield PDF(document, side)
    finally:
        with ALONE:
            document.close()
