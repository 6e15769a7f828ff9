"""A table that is written bit by bit: beside `answers.csv` stand `answers.csv.part`, the rows so far, and its journal.

Rows that came after the journal's last mark may be torn. They are cut off before the work goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from handgrad.bulk.journal import Mark, first_line, is_begun, journal_of, mark_line, read_journal, told, write
from handgrad.bulk.rows import heading
from handgrad.bulk.work import Work
from handgrad.bulk.worker import Read
from handgrad.errors import UserError
from handgrad.files import locked, remove_file

SAVE_EVERY = 1.0  # seconds of work that a kill may cost
MAX_WAITING = 1 << 22  # bytes of rows that wait to be written


@dataclass(frozen=True)
class Whole:
    """A table that had its name already when the process was killed.

    Parameters
    ----------
    work : Work
        The pictures that were read.
    mark : Mark
        How far the table is: all of them.
    """

    work: Work
    mark: Mark


class Part:
    """A table under way.

    Parameters
    ----------
    work : Work
        The pictures to read.
    mark : Mark
        How far the table is.
    rows, log : binary file
        The rows and the journal, both at their ends, unbuffered.
    """

    def __init__(self, work: Work, mark: Mark, rows: FileIO, log: FileIO) -> None:
        self.work, self.mark = work, mark
        self._rows, self._log = rows, log
        self._waiting: list[bytes] = []
        self._saved, self._saved_at, self._torn = mark, time.monotonic(), False

    def add(self, read: Read) -> None:
        """Append the rows of the next picture; they are on the disk after `SAVE_EVERY` seconds.

        Parameters
        ----------
        read : Read
            What became of the picture.

        Raises
        ------
        UserError
            If the disk is full, say.
        """
        self._waiting.append(read.data)
        self.mark = Mark(self.mark.pictures + 1, self.mark.size + len(read.data), self.mark.failed + read.failed)
        late = time.monotonic() - self._saved_at > SAVE_EVERY
        if late or self.mark.size - self._saved.size > MAX_WAITING:
            self.save()

    def save(self) -> None:
        """Put on the disk what was added, then a line in the journal that says so.

        Raises
        ------
        UserError
            If the disk is full, say, or the files were removed meanwhile.
        """
        self._saved_at = time.monotonic()
        for file in (self._rows, self._log):
            _refuse_other(file)
        if self.mark == self._saved or self._torn:
            return
        rows, self._waiting = b"".join(self._waiting), []
        self._torn = True  # after a write that fails, nothing may follow
        write(self._rows, rows)
        write(self._log, mark_line(self.mark))
        self._saved, self._torn = self.mark, False


def part_of(out: Path) -> Path:
    """Return the file that holds the rows of a table under way.

    Parameters
    ----------
    out : Path
        The table.

    Returns
    -------
    Path
        The file.
    """
    return out.with_name(f"{out.name}.part")


@contextmanager
def opened(out: Path, settings: Mapping[str, Any], find: Callable[[], Work]) -> Iterator[Part | Whole]:
    """Open a table under way, or begin one; no other process can meanwhile.

    Parameters
    ----------
    out : Path
        The table.
    settings : mapping of str to object
        What the rows depend on beside the pictures, as JSON has it.
    find : callable
        Gives the pictures of a table that is begun; one that goes on has those it was begun with.

    Yields
    ------
    Part or Whole
        The table under way; or the whole one, if nothing but the removal of its journal was left to do.

    Raises
    ------
    UserError
        If the table exists, was begun with other settings, or cannot be written.
    """
    log, part, begun = journal_of(out), part_of(out), b""
    if not is_begun(log):
        _refuse(out, part)
        begun = first_line(settings, find())
    with told(log):
        log.touch()
    with locked(log):
        if begun:
            with told(log), log.open("wb", 0) as file:
                write(file, begun)
        elif out.exists() and not part.exists():
            work, mark, _ = read_journal(out, settings, out.stat().st_size)
            remove_file(log)
            yield Whole(work, mark)
            return
        _refuse(out)
        with _under_way(out, settings) as found:
            yield found


def finish(out: Path) -> None:
    """Give a table that is complete its name, and remove its journal.

    Parameters
    ----------
    out : Path
        The table.

    Raises
    ------
    UserError
        If there is a file of that name by now, or the disk fails.
    """
    _refuse(out)
    with told(out):
        part_of(out).rename(out)
    remove_file(journal_of(out))


@contextmanager
def _under_way(out: Path, settings: Mapping[str, Any]) -> Iterator[Part]:
    part, log = part_of(out), journal_of(out)
    with told(part):
        part.touch()
    work, mark, end = read_journal(out, settings, part.stat().st_size)
    with ExitStack() as stack:
        with told(part):
            rows, lines = (stack.enter_context(path.open("r+b", 0)) for path in (part, log))
            for file, length in ((rows, mark.size), (lines, end)):
                file.truncate(length)
                file.seek(length)
        if not mark.size:
            names = heading(out.suffix.lower())
            write(rows, names)
            mark = Mark(size=len(names))
        yield Part(work, mark, rows, lines)


def _refuse_other(file: FileIO) -> None:
    """UserError if the file is no longer what stands under its name: another process may have begun anew."""
    path = Path(str(file.name))
    if not path.exists() or not os.path.samestat(path.stat(), os.fstat(file.fileno())):
        raise UserError(f"{path}: removed while the table was written; give the same command again to go on")


def _refuse(*files: Path) -> None:
    for file in files:
        if file.exists() or file.is_symlink():
            raise UserError(f"{file}: exists; choose another file, or remove it")
