"""Which kind of file a picture is, by its first bytes; and the libraries that some kinds need."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from handgrad.errors import UserError

HEAD = 1024  # bytes in which a PDF has its mark
PDF_MARK = b"%PDF-"
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def first_bytes(source: Path | BinaryIO) -> bytes:
    """Return the first bytes of a file.

    Parameters
    ----------
    source : Path or binary file
        The file; one that is open is left at its start.

    Returns
    -------
    bytes
        At most `HEAD` bytes.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(HEAD)
    head = source.read(HEAD)
    source.seek(0)
    return head


def is_pdf(head: bytes) -> bool:
    """Tell whether a file is a PDF.

    Parameters
    ----------
    head : bytes
        Its first bytes.

    Returns
    -------
    bool
        True for a PDF; bytes of a printer may stand before its mark.
    """
    return PDF_MARK in head


def is_heif(head: bytes) -> bool:
    """Tell whether a file is HEIC or HEIF, as telephones write them.

    Parameters
    ----------
    head : bytes
        Its first bytes.

    Returns
    -------
    bool
        True for these kinds.
    """
    return head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS


def library(name: str | Path, kind: str, module: str, extra: str) -> ModuleType:
    """Import the library that a kind of file needs.

    Parameters
    ----------
    name : str or Path
        What to call the file in an error message.
    kind : str
        The kind of file.
    module : str
        The library's module.
    extra : str
        The extra of handgrad that installs it.

    Returns
    -------
    module
        The library.

    Raises
    ------
    UserError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        package = module.replace("_", "-")
        raise UserError(f"{name}: {kind} needs {package}; pip install 'handgrad[{extra}]'") from None
