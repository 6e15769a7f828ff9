"""What a worker does: it reads pictures, and gives the rows of each as they stand in the table."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.bulk.rows import Row, encoded, failed_row, page_rows
from handgrad.bulk.task import Task
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.model.model import Model
    from handgrad.reading.picture import Picture

MAX_BYTES = 1 << 30  # of a picture's file, which is read whole
TOGETHER = 1 << 16  # pixels of pictures that are read side by side: some dozens with a digit each


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


def read_chunk(items: Sequence[Item], model: Model, task: Task) -> tuple[Read, ...]:
    """Read all pages of some pictures, several small ones side by side.

    Parameters
    ----------
    items : sequence of Item
        The pictures; each is loaded if it is not yet.
    model : Model
        A model of digits.
    task : Task
        What is read, and how rows are written.

    Returns
    -------
    tuple of Read
        The rows of each picture; the last of them says why, if a page could not be read.
    """
    # Only compiled kernels answer for an image to the bit the same, whatever other images there are.
    limit = TOGETHER if model.kernels == "compiled" else 0
    records = [_Record(item.path) for item in items]
    group: list[tuple[_Record, int, Picture]] = []
    for item, record in zip(items, records, strict=True):
        for number, picture in _pages(item, record):
            group.append((record, number, picture))
            if sum(picture.grey.size for _, _, picture in group) >= limit:
                _read(group, model, task)
                group = []
            if record.fault:
                break
    _read(group, model, task)
    return tuple(record.read(task) for record in records)


@dataclass
class _Record:
    """What is known of a picture: its rows, and on which page the reading ended for which fault."""

    path: str
    rows: list[Row] = field(default_factory=list)
    fault: str = ""
    page: int = sys.maxsize
    lost: bool = False

    def fail(self, page: int, why: str) -> None:
        if page < self.page:
            self.page, self.fault = page, why

    def read(self, task: Task) -> Read:
        data = encoded(self.rows, task.ending, task.punctuation)
        if not self.fault:
            return Read(data)
        failed = failure(self.path, self.page, self.fault, task.ending, self.lost)
        return replace(failed, data=data + failed.data)


def _pages(item: Item, record: _Record) -> Iterator[tuple[int, Picture]]:
    """The pages of a picture, up to one that cannot be opened."""
    from handgrad.reading.source import open_pages

    if item.content is None and not item.fault:
        item = load(item.path)
    if item.content is None:
        record.fail(1, item.fault)
        record.lost = True
        return
    number = 0
    try:
        for number, picture in open_pages(item.content, item.path):
            yield number, picture
    except Exception as error:  # whatever it is, the pictures after this one are read all the same
        record.fail(number + 1, _why(error))


def _read(group: list[tuple[_Record, int, Picture]], model: Model, task: Task) -> None:
    """Read pages side by side, and put down what is on them."""
    from handgrad.reading.reader import read_pictures

    pages = read_pictures([picture for _, _, picture in group], model, task.region, task.grid)
    for (record, number, _), page in zip(group, pages, strict=True):
        if isinstance(page, Exception):
            record.fail(number, _why(page))
        elif number < record.page:
            record.rows += page_rows(record.path, number, page)


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
    return Read(encoded([failed_row(path, page, why)], ending), failed=True, lost=lost)


def _why(error: Exception) -> str:
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory; shrink it"
    return f"handgrad failed at it ({type(error).__name__}: {error}); report this"
