"""Where the data sets of the catalogue lie on this machine: fetched, checked, listed and loaded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets import download, folder, idx
from handgrad.datasets.catalog import CATALOG, Entry, entry_of
from handgrad.datasets.download import Progress
from handgrad.datasets.images import Dataset, Images
from handgrad.errors import UserError

PACKAGE_FOLDER = Path(__file__).parent  # of the data sets that come with the package
SUMS_FILE = "SHA256SUMS"
State = Literal["built in", "fetched", "not fetched"]


@dataclass(frozen=True)
class Status:
    """One line of the list of data sets.

    Parameters
    ----------
    name, description : str
        As the catalogue has them.
    train, test : int
        How many training and test images there are.
    where : Path
        The folder of its files.
    state : {"built in", "fetched", "not fetched"}
        Whether the files are there.
    """

    name: str
    description: str
    train: int
    test: int
    where: Path
    state: State


def load(name: str) -> Dataset:
    """Load a data set of the catalogue.

    Parameters
    ----------
    name : str
        A name of the catalogue.

    Returns
    -------
    Dataset
        The data set; the test images are read when they are asked for.

    Raises
    ------
    UserError
        For an unknown name, one that has not been fetched, and files with faults.
    """
    entry = entry_of(name)
    if entry.built_in:
        return Dataset(name, _built_in("train", name), lambda: _built_in("t10k", name))
    if _state(name) == "not fetched":
        raise UserError(f"{name}: not on this machine ({where(name)}); run: handgrad data fetch {name}")
    return folder.load_idx(where(name), name, entry.classes, entry.transposed)


def fetch(name: str) -> Iterator[Progress]:
    """Fetch a data set into the user's cache, but for the files that are there and right already.

    An interrupted fetch goes on where it stopped.

    Parameters
    ----------
    name : str
        A name of the catalogue.

    Returns
    -------
    iterator of Progress
        Runs the fetch: the state of the file being fetched, after each chunk.

    Raises
    ------
    UserError
        For an unknown name, one in the package, no mirror that answers, and a wrong checksum.
    """
    entry = entry_of(name)
    if entry.built_in:
        raise UserError(f"{name}: it is part of the package, there is nothing to fetch")
    return _fetch(entry, where(name))


def verify(name: str) -> tuple[str, ...]:
    """Check every file of a data set against its SHA-256.

    For a data set in the package these are the sums of the uncompressed files, for the others those of the files as
    they were fetched. Files from an archive have only the sums noted when they were taken out of it; the published sum
    is that of the archive.

    Parameters
    ----------
    name : str
        A name of the catalogue.

    Returns
    -------
    tuple of str
        The names of the files.

    Raises
    ------
    UserError
        When a file is missing or differs, and for an unknown name.
    """
    entry = entry_of(name)
    if entry.built_in:
        files = tuple(_sums(where(name)))
        for file in files:
            _checked(where(name), file)
        return files
    sums = _sums(where(name)) if entry.members else {remote.name: remote.sha256 for remote in entry.remotes}
    for file in entry.files:
        path = where(name) / file
        if not path.is_file() or file not in sums:
            raise UserError(f"{name}: got no {path} from `fetch` to check; run: handgrad data fetch {name}")
        if (got := download.sha256(path)) != sums[file]:
            raise UserError(f"{path}: got the SHA-256 {got}, expected {sums[file]}; run: handgrad data fetch {name}")
    return entry.files


def status() -> tuple[Status, ...]:
    """List the data sets of the catalogue.

    Returns
    -------
    tuple of Status
        What each is, where its files are or would be, and whether they are there.
    """
    return tuple(
        Status(name, entry.description, entry.train, entry.test, where(name), _state(name))
        for name, entry in CATALOG.items()
    )


def where(name: str) -> Path:
    """Return the folder of a data set's files: in the package, or in the user's cache.

    The cache is $HANDGRAD_DATA, else $XDG_CACHE_HOME/handgrad, else ~/.cache/handgrad.

    Parameters
    ----------
    name : str
        A name of the catalogue.

    Returns
    -------
    Path
        The folder, which may not exist yet.

    Raises
    ------
    UserError
        For an unknown name.
    """
    if entry_of(name).built_in:
        return PACKAGE_FOLDER / name
    if own := os.environ.get("HANDGRAD_DATA"):
        return Path(own).expanduser() / name
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "handgrad" / name


def _state(name: str) -> State:
    if CATALOG[name].built_in:
        return "built in"
    path = where(name)
    return "fetched" if path.is_dir() and len(folder.idx_files(path)) == 4 else "not fetched"


def _fetch(entry: Entry, path: Path) -> Iterator[Progress]:
    if entry.members and _members_are_right(entry, path):
        yield from (Progress(file, size := (path / file).stat().st_size, size) for file in entry.members)
        return
    yield from download.download(entry.remotes, entry.mirrors, path)
    if entry.members:
        archive = path / entry.remotes[0].name
        download.extract(archive, entry.members, path)
        sums = (f"{download.sha256(path / file)}  {file}\n" for file in entry.members)
        (path / SUMS_FILE).write_text("".join(sums), encoding="utf-8")
        archive.unlink()


def _members_are_right(entry: Entry, path: Path) -> bool:
    sums = _sums(path)
    return all((path / file).is_file() and sums.get(file) == download.sha256(path / file) for file in entry.members)


def _sums(path: Path) -> dict[str, str]:
    """{file: SHA-256} from a folder's SHA256SUMS, which is empty if there is none."""
    if not (path / SUMS_FILE).is_file():
        return {}
    lines = (path / SUMS_FILE).read_text(encoding="utf-8").splitlines()
    return {file: digest for digest, _, file in (line.partition("  ") for line in lines)}


def _built_in(part: str, name: str) -> Images:
    pixels, labels = (_checked(where(name), f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    return Images(pixels, labels, CATALOG[name].classes)


def _checked(path: Path, file: str) -> NDArray[np.uint8]:
    """A file of the package. An array has one form as IDX, so its sum is that of the uncompressed file."""
    gzipped = path / f"{file}.gz"
    array = idx.read(gzipped)
    digest = hashlib.sha256(idx.header(array.shape))
    digest.update(array.data)
    expected = _sums(path).get(file)
    if digest.hexdigest() != expected:
        raise UserError(f"{gzipped}: got the SHA-256 {digest.hexdigest()}, expected {expected}; install handgrad again")
    return array
