"""A folder with one sub-folder of pictures for each class, perhaps below `train` and `test`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets.images import MAX_CLASSES, Dataset, Images, See
from handgrad.errors import UserError
from handgrad.images.decode import at_work_size, grey_or_colour, resized, to_colour, to_grey
from handgrad.images.opening import ENDINGS, opened

MAX_PIXELS = 1 << 22  # of a picture that is taken as it is
MAX_PHOTO_PIXELS = 50_000_000  # of a picture that is resized
MAX_SIDE = 1 << 11  # pixels, of what a picture is resized to
NAMED = 10  # pictures that cannot be read are named, up to so many
SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}  # what Windows and macOS leave in folders, in lower case


@dataclass(frozen=True)
class Resized:
    """Turn a picture file into pixels of one size, the same way for training and for prediction.

    The picture is decoded (EXIF orientation applied, transparent parts shown as paper) and stretched to the size as it
    is: nothing is cropped, searched for or inverted.

    Parameters
    ----------
    size : tuple of int
        Height and width, each from 1 to 2048 pixels.
    colour : bool, optional
        Whether to give red, green and blue, or grey; None for what the picture is.

    Raises
    ------
    UserError
        For a size out of range; when called, for a picture that cannot be read or is too large.

    Examples
    --------
    >>> from handgrad.datasets import load
    >>> load("cats_and_dogs", see=Resized((32, 32), colour=True))  # doctest: +SKIP
    """

    size: tuple[int, int]
    colour: bool | None = None

    def __post_init__(self) -> None:
        if len(self.size) != 2 or not all(1 <= side <= MAX_SIDE for side in self.size):
            raise UserError(f"size: got {self.size}, expected height and width, each 1 to {MAX_SIDE} pixels")

    def __call__(self, file: Path) -> NDArray[np.uint8]:
        """The pixels (H, W), or (H, W, 3) in colour, of a picture file."""
        with opened(file, file, MAX_PHOTO_PIXELS) as picture:
            return resized(grey_or_colour(at_work_size(picture)), self.size, self.colour)


def load(path: Path, name: str, see: See | None = None) -> Dataset:
    """Read the pictures below a folder: PNG, JPEG, BMP, WEBP, TIFF, HEIC or GIF (the first of several).

    The classes are the names of the sub-folders, in numerical order if all are numbers. The order of the images is that
    of a keyed hash of each file's name: fixed, blind to the class, and hardly changed by adding a picture; so the tail
    of the training images is a fair sample. What has no picture's ending is passed over, and a picture that cannot be
    read is left out: the logger `handgrad` counts the former and names the latter.

    Parameters
    ----------
    path : Path
        The folder.
    name : str
        What to call the data set.
    see : callable, optional
        Turns a picture file into pixels. Without it, pictures are taken as they are and have to be of one size:
        transparent parts are shown as paper and EXIF orientation is applied.

    Returns
    -------
    Dataset
        Images (N, H, W), or (N, H, W, 3) as soon as one picture among the training images has real colour.

    Raises
    ------
    UserError
        For fewer than 2 classes or more than 256, a class without a picture that can be read, pictures that differ in
        size (the message names two), and test classes that training lacks.
    """
    if not sub_folders(path / "train"):
        return Dataset(name, _read(path, _class_names(path), see))
    classes = _class_names(path / "train")
    train = _read(path / "train", classes, see)
    test = path / "test"
    if not sub_folders(test):
        return Dataset(name, train)
    return Dataset(name, train, lambda: _read(test, classes, see, colour=train.shape[2] == 3))


def sub_folders(path: Path) -> list[str]:
    """List the folders inside a folder, without those that are passed over.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    list of str
        Their names, sorted; none if there is no such folder.
    """
    return sorted(entry.name for entry in _entries(path) if entry.is_dir())


def is_passed_over(name: str) -> bool:
    """Tell what does not count among pictures and class folders: hidden files, and what systems leave behind.

    Parameters
    ----------
    name : str
        The name of a file or folder.

    Returns
    -------
    bool
        Whether it starts with a dot, or is Thumbs.db, desktop.ini or __MACOSX in any case.
    """
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def _entries(folder: Path) -> Iterator[Path]:
    """What counts in a folder; nothing if there is no such folder."""
    if folder.is_dir():
        yield from (entry for entry in folder.iterdir() if not is_passed_over(entry.name))


def _class_names(path: Path) -> tuple[str, ...]:
    names = sub_folders(path)
    if not 2 <= len(names) <= MAX_CLASSES:
        raise UserError(f"{path}: got {len(names)} class folders, expected 2 to {MAX_CLASSES}")
    if strange := [name for name in names if not name.isprintable()]:
        raise UserError(f"{path}: got the class folder {strange[0]!r}, expected a name that can be printed; rename it")
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    return tuple(names)


def _read(path: Path, classes: tuple[str, ...], see: See | None, colour: bool | None = None) -> Images:
    """colour: True or False as the training images have it, None to find out."""
    if strange := set(sub_folders(path)) - set(classes):
        raise UserError(f"{path}: got the class {min(strange)!r}, expected those of training: {', '.join(classes)}")
    files = [(file, label) for label, name in enumerate(classes) for file in picture_files(path / name)]
    if not files:
        raise UserError(f"{path}: got no pictures, expected some in at least one class folder")
    files.sort(key=lambda pair: _shuffle_key(pair[0].relative_to(path)))
    _tell_passed_over(path, sum(other_files(path / name) for name in classes))
    arrays, failed = _readable([file for file, _ in files], see or _as_it_is)
    labels = [label for file, label in files if file in arrays]
    for label in {label for _, label in files}.difference(labels):
        first = next(failed[file] for file, its in files if its == label)
        raise UserError(f"{path / classes[label]}: none of its pictures can be read; the first: {first}")
    return Images(
        _stack(arrays, colour), labels, classes, getattr(see, "pictures", "pictures"), paths=tuple(map(str, arrays))
    )


def _tell_passed_over(path: Path, count: int) -> None:
    if count:
        logging.getLogger("handgrad").warning("%s: passed over %d without a picture's ending", path, count)


def _readable(files: Sequence[Path], see: See) -> tuple[dict[Path, NDArray[np.uint8]], dict[Path, str]]:
    """The pixels of each picture that can be read, and why the others cannot be; those are named."""
    arrays: dict[Path, NDArray[np.uint8]] = {}
    failed: dict[Path, str] = {}
    for file in files:
        try:
            arrays[file] = see(file)
        except UserError as error:
            failed[file] = str(error)
    log = logging.getLogger("handgrad")
    for message in list(failed.values())[:NAMED]:
        log.warning("left out %s", message)
    if len(failed) > NAMED:
        log.warning("left out %d more that cannot be read", len(failed) - NAMED)
    return arrays, failed


def picture_files(folder: Path) -> list[Path]:
    """List the pictures of one class, in a fixed order that is blind to what they show.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of a class.

    Returns
    -------
    list of pathlib.Path
        Its files with a picture's ending, but for those of the system.

    Raises
    ------
    UserError
        For an empty folder.
    """
    files = sorted(filter(_is_picture, _entries(folder)), key=lambda file: _shuffle_key(Path(file.name)))
    if not files and folder.is_dir():  # without the folder, there are no test pictures of this class: that is fine
        raise UserError(
            f"{folder}: got no pictures for this class, expected one or more, called *.png or the like; add some or "
            "remove the folder"
        )
    return files


def other_files(folder: Path) -> int:
    """Count what is no picture by its ending among the files and folders in the folder of a class.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of a class.

    Returns
    -------
    int
        How many; hidden ones, and those that systems leave behind, do not count.
    """
    return sum(not _is_picture(entry) for entry in _entries(folder))


def _is_picture(entry: Path) -> bool:
    return entry.name.lower().endswith(ENDINGS) and entry.is_file()


def _shuffle_key(file: Path) -> bytes:
    return blake2b(file.as_posix().encode("utf-8", "surrogateescape"), key=b"handgrad", digest_size=16).digest()


def _as_it_is(file: Path) -> NDArray[np.uint8]:
    with opened(file, file, MAX_PIXELS) as picture:
        return grey_or_colour(picture)


def _stack(seen: dict[Path, NDArray[np.uint8]], colour: bool | None) -> NDArray[np.uint8]:
    first, arrays = next(iter(seen)), list(seen.values())
    for file, array in seen.items():
        if array.shape[:2] != arrays[0].shape[:2]:
            raise UserError(
                f"{first} is {_size(arrays[0])} but {file} is {_size(array)}; expected pictures of one size, so "
                "resize or crop them first, or load them with a size: load(..., see=Resized((height, width)))"
            )
    if colour is None:
        colour = any(array.ndim == 3 for array in arrays)
    return np.stack([to_colour(array) if colour else to_grey(array) for array in arrays])


def _size(array: NDArray[np.uint8]) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
