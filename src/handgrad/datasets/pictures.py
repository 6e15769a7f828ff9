"""A folder with one sub-folder of pictures for each class, perhaps below `train` and `test`."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets.images import Dataset, Images
from handgrad.errors import UserError
from handgrad.images.decode import grey_or_colour, opened, to_grey

MAX_PIXELS = 1 << 22
MAX_CLASSES = 256


def load(path: Path, name: str) -> Dataset:
    """The pictures below a folder: PNG, JPEG, BMP, WEBP or GIF (its first frame), all of one size.

    The classes are the names of the sub-folders, in numerical order if all are numbers. Pixels are (N, H, W), or
    (N, H, W, 3) as soon as one picture has real colour. Transparent parts are shown on white, EXIF orientation is
    applied. The order is that of a keyed hash of each file's name: fixed, blind to the class, and hardly changed by
    adding a picture; so the tail of the training images is a fair sample.

    Raises UserError for fewer than 2 classes or more than 256, an empty class, a picture that cannot be read, is too
    large or differs in size (the message names two), and test classes that training lacks. Hidden files are ignored.
    """
    if not sub_folders(path / "train"):
        return Dataset(name, _read(path, _class_names(path)))
    classes = _class_names(path / "train")
    train = _read(path / "train", classes)
    test = path / "test"
    if not sub_folders(test):
        return Dataset(name, train)
    return Dataset(name, train, lambda: _read(test, classes, colour=train.pixels.ndim == 4))


def sub_folders(path: Path) -> list[str]:
    """The names of the folders inside a folder, sorted, hidden ones left out; none if there is no such folder."""
    if not path.is_dir():
        return []
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _class_names(path: Path) -> tuple[str, ...]:
    names = sub_folders(path)
    if not 2 <= len(names) <= MAX_CLASSES:
        raise UserError(f"{path}: got {len(names)} class folders, expected 2 to {MAX_CLASSES}")
    if strange := [name for name in names if not name.isprintable()]:
        raise UserError(f"{path}: got the class folder {strange[0]!r}, expected a name that can be printed; rename it")
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    return tuple(names)


def _read(path: Path, classes: tuple[str, ...], colour: bool | None = None) -> Images:
    """colour: True or False as the training images have it, None to find out."""
    if strange := set(sub_folders(path)) - set(classes):
        raise UserError(f"{path}: got the class {min(strange)!r}, expected those of training: {', '.join(classes)}")
    files = [(file, label) for label, name in enumerate(classes) for file in _files(path / name)]
    if not files:
        raise UserError(f"{path}: got no pictures, expected some in at least one class folder")
    files.sort(key=lambda pair: _shuffle_key(pair[0].relative_to(path)))
    pixels = _stack([file for file, _ in files], colour)
    return Images(pixels, np.array([label for _, label in files], np.uint8), classes)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():  # a class of which there are no test pictures
        return []
    files = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    if not files:
        raise UserError(f"{folder}: got no pictures for this class, expected one or more; add some or remove it")
    return files


def _shuffle_key(file: Path) -> bytes:
    return blake2b(file.as_posix().encode("utf-8", "surrogateescape"), key=b"handgrad", digest_size=16).digest()


def _stack(files: Sequence[Path], colour: bool | None) -> NDArray[np.uint8]:
    arrays: list[NDArray[np.uint8]] = []
    for file in files:
        with opened(file, file, MAX_PIXELS) as picture:
            array = grey_or_colour(picture)
        if arrays and array.shape[:2] != arrays[0].shape[:2]:
            raise UserError(
                f"{files[0]} is {_size(arrays[0])} but {file} is {_size(array)}; "
                "expected pictures of one size, so resize or crop them first"
            )
        arrays.append(array)
    if colour is None:
        colour = any(array.ndim == 3 for array in arrays)
    return np.stack([_to_colour(array) if colour else to_grey(array) for array in arrays])


def _size(array: NDArray[np.uint8]) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"


def _to_colour(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return array if array.ndim == 3 else np.repeat(array[:, :, None], 3, axis=2)
