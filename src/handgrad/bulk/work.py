"""Which pictures are to be read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from handgrad.datasets.pictures import is_passed_over
from handgrad.errors import UserError
from handgrad.images.opening import ENDINGS


@dataclass(frozen=True)
class Work:
    """The pictures to read.

    Parameters
    ----------
    paths : tuple of str
        The pictures, sorted.
    folders : tuple of str
        The folders that were given.
    passed_over : int
        How many files in these folders are no pictures.
    """

    paths: tuple[str, ...]
    folders: tuple[str, ...]
    passed_over: int


def find_pictures(given: Iterable[str]) -> Work:
    """Return the pictures that paths stand for.

    A folder stands for all pictures in it and in its sub-folders. Hidden files, what systems leave behind, files whose
    ending is no picture's, and links to folders are passed over. A file that is given counts whatever its ending.

    Parameters
    ----------
    given : iterable of str
        Pictures, and folders of them.

    Returns
    -------
    Work
        The pictures; one that was given twice counts once.

    Raises
    ------
    UserError
        For a path where nothing is, a folder that cannot be listed, and for no pictures at all.
    """
    given = tuple(dict.fromkeys(given))
    folders = tuple(path for path in given if Path(path).is_dir())
    paths, passed_over = {path for path in given if path not in folders}, 0
    for path in sorted(paths):
        if not Path(path).exists():
            raise UserError(f"{path}: no such file or folder; give pictures, or folders of them")
    for folder in folders:
        for found in _files(folder):
            if found is None:
                passed_over += 1
            else:
                paths.add(found)
    if not paths:
        places = ", ".join(given)
        raise UserError(f"{places}: no pictures, {passed_over} other files; expected files like {', '.join(ENDINGS)}")
    return Work(tuple(sorted(paths)), folders, passed_over)


def _files(folder: str) -> Iterator[str | None]:
    """The pictures below a folder, and None for what is passed over."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            entries = list(os.scandir(place))
        except OSError as error:
            raise UserError(f"{place}: cannot be listed ({error.strerror}); make it readable, or move it") from None
        for entry in entries:
            if is_passed_over(entry.name):
                yield None
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_file() and entry.name.lower().endswith(ENDINGS):
                yield entry.path
            else:
                yield None
