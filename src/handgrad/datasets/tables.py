"""CSV tables, as Kaggle's `train.csv` and `test.csv`: the pixels of one square image a line, mostly with a label."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from io import BufferedIOBase
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.datasets.gzipped import opened
from handgrad.datasets.images import MAX_CLASSES, Dataset, Images, numbered_classes
from handgrad.errors import UserError
from handgrad.images.arrays import as_labels, as_pixels

LABEL_NAMES = ("label", "class")  # what a header calls the column of labels, in any case: Kaggle's and OpenML's word
MAX_LINE = 1 << 20  # bytes
MAX_BYTES = 1 << 30  # of text, decompressed


def load(path: Path, name: str) -> Dataset:
    """Read a CSV table, plain or gzipped, with or without a header line.

    The labels are the column that the header calls `label` or `class`, else the first one; the other columns are the
    pixels of a square grey image, row by row: grey levels from 0 to 255, or from 0 to 1 where no value is above 1.
    There are no test images.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What to call the data set.

    Returns
    -------
    Dataset
        Its classes are called "0" up to the largest label.

    Raises
    ------
    UserError
        For a file that is damaged, too large or empty, lines of different lengths, cells that are not numbers, values
        beyond 0 to 255, and a number of pixels that is no square.
    """
    label_column, table = _read(path, labelled=True)
    labels = as_labels(table[:, label_column], MAX_CLASSES, str(path))
    pixels = square_images(np.delete(table, label_column, axis=1), path)
    return Dataset(name, Images(pixels, labels, numbered_classes(labels)))


def load_pixels(path: Path) -> NDArray[np.uint8]:
    """Read the images of a CSV table whose labels are unknown, as Kaggle's `test.csv`.

    Parameters
    ----------
    path : Path
        The file, plain or gzipped. A column of labels, found as `load` finds it, is left out.

    Returns
    -------
    ndarray of uint8, (N, H, W, 1)
        The images, in the order of the lines.

    Raises
    ------
    UserError
        As `load` does.
    """
    label_column, table = _read(path, labelled=False)
    return square_images(table if _is_square(table.shape[1]) else np.delete(table, label_column, axis=1), path)


def square_images(pixels: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """Return the images that rows of a table hold.

    Parameters
    ----------
    pixels : ndarray of numbers, (N, H * H)
        Grey levels from 0 to 255, or from 0 to 1 where no value is above 1.
    path : Path
        The file, for messages.

    Returns
    -------
    ndarray of uint8, (N, H, H, 1)
        The images.

    Raises
    ------
    UserError
        For a number of columns that is no square, and other values.
    """
    if not _is_square(pixels.shape[1]):
        raise UserError(f"{path}: got {pixels.shape[1]} columns of pixels, expected a square number, such as 28 x 28")
    if pixels.max() <= 1:  # a table knows no types: as floats, the values are from 0 to 1
        pixels = pixels.astype(np.float32)
    side = math.isqrt(pixels.shape[1])
    return as_pixels(pixels, (side, side, 1), str(path))


def _is_square(number: int) -> bool:
    return number > 0 and math.isqrt(number) ** 2 == number


def _read(path: Path, labelled: bool) -> tuple[int, NDArray[Any]]:
    """The number of the column of labels, if there is one, and the table (N, H * W), or (N, 1 + H * W)."""
    try:
        return _parse(path, np.uint8, labelled)
    except ValueError:  # some numbers are not written as whole ones: as floats, they take ten times as long
        label_column, table = _parse(path, np.float32, labelled)
    wrong_rows = ~((table >= 0) & (table <= 255)).all(axis=1)  # NaN is neither
    if wrong_rows.any():
        raise UserError(_fault_in_row(path, int(wrong_rows.argmax()), table.shape[1]))
    return label_column, table


def _parse(path: Path, dtype: DTypeLike, labelled: bool) -> tuple[int, NDArray[Any]]:
    with opened(path) as file:
        lines = _Lines(file, path)
        names, first = _header_and_first_row(lines)
        if first is None:
            raise UserError(f"{path}: got no images, expected the pixels of one image a line")
        columns = _columns(path, names, first, labelled)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", DeprecationWarning)  # NumPy 2.0 takes 3.5 for 3, and 256 for 0
                table = np.loadtxt(chain([first], lines), dtype, delimiter=",", comments=None, ndmin=2)
        except ValueError as error:
            fault = _fault(lines.latest, columns)
            if not fault and dtype == np.uint8:
                raise
            raise UserError(f"{path}, line {lines.number}: {fault or 'cannot be read as numbers'}") from error
    return next((names.index(name) for name in LABEL_NAMES if name in names), 0), table


def _columns(path: Path, names: list[str], first: str, labelled: bool) -> int:
    """How many columns the first row has; UserError unless they are the pixels of a square image, and a label."""
    columns = first.count(",") + 1
    if names and len(names) != columns:
        raise UserError(f"{path}: got {len(names)} names in the header, {columns} columns below it; expected as many")
    if not (_is_square(columns - 1) or (_is_square(columns) and not labelled)):
        raise UserError(
            f"{path}: got {columns} columns separated by commas, expected a label and the pixels of a square image, "
            f"such as 785 = 1 + 28 x 28{'' if labelled else ', or the pixels alone'}"
        )
    return columns


def _header_and_first_row(lines: _Lines) -> tuple[list[str], str | None]:
    """The names in the header, which may be missing, and the first line below it; None if there is none."""
    first = next(lines, None)
    if first is None:
        return [], None
    names = [cell.strip(' "').lower() for cell in first.split(",")]
    if _number(names[0]) is None or not {*LABEL_NAMES}.isdisjoint(names):
        return names, next(lines, None)
    return [], first


class _Lines(Iterator[str]):
    """The lines of a file that are not blank, up to a limit, with the text and the number of the latest."""

    def __init__(self, file: BufferedIOBase, path: Path) -> None:
        self.file, self.path = file, path
        self.number, self.latest, self.size = 0, "", 0

    def __next__(self) -> str:
        while line := self.file.readline(MAX_LINE + 1):
            self.number += 1
            self.size += len(line)
            if len(line) > MAX_LINE or self.size > MAX_BYTES:
                raise UserError(
                    f"{self.path}, line {self.number}: too long, expected at most {MAX_LINE} bytes a line and "
                    f"{MAX_BYTES} in all; is this a table of images?"
                )
            self.latest = line.decode("utf-8-sig", "replace").strip()
            if self.latest:
                return self.latest
        raise StopIteration


def _fault_in_row(path: Path, row: int, columns: int) -> str:
    with opened(path) as file:
        lines = _Lines(file, path)
        _, first = _header_and_first_row(lines)
        text = next(islice(chain([first or ""], lines), row, None))
        return f"{path}, line {lines.number}: {_fault(text, columns)}"


def _fault(text: str, columns: int) -> str:
    """What is wrong with the cells of a line; nothing if all of them are numbers from 0 to 255."""
    cells = text.split(",")
    if len(cells) != columns:
        return f"got {len(cells)} columns, expected {columns}; the file may be cut, fetch it again"
    for column, cell in enumerate(cells, 1):
        value = _number(cell)
        if value is None or not 0 <= value <= 255:
            return f"got {cell[:40]!a} in column {column}, expected a number from 0 to 255"
    return ""


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
