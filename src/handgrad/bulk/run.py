"""A table of what many pictures show."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.bulk.part import Part, Whole, finish, opened
from handgrad.bulk.pool import Pool
from handgrad.bulk.rows import FORMATS
from handgrad.bulk.schedule import Schedule
from handgrad.bulk.task import Task
from handgrad.bulk.work import Work, find_pictures
from handgrad.errors import UserError
from handgrad.model.shipped import model_file, open_model

if TYPE_CHECKING:
    from handgrad.bulk.worker import Read
    from handgrad.reading.picture import Box

MANY = 50  # pictures from which on compiled kernels pay, even if they have to be compiled first
POLL = 0.2  # seconds after which progress is told, whether there is any or not


@dataclass(frozen=True)
class Progress:
    """How far a table is.

    Parameters
    ----------
    pictures : int
        How many pictures are complete.
    total : int
        How many there are.
    failed : int
        How many could not be read, or not all of their pages.
    passed_over : int
        How many other files were found in the folders.
    """

    pictures: int
    total: int
    failed: int
    passed_over: int


class Table:
    """A table of what many pictures show. It is written bit by bit, and goes on after any interruption.

    Parameters
    ----------
    out : str or Path
        The file, .csv or .jsonl; it must not exist.
    given : sequence of str
        Pictures, and folders of them.
    model : str
        The model, see `open_model`.
    punctuation : bool
        Whether the column text of a CSV table has punctuation.
    region : tuple of int, optional
        Left, top, width and height of the part of each picture to read, in pixels.
    grid : tuple of int, optional
        Columns and rows of cells with one digit each, which each picture or region has.

    Raises
    ------
    UserError
        For another ending, and for what is no model of digits.
    """

    def __init__(
        self, out: str | Path, given: Sequence[str], model: str = "robust", punctuation: bool = False,
        region: Box | None = None, grid: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        self.out, self.given = Path(out), tuple(given)
        self.ending = self.out.suffix.lower()
        if self.ending not in FORMATS:
            raise UserError(f"{out}: cannot write a table to it; expected {', '.join(FORMATS)}")
        self.task = Task(self.ending, punctuation, region, grid)
        if not self.out.parent.is_dir():
            raise UserError(f"{self.out.parent}: no such folder; make it, or choose another")
        self.model = open_model(model)
        if self.model.pictures != "digits":
            raise UserError(f"{model}: sees whole pictures; expected a model of digits to read pages, as robust")
        self.checksum = hashlib.sha256(model_file(model).read_bytes()).hexdigest()[:16]
        self._name = model

    def run(self, workers: int = 1, cluster: str = "") -> Generator[Progress]:
        """Read the pictures that are not complete yet. Stopped early, or killed, it goes on when called again.

        The rows are the same to the byte, however often it was stopped, and whoever worked on it.

        Parameters
        ----------
        workers : int
            Number of processes on this machine, each on one core.
        cluster : str
            Address of a Dask scheduler whose workers to use instead, as tcp://HOST:PORT.

        Yields
        ------
        Progress
            Several times a second, and when the table is whole.

        Raises
        ------
        UserError
            If the table exists or was begun by another command, the disk is full, a folder is gone, or there are no
            workers. What is complete is kept.
        """
        with opened(self.out, self._settings(), lambda: find_pictures(self.given)) as part:
            if isinstance(part, Whole):
                yield _progress(part)
                return
            total = len(part.work.paths)
            if left := total - part.mark.pictures:
                with self._pool(min(workers, left), cluster, "compiled" if total >= MANY else "naive") as pool:
                    yield from self._read(part, pool)
            last = _progress(part)
        finish(self.out)
        yield last

    def _read(self, part: Part, pool: Pool) -> Iterator[Progress]:
        work = part.work
        schedule = Schedule(work.paths, part.mark.pictures, self.ending, pool.seconds)
        try:
            while not schedule.finished():
                while (idle := pool.idle()) and (chunk := schedule.next(idle)):
                    pool.submit(chunk)
                for ended in pool.wait(POLL):
                    schedule.take(ended)
                for read in schedule.complete():
                    _refuse_lost_folder(work, read)
                    part.add(read)
                yield _progress(part)
        except UserError:
            with suppress(UserError):  # what stopped the work is told, not this
                part.save()
            raise
        except GeneratorExit:
            part.save()
            raise
        part.save()

    def _pool(self, workers: int, cluster: str, kernels: str) -> AbstractContextManager[Pool]:
        """Workers that all use one kind of kernels, so that no answer depends on what its worker has read before."""
        model = copy(self.model)
        model.kernels = kernels
        made = pickle.dumps(model)
        if cluster:
            from handgrad.bulk.cluster import connected_pool

            return connected_pool(cluster, made, self.checksum, self.task)
        from handgrad.bulk.processes import processes

        return processes(workers, made, self.task)

    def _settings(self) -> dict[str, Any]:
        from handgrad.sweeps.trial import code_version

        return {
            "pictures": list(self.given),
            "model": f"{self._name} ({self.checksum})",
            "version": code_version(),
            **self.task.settings(),
        }


def _progress(table: Part | Whole) -> Progress:
    return Progress(table.mark.pictures, len(table.work.paths), table.mark.failed, table.work.passed_over)


def _refuse_lost_folder(work: Work, read: Read) -> None:
    """A picture that is gone is a row; but where its folder is gone, a disk may have been taken out."""
    gone = [folder for folder in work.folders if _is_gone(folder)] if read.lost else []
    if gone:
        raise UserError(f"{gone[0]}: the folder is gone; bring it back, then give the same command again to go on")


def _is_gone(folder: str) -> bool:
    """Whether nothing is left of a folder that had pictures; an empty one is where a disk was."""
    try:
        return not any(Path(folder).iterdir())
    except OSError:
        return True
