"""Reading all pages of a file."""

import os
from collections.abc import Iterator

from handgrad.model.model import Model
from handgrad.model.shipped import open_model
from handgrad.reading.answer import Page
from handgrad.reading.picture import Box
from handgrad.reading.reader import read_page
from handgrad.reading.source import Source, open_pages


def read_pages(
    source: Source, model: str | os.PathLike[str] | Model = "robust", name: str = "picture",
    region: Box | None = None, grid: tuple[int, int] | None = None,
) -> Iterator[Page]:  # fmt: skip
    """Yield what is written on each page of a file, read one page at a time.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The file, as for `read_page`; a TIFF or PDF may have several pages.
    model : str, path or Model
        The model, as for `read_page`.
    name : str
        What messages call a file that has no path.
    region : tuple of int, optional
        The part of each page to read, as for `read_page`.
    grid : tuple of int, optional
        Columns and rows of cells that each page or region has, as for `read_page`.

    Yields
    ------
    Page
        A page, as from `read_page`. A page of a PDF is drawn with 300 dots an inch, or with 2048 pixels on its longer
        side where that is less; boxes are in pixels of this drawing.

    Raises
    ------
    UserError
        For what is no picture, for a damaged page once it is reached, and for what is no model of digits.

    Examples
    --------
    >>> import numpy as np
    >>> [page.text for page in read_pages(np.ones((300, 200)))]
    ['']
    """
    trained = open_model(model)
    for _, picture in open_pages(source, name):
        yield read_page(picture, trained, name, region, grid)
