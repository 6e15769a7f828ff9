"""Files that may be gzipped, opened so that every way of failing to read them ends in one line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

from handgrad.errors import UserError
from handgrad.files import check_regular

GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file for reading, decompressed if it is gzip: its content says so, not its name.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    BufferedIOBase
        Its bytes.

    Raises
    ------
    UserError
        For a file that is missing, cannot be read, or is damaged gzip.
    """
    check_regular(path)
    try:
        with path.open("rb") as raw:
            if raw.peek(2)[:2] != GZIP_MAGIC:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as unzipped:
                yield unzipped
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: damaged gzip file ({error}); fetch it again") from error
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; check the name, or fetch it") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from error
