"""Files written whole or not at all, records in JSON that are checked, folders that one process has for itself."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from handgrad.errors import UserError

Checked = TypeVar("Checked")

MAX_RECORD = 64 << 20  # bytes of a text file with records; those of the longest sweeps and trainings have a tenth
WHOLE_NUMBERS = 1 << 63  # beyond plus or minus this, no whole number in a record means anything
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
        If another process holds the lock, or the folder cannot be opened.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"{folder}: cannot be opened ({error.strerror}); give the same command again") from None
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
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{path}: cannot be written ({reason}); choose a folder that exists and has room") from error


def remove_file(path: Path) -> None:
    """Remove a file, where there is one.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    UserError
        If it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be removed ({error.strerror}); give the same command again") from None


def check_regular(path: str | os.PathLike[str]) -> None:
    """Refuse a pipe or a device, which may have no end and may be waited for for ever.

    Parameters
    ----------
    path : str or path-like
        What is to be read; where there is nothing, nothing is said.

    Raises
    ------
    UserError
        For what is there and is neither a file nor a folder.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{path}: a pipe or a device, expected a file; copy its content into a file first")


def read_text(path: Path) -> str:
    """Return the text in a file of records.

    Parameters
    ----------
    path : Path
        The file, in UTF-8.

    Returns
    -------
    str
        The text.

    Raises
    ------
    UserError
        For a pipe, a device, and more than `MAX_RECORD` bytes.
    OSError, ValueError
        Where there is no such file, or it holds no text.
    """
    check_regular(path)
    with path.open("rb") as file:
        content = file.read(MAX_RECORD + 1)
    if len(content) > MAX_RECORD:
        raise UserError(f"{path}: more than {MAX_RECORD >> 20} MB, too long for a record; replace or remove it")
    return content.decode("utf-8")


def read_json(text: str | bytes, kind: type[Checked]) -> Checked:
    """Return the value that JSON holds, of the type that it must have.

    Parameters
    ----------
    text : str or bytes
        The JSON.
    kind : type
        What it must be: a `TypedDict`, a dataclass, `dict[str, float]`, or the like, see msgspec's "supported types".

    Returns
    -------
    object
        The value. Of a `TypedDict`, keys that it does not name are left out.

    Raises
    ------
    ValueError
        For anything else; the message says where.

    Examples
    --------
    >>> read_json('{"a": [1, 2.5]}', dict[str, list[float]])
    {'a': [1.0, 2.5]}
    """
    try:
        value = json.loads(text, parse_int=_whole_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return checked(value, kind)


def checked(value: Any, kind: type[Checked]) -> Checked:
    """Return a plain value, of the type that it must have.

    Parameters
    ----------
    value : object
        What JSON or TOML held.
    kind : type
        See `read_json`.

    Returns
    -------
    object
        The value.

    Raises
    ------
    ValueError
        For a value of another type; the message says where.
    """
    import msgspec

    try:
        return msgspec.convert(value, kind)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _whole_number(digits: str) -> int:
    found = int(digits) if len(digits) <= 20 else WHOLE_NUMBERS
    if not -WHOLE_NUMBERS <= found < WHOLE_NUMBERS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return found
