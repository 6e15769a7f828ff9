"""The journal of a table under way, by which the same command goes on.

Its first line says what is to be done. Each later one says how many pictures are complete, and how many bytes of rows
there were then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from handgrad.bulk.work import Work
from handgrad.errors import UserError
from handgrad.files import read_json

BEGIN = b'{"settings": '  # how each journal begins
SHOWN = 60  # letters of a setting that a message shows


Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True)
class Mark:
    """How far a table is.

    Parameters
    ----------
    pictures : int
        How many pictures are complete.
    size : int
        Bytes that their rows take, with the heading.
    failed : int
        How many of them could not be read.
    """

    pictures: Count = 0
    size: Count = 0
    failed: Count = 0


@dataclass(frozen=True)
class _Begun:
    """The first line."""

    settings: dict[str, Any]
    work: Work


def journal_of(out: Path) -> Path:
    """Return the journal of a table under way.

    Parameters
    ----------
    out : Path
        The table.

    Returns
    -------
    Path
        The file.
    """
    return out.with_name(f"{out.name}.journal")


def is_begun(log: Path) -> bool:
    """Tell whether a journal has its first line; a process that is killed early leaves none, or a part of it.

    Parameters
    ----------
    log : Path
        The journal, which need not exist.

    Returns
    -------
    bool
        True if it has.

    Raises
    ------
    UserError
        If the file is something else, or cannot be read.
    """
    if not log.exists():
        return False
    with told(log, "read"), log.open("rb") as file:
        first = file.readline()
    if not (first.startswith(BEGIN) or BEGIN.startswith(first)):
        raise UserError(f"{log}: no journal of handgrad; move it, or choose another table")
    return first.endswith(b"\n")


def first_line(settings: Mapping[str, Any], work: Work) -> bytes:
    """Return the line with which a journal begins.

    Parameters
    ----------
    settings : mapping of str to object
        What the rows depend on beside the pictures, as JSON has it.
    work : Work
        The pictures.

    Returns
    -------
    bytes
        The line.
    """
    return _line({"settings": dict(settings), "work": asdict(work)})


def mark_line(mark: Mark) -> bytes:
    """Return the line that says how far the table is.

    Parameters
    ----------
    mark : Mark
        How far it is.

    Returns
    -------
    bytes
        The line.
    """
    return _line(asdict(mark))


def read_journal(out: Path, settings: Mapping[str, Any], size: int) -> tuple[Work, Mark, int]:
    """Return what is to be done, and how far it is.

    Parameters
    ----------
    out : Path
        The table.
    settings : mapping of str to object
        The settings of this command.
    size : int
        Bytes of rows that there are.

    Returns
    -------
    Work
        The pictures.
    Mark
        The last mark whose rows are all there.
    int
        Bytes of the journal up to that mark. What follows was not finished.

    Raises
    ------
    UserError
        If the table was begun with other settings, or the journal is damaged.
    """
    log = journal_of(out)
    with told(log, "read"):
        first, *lines = log.read_bytes().splitlines(keepends=True)
    try:
        begun = read_json(first, _Begun)
    except ValueError:
        raise UserError(f"{log}: damaged; remove it and {out.name}.part to begin anew") from None
    work = begun.work
    _compare(out, begun.settings, settings)
    mark, end, place = Mark(), len(first), len(first)
    for line in lines:
        place += len(line)
        found = _mark(line)
        if found and found.size <= size and found.pictures <= len(work.paths):
            mark, end = found, place
    return work, mark, end


def write(file: FileIO, data: bytes) -> None:
    """Write to an unbuffered file, and wait until the disk has it.

    Parameters
    ----------
    file : binary file
        The file.
    data : bytes
        What to append.

    Raises
    ------
    UserError
        If the disk is full, say.
    """
    with told(str(file.name)):
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fsync(file.fileno())


@contextmanager
def told(path: str | Path, done: str = "written") -> Iterator[None]:
    """Turn an error of the system inside the `with` into a UserError.

    Parameters
    ----------
    path : str or Path
        The file that is worked on.
    done : str
        What is done to it, for the message.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    UserError
        If the disk is full, say.
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path}: cannot be {done} ({error.strerror}); make room, then give the same command again to go on"
        ) from error


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def _mark(line: bytes) -> Mark | None:
    """None for a line that was not finished."""
    try:
        return read_json(line, Mark) if line.endswith(b"\n") else None
    except ValueError:
        return None


def _compare(out: Path, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name, value in now.items():
        if was.get(name) != value:
            raise UserError(
                f"{out}: begun with {name} {_shown(was.get(name))}, got {_shown(value)}; give the command it was begun "
                f"with, or remove {out.name}.part and {journal_of(out).name} to begin anew"
            )


def _shown(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
