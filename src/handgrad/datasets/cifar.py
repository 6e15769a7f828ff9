"""CIFAR-10's binary files: records of one label and three planes, 32x32 bytes each: red, green, blue.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; the data set's page, "Binary
version".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets.images import Dataset, Images
from handgrad.errors import UserError
from handgrad.files import check_regular

TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE = "test_batch.bin"
NAMES_FILE = "batches.meta.txt"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32


def load(path: Path, name: str) -> Dataset:
    """Read CIFAR-10 from its folder; the test batch and the file of class names are optional.

    Parameters
    ----------
    path : Path
        The folder.
    name : str
        What to call the data set.

    Returns
    -------
    Dataset
        Images (N, 32, 32, 3).

    Raises
    ------
    UserError
        For a missing batch, a length that is no whole number of records, a label above 9, and names that are not ten.
    """
    classes = _read_classes(path / NAMES_FILE)
    train = _read([path / file for file in TRAIN_FILES], classes)
    test = path / TEST_FILE
    return Dataset(name, train, (lambda: _read([test], classes)) if test.exists() else None)


def _read(paths: list[Path], classes: tuple[str, ...]) -> Images:
    records = np.concatenate([_read_records(path) for path in paths])
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return Images(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, 0].copy(), classes, "pictures")


def _read_records(path: Path) -> NDArray[np.uint8]:
    check_regular(path)
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); CIFAR-10 needs it") from error
    if not len(data) or len(data) % RECORD:
        raise UserError(f"{path}: got {len(data)} bytes, expected records of {RECORD}: truncated, or no CIFAR-10 file")
    records = data.reshape(-1, RECORD)
    if records[:, 0].max() >= len(CLASSES):
        raise UserError(f"{path}: got the label {records[:, 0].max()}, expected 0 to 9; is this CIFAR-10?")
    return records


def _read_classes(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return CLASSES
    check_regular(path)
    names = tuple(path.read_text(encoding="utf-8", errors="replace").split())
    if len(names) != len(CLASSES):
        raise UserError(f"{path}: got {len(names)} names, expected one for each of the ten classes")
    return names
