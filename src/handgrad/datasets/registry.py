"""The data sets that have a name: where they lie on this machine, whether they are there and right."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets import download, folder, idx
from handgrad.datasets.catalog import CATALOG, Entry, entry_of, unknown
from handgrad.datasets.download import Progress
from handgrad.datasets.images import Dataset, Images
from handgrad.errors import UserError

MNIST_FOLDER = Path(__file__).parent / "mnist"
SUMS_FILE = "SHA256SUMS"
State = Literal["built in", "fetched", "not fetched"]


@dataclass(frozen=True)
class Status:
    """One line of the list of data sets. train, test: numbers of images. where: the folder of its files."""

    name: str
    description: str
    train: int
    test: int
    where: Path
    state: State


def load(name_or_path: str | Path) -> Dataset:
    """A data set by its name, or from a folder (`folder.py` says which forms it may have).

    A name goes before a folder of the same name: write `./mnist` for the folder. The test images are read when they are
    asked for. Raises UserError for an unknown name, one that has not been fetched, and files with faults.
    """
    name = str(name_or_path)
    if isinstance(name_or_path, Path) or name not in CATALOG:
        path = Path(name_or_path).expanduser()
        if not path.exists():
            raise UserError(unknown(name))
        return folder.load(path)
    entry = CATALOG[name]
    if not entry.remotes:
        return Dataset(name, _built_in("train", entry), lambda: _built_in("t10k", entry))
    if _state(name) == "not fetched":
        raise UserError(f"{name}: not on this machine ({where(name)}); run: handgrad data fetch {name}")
    return folder.load_idx(where(name), name, entry.classes)


def fetch(name: str) -> Iterator[Progress]:
    """Fetch a data set into the user's cache, yielding progress; what is there and right already is not fetched again.

    An interrupted fetch goes on where it stopped. Raises UserError for an unknown name, one in the package, no mirror
    that answers, and a wrong checksum.
    """
    entry = entry_of(name)
    if not entry.remotes:
        raise UserError(f"{name}: it is part of the package, there is nothing to fetch")
    return _fetch(entry, where(name))


def verify(name: str) -> tuple[str, ...]:
    """Check every file of a data set against its SHA-256; returns their names.

    For MNIST these are the sums of the uncompressed files, for the others those of the files as they were fetched. The
    files of EMNIST have only the sums noted when they were taken out of the archive, whose own sum is published. Raises
    UserError when a file is missing or differs.
    """
    entry = entry_of(name)
    if not entry.remotes:
        files = tuple(_sums(MNIST_FOLDER))
        for file in files:
            _checked(file)
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
    """What each data set is, where its files are or would be, and whether they are there."""
    return tuple(
        Status(name, entry.description, entry.train, entry.test, where(name), _state(name))
        for name, entry in CATALOG.items()
    )


def where(name: str) -> Path:
    """The folder of a data set's files: in the package, or in the user's cache.

    The cache is $HANDGRAD_DATA, else $XDG_CACHE_HOME/handgrad, else ~/.cache/handgrad.
    """
    if not entry_of(name).remotes:
        return MNIST_FOLDER
    if own := os.environ.get("HANDGRAD_DATA"):
        return Path(own).expanduser() / name
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "handgrad" / name


def _state(name: str) -> State:
    if not CATALOG[name].remotes:
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


def _built_in(part: str, entry: Entry) -> Images:
    pixels, labels = _checked(f"{part}-images-idx3-ubyte"), _checked(f"{part}-labels-idx1-ubyte")
    return Images(pixels, labels, entry.classes)


def _checked(file: str) -> NDArray[np.uint8]:
    """A file of the package. An array has one form as IDX, so its sum is that of the uncompressed file."""
    path = MNIST_FOLDER / f"{file}.gz"
    array = idx.read(path)
    digest = hashlib.sha256(idx.header(array.shape))
    digest.update(array.data)
    expected = _sums(MNIST_FOLDER).get(file)
    if digest.hexdigest() != expected:
        raise UserError(f"{path}: got the SHA-256 {digest.hexdigest()}, expected {expected}; install handgrad again")
    return array
