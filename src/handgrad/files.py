"""Writing a file whole or not at all."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handgrad.errors import UserError

PART = re.compile(r"\..+\.[0-9a-f]{8}")  # what a file is called until it is whole


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder, and those above it, where there is none yet. OSError becomes a UserError."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: the folder cannot be made ({error.strerror}); choose another") from None


def is_free(path: str | os.PathLike[str]) -> bool:
    """Whether nothing is there, or a folder with nothing in it but what a lost power supply left half-written."""
    path = Path(path)
    return not path.exists() or (path.is_dir() and all(PART.fullmatch(entry.name) for entry in path.iterdir()))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a folder for this process; UserError where another has it. It is free again however the process ends.

    Windows, and some network disks, cannot lock folders: there, nothing is kept.
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
    """Write beside `path`, see it onto the disk, then rename: on one disk a rename happens whole or not at all.

    A full disk, a missing folder or a lost power supply leaves what was there as it was. OSError becomes a UserError.
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
