"""Files that are written whole or not at all, and folders that one process has for itself."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handgrad.errors import UserError

PART = re.compile(r"\..+\.[0-9a-f]{8}")  # the name of a file until it is whole


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and its missing parents.

    Parameters
    ----------
    path : str or path-like
        The folder; it may exist already.

    Raises
    ------
    UserError
        If the folder cannot be made.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: the folder cannot be made ({error.strerror}); choose another") from None


def is_free(path: str | os.PathLike[str]) -> bool:
    """Return whether a new folder may be made at this path.

    Parameters
    ----------
    path : str or path-like
        Where the folder would be.

    Returns
    -------
    bool
        True if nothing is there, or a folder that holds at most temporary files of an interrupted write.
    """
    path = Path(path)
    return not path.exists() or (path.is_dir() and all(PART.fullmatch(entry.name) for entry in path.iterdir()))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder for this process, until the context or the process ends.

    Windows and some network disks cannot lock folders; there, nothing is locked.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Yields
    ------
    None
        While the folder is locked.

    Raises
    ------
    UserError
        If another process holds the lock.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{folder}: another process is at work in it; wait for it, or choose another") from None
        except OSError:
            pass  # a disk that cannot lock
        yield
    finally:
        os.close(handle)


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file whole, or leave what was there as it was.

    The content goes to a temporary file in the same folder, is flushed to the disk, and is then renamed: on one disk,
    a rename happens whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; its folder must exist.
    content : bytes
        All that the file is to hold.

    Raises
    ------
    UserError
        If the file cannot be written: the disk is full, say, or the folder is missing.
    """
    path = Path(path)
    # opened by hand and not by tempfile, whose files only their owner may read
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{path}: cannot be written ({reason}); choose a folder that exists and has room") from error
