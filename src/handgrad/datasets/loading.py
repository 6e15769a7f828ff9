"""What the user means by a data set: a name of the catalogue, a folder, or a file."""

from __future__ import annotations

import re
from pathlib import Path

from handgrad.datasets import folder, npz, parquet, registry, tables
from handgrad.datasets.catalog import CATALOG, unknown
from handgrad.datasets.images import Dataset, See
from handgrad.datasets.kept_back import with_test_images
from handgrad.errors import UserError

FILE_READERS = {".npz": npz.load, ".csv": tables.load, ".csv.gz": tables.load, ".parquet": parquet.load}
URL = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # two letters or more, so not a drive of Windows


def load(name_or_path: str | Path, see: See | None = None) -> Dataset:
    """Load a data set by its name, or from a folder or file.

    A name of the catalogue always means the data set of that name, even where a folder of that name lies in the current
    folder: write `./mnist`, or give a Path, for the folder. `folder.py` tells which forms a folder may have; a file may
    be an NPZ archive (`npz.py`), or a table, CSV (`tables.py`) or Parquet (`parquet.py`). Test images are read when
    they are asked for; where there are none, a tenth of the images is kept back as such (`kept_back.py`).

    Parameters
    ----------
    name_or_path : str or Path
        A name of the catalogue, or the path of a folder or a file.
    see : callable, optional
        Turns one picture file (a Path) into pixels, uint8 (H, W) or (H, W, 3), for a folder with one sub-folder of
        pictures a class; for example `Resized`. Without it, pictures are taken as they are and have to be of one size.

    Returns
    -------
    Dataset
        The data set.

    Raises
    ------
    UserError
        For an unknown name, one that has not been fetched, a URL, and files with faults.

    Examples
    --------
    >>> load("mnist").train.shape
    (28, 28, 1)
    """
    if is_name(name_or_path):
        return registry.load(str(name_or_path))
    try:
        return _load_path(str(name_or_path), Path(name_or_path).expanduser(), see)
    except OSError as error:  # a name that is too long, or a disk that fails
        raise UserError(f"{str(name_or_path)[:200]}: cannot be read ({error.strerror}); give another path") from error


def _load_path(given: str, path: Path, see: See | None) -> Dataset:
    if path.is_dir():
        return with_test_images(folder.load(path, see))
    for ending, read in FILE_READERS.items():
        if path.is_file() and path.name.lower().endswith(ending):
            return with_test_images(read(path, path.name[: -len(ending)]))
    raise UserError(_refusal(given, path.exists()))


def is_name(name_or_path: str | Path) -> bool:
    """Tell a name of the catalogue from a path.

    Parameters
    ----------
    name_or_path : str or Path
        What `load` takes.

    Returns
    -------
    bool
        True for a string that is a name; a Path never is.
    """
    return isinstance(name_or_path, str) and name_or_path in CATALOG


def resolve(name_or_path: str | Path) -> str:
    """Return what means the same data set in whatever folder a later command is run.

    Parameters
    ----------
    name_or_path : str or Path
        What `load` takes.

    Returns
    -------
    str
        A name of the catalogue as it is, a path made absolute.

    Raises
    ------
    UserError
        For a URL.
    """
    if is_name(name_or_path):
        return str(name_or_path)
    if URL.match(str(name_or_path)):
        raise UserError(_refusal(str(name_or_path), False))
    return str(Path(name_or_path).expanduser().resolve())


def shadowed(name_or_path: str | Path) -> Path | None:
    """Find the folder that is not meant, because a data set has the same name.

    Parameters
    ----------
    name_or_path : str or Path
        What `load` takes.

    Returns
    -------
    Path or None
        The folder of this name in the current folder; None for a path, and where there is no such folder.
    """
    path = Path(name_or_path)
    return path.absolute() if is_name(name_or_path) and path.is_dir() else None


def _refusal(given: str, exists: bool) -> str:
    """Why there is nothing to load."""
    if exists:
        *others, last = FILE_READERS
        return f"{given}: not a data set; expected a folder, or a file whose name ends in {', '.join(others)} or {last}"
    if URL.match(given):
        return f"{given}: a URL, expected a name, a folder or a file; download it first, then give its path"
    return unknown(given)
