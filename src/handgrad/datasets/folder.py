"""A folder with a data set of the user's own: which of three forms it has, and the reading of IDX files.

- IDX: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and the same with `t10k` (or `test`) for the test images;
  `.idx3-ubyte` for `-idx3-ubyte`, `.gz` behind it, and a prefix as in `emnist-digits-train-...` are fine.
- CIFAR-10's binary files (`cifar.py`).
- One sub-folder of pictures a class, perhaps below `train` and `test` (`pictures.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from handgrad.datasets import cifar, idx, pictures
from handgrad.datasets.images import Dataset, Images, See, numbered_classes
from handgrad.errors import UserError

IDX_NAME = re.compile(
    r"(?P<prefix>.*-)?(?P<part>train|t10k|test)-"
    r"(?:(?P<images>images[-.]idx3-ubyte)|labels[-.](?:idx1-ubyte|idx2-int))(?:\.gz)?"
)
TRANSPOSED_PREFIX = "emnist-"  # files so named are EMNIST's, whichever folder a user puts them into

Files = Mapping[tuple[str, str], Path]


def load(path: Path, see: See | None = None) -> Dataset:
    """Read the data set in a folder, whichever form it has.

    Parameters
    ----------
    path : Path
        The folder.
    see : callable, optional
        Turns a picture file into pixels, where the folder has one sub-folder of pictures a class.

    Returns
    -------
    Dataset
        The data set, named after the folder.

    Raises
    ------
    UserError
        When there is no such folder, no data set in it, or a fault in its files.
    """
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; expected a folder with a data set")
    name = path.resolve().name
    if (path / cifar.TRAIN_FILES[0]).exists():
        return cifar.load(path, name)
    if files := idx_files(path):
        return load_idx(path, name, transposed=any(file.name.startswith(TRANSPOSED_PREFIX) for file in files.values()))
    if pictures.sub_folders(path):
        return pictures.load(path, name, see)
    raise UserError(
        f"{path}: no data set found; expected IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte), "
        "CIFAR-10's data_batch_1.bin, or one sub-folder of pictures for each class"
    )


def load_idx(path: Path, name: str, classes: tuple[str, ...] | None = None, transposed: bool = False) -> Dataset:
    """Read the data set in a folder of IDX files; test images are optional.

    Parameters
    ----------
    path : Path
        The folder.
    name : str
        What to call the data set.
    classes : tuple of str, optional
        The names of the classes; without them, "0" up to the largest label among the training images.
    transposed : bool
        Whether the files hold each image with rows and columns exchanged.

    Returns
    -------
    Dataset
        The data set.

    Raises
    ------
    UserError
        When a file is missing or has a fault.
    """
    files = idx_files(path)
    train = _read_part(path, files, "train", classes, transposed)
    if not any(part == "test" for part, _ in files):
        return Dataset(name, train)
    return Dataset(name, train, lambda: _read_part(path, files, "test", train.classes, transposed))


def idx_files(path: Path) -> Files:
    """Find the IDX files in a folder; a plain file goes before its `.gz`.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    mapping
        {("train" or "test", "images" or "labels"): file} for what is there.

    Raises
    ------
    UserError
        When the names tell of two data sets.
    """
    files: dict[tuple[str, str], Path] = {}
    prefixes = set()
    for file in sorted(path.iterdir()):
        if match := IDX_NAME.fullmatch(file.name):
            prefixes.add(match["prefix"] or "")
            part = "train" if match["part"] == "train" else "test"
            files.setdefault((part, "images" if match["images"] else "labels"), file)
    if len(prefixes) > 1:
        names = ", ".join(repr(prefix) for prefix in sorted(prefixes))
        raise UserError(f"{path}: got IDX files of several data sets ({names}); put each in its own folder")
    return files


def _read_part(path: Path, files: Files, part: str, classes: tuple[str, ...] | None, transposed: bool) -> Images:
    for kind, ending in (("images", "idx3"), ("labels", "idx1")):
        if (part, kind) not in files:
            start = "train" if part == "train" else "t10k"
            raise UserError(f"{path}: got no {part} {kind}, expected {start}-{kind}-{ending}-ubyte, gzipped or not")
    images_path, labels_path = files[part, "images"], files[part, "labels"]
    pixels, labels = idx.read_pair(images_path, labels_path, None if classes is None else len(classes))
    if not pixels.size:
        raise UserError(f"{images_path}: got an array of shape {pixels.shape}, expected at least one image")
    if transposed:
        pixels = np.ascontiguousarray(pixels.transpose(0, 2, 1))
    return Images(pixels, labels, classes or numbered_classes(labels))
