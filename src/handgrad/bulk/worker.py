"""What a worker does: it reads pictures, and gives the rows of each as they stand in the table."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.bulk.rows import Row, encoded, page_rows
from handgrad.bulk.task import Task
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.model.model import Model

MAX_BYTES = 1 << 30  # of a picture's file, which is read whole


@dataclass(frozen=True)
class Item:
    """A picture to read.

    Parameters
    ----------
    path : str
        Its path, which a worker on another machine need not have.
    content : bytes or None
        What the file holds; None before it is loaded, and where it cannot be.
    fault : str
        Why the file cannot be loaded.
    """

    path: str
    content: bytes | None = None
    fault: str = ""


@dataclass(frozen=True)
class Read:
    """What became of a picture.

    Parameters
    ----------
    data : bytes
        Its rows.
    failed : bool
        Whether something in it could not be read.
    lost : bool
        Whether its file could not be loaded.
    """

    data: bytes
    failed: bool = False
    lost: bool = False


def load(path: str) -> Item:
    """Load the file of a picture.

    Parameters
    ----------
    path : str
        Its path.

    Returns
    -------
    Item
        The picture with its content, or with its fault.
    """
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            return Item(path, fault="not a file; give a picture")
        if file.stat().st_size > MAX_BYTES:
            return Item(path, fault=f"{file.stat().st_size} bytes, expected at most {MAX_BYTES}; shrink it")
        return Item(path, file.read_bytes())
    except OSError as error:
        why = os.strerror(error.errno or errno.EIO)
        return Item(path, fault=f"cannot be read ({why}); make it readable, or remove it")


def read_picture(item: Item, model: Model, task: Task) -> Read:
    """Read all pages of a picture.

    Parameters
    ----------
    item : Item
        The picture; it is loaded if it is not yet.
    model : Model
        A model of digits.
    task : Task
        What is read, and how rows are written.

    Returns
    -------
    Read
        Its rows; the last of them says why, if a page could not be read.
    """
    from handgrad.reading import read_pages

    path = item.path
    if item.content is None and not item.fault:
        item = load(path)
    if item.content is None:
        return failure(path, 1, item.fault, task.ending, lost=True)
    rows: list[Row] = []
    pages = 0
    try:
        for page in read_pages(item.content, model, path, task.region, task.grid):
            pages += 1
            rows += page_rows(path, pages, page)
    except Exception as error:  # whatever it is, the pictures after this one are read all the same
        failed = failure(path, pages + 1, _why(error), task.ending)
        return Read(encoded(rows, task.ending, task.punctuation) + failed.data, failed=True)
    return Read(encoded(rows, task.ending, task.punctuation))


def failure(path: str, page: int, why: str, ending: str, lost: bool = False) -> Read:
    """Return what stands in the table for a page that could not be read.

    Parameters
    ----------
    path : str
        The picture.
    page : int
        The number of the page.
    why : str
        The reason, which may begin with the path.
    ending : str
        The format of the table.
    lost : bool
        Whether the file could not be loaded.

    Returns
    -------
    Read
        One row without text.
    """
    reason = " ".join(why.removeprefix(f"{path}: ").split())
    return Read(encoded([Row(path, page, reason=reason)], ending), failed=True, lost=lost)


def _why(error: Exception) -> str:
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory; shrink it"
    return f"handgrad failed at it ({type(error).__name__}: {error}); report this"
