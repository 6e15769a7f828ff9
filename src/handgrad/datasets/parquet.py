"""Parquet tables: a label and an image a row, as the Hugging Face hub has MNIST, or a label and pixels as in CSV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets.images import MAX_CLASSES, Dataset, Images, numbered_classes
from handgrad.datasets.tables import LABEL_NAMES, square_images
from handgrad.errors import UserError
from handgrad.images.arrays import as_labels
from handgrad.images.decode import grey_or_colour, to_colour, to_grey
from handgrad.images.opening import opened

IMAGE_NAME = "image"  # what the hub calls a column of {"bytes": a picture file, "path": its name}
MAX_BYTES = 1 << 32  # of a table in memory
MAX_PIXELS = 1 << 22  # of a picture


def load(path: Path, name: str) -> Dataset:
    """Read a Parquet table; it takes pyarrow.

    The labels are the column `label` or `class`, whole numbers. The images are the column `image`, which holds picture
    files of one size, as on the Hugging Face hub; without one, all other columns are the pixels of a square image, as
    `tables.load` takes them. There are no test images.

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
        Where pyarrow is missing; for a file that is damaged or too large, and columns that are no images and labels.
    """
    table = _table(path)
    label = next((column for column in table.column_names if column.lower() in LABEL_NAMES), None)
    if label is None or not table.num_rows:
        shown = ", ".join(ascii(column[:40]) for column in table.column_names[:8])
        raise UserError(f"{path}: got {table.num_rows} rows of {shown}; expected images with a column label or class")
    labels = as_labels(_numbers(path, table, [label])[:, 0], MAX_CLASSES, str(path))
    if IMAGE_NAME in table.column_names:
        with _sound(path):
            cells = table.column(IMAGE_NAME).to_pylist()
        pixels = _pictures(path, cells)
    else:
        others = [column for column in table.column_names if column != label]
        pixels = square_images(_numbers(path, table, others), path)
    return Dataset(name, Images(pixels, labels, numbered_classes(labels)))


def _table(path: Path) -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise UserError(f"{path}: Parquet takes pyarrow, which is not installed: pip install pyarrow") from None
    with _sound(path), parquet.ParquetFile(path) as file:
        groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
        if sum(groups) > MAX_BYTES:
            raise UserError(f"{path}: {sum(groups)} bytes in memory, expected at most {MAX_BYTES}; split it")
        names = file.schema_arrow.names
        if twice := {name for name in names if names.count(name) > 1}:
            raise UserError(f"{path}: got several columns {min(twice)[:40]!a}, expected one; rename the others")
        return file.read()


@contextmanager
def _sound(path: Path) -> Iterator[None]:
    """Whatever pyarrow raises inside the `with` becomes a UserError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # a damaged file is met with many kinds of exceptions
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise UserError(f"{path}: cannot be read ({reason}); expected a Parquet table") from error


def _numbers(path: Path, table: Any, columns: list[str]) -> NDArray[Any]:
    """Columns of numbers as an array (N, columns)."""
    with _sound(path):
        arrays = [table.column(column).to_numpy() for column in columns]
    for column, array in zip(columns, arrays, strict=True):
        if array.dtype.kind not in "uif":
            raise UserError(f"{path}: got no numbers in column {column[:40]!a}, expected labels and pixels")
    return np.column_stack(arrays) if arrays else np.empty((table.num_rows, 0))


def _pictures(path: Path, cells: list[Any]) -> NDArray[np.uint8]:
    arrays = []
    for row, cell in enumerate(cells):
        content = cell.get("bytes") if isinstance(cell, dict) else cell
        if not isinstance(content, bytes):
            raise UserError(f"{path}, row {row}: got no picture file in column {IMAGE_NAME}, expected its bytes")
        with opened(f"{path}, row {row}", BytesIO(content), MAX_PIXELS) as picture:
            arrays.append(grey_or_colour(picture))
        if arrays[-1].shape[:2] != arrays[0].shape[:2]:
            sizes = " and ".join("x".join(map(str, array.shape[1::-1])) for array in (arrays[0], arrays[-1]))
            raise UserError(f"{path}, row {row}: got pictures of {sizes} pixels, expected one size; resize them first")
    convert = to_colour if any(array.ndim == 3 for array in arrays) else to_grey
    return np.stack([convert(array) for array in arrays])
