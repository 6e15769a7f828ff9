"""Workers that are processes of this machine, each on one core."""

from __future__ import annotations

import os
import pickle
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from handgrad.bulk.pool import Chunk, Ended, Pool
from handgrad.bulk.task import Task
from handgrad.bulk.worker import Item, Read, read_chunk
from handgrad.errors import UserError
from handgrad.signals import unheard

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

THREADS = ("HANDGRAD_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SECONDS = 0.1  # of work in a chunk
STILLBORN = 3  # workers in a row that may die before they are ready
STARTED, READY = "started", "ready"


class _Worker:
    """A process, its end of the pipe, and the chunk that it has."""

    def __init__(self, task: Task) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=serve, args=(theirs, task), daemon=True)
        with _quiet_start():
            self.process.start()
        theirs.close()  # so that its end is the only one, and the pipe breaks when it dies
        self.ready, self.chunk = False, Chunk((), ())

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Processes(Pool):
    """Processes of this machine. One that dies is replaced.

    Parameters
    ----------
    count : int
        How many.
    model : bytes
        The model, pickled.
    task : Task
        What is read, and how rows are written.
    """

    seconds = SECONDS

    def __init__(self, count: int, model: bytes, task: Task) -> None:
        self._model, self._task = model, task
        self._workers = [_Worker(task) for _ in range(count)]
        self._stillborn = 0

    def idle(self) -> int:
        return sum(worker.ready and not worker.chunk.places for worker in self._workers)

    def submit(self, chunk: Chunk) -> None:
        worker = next(worker for worker in self._workers if worker.ready and not worker.chunk.places)
        worker.chunk = chunk
        with suppress(OSError):  # it is dead: `wait` will see that
            worker.pipe.send(chunk.paths)

    def wait(self, timeout: float) -> list[Ended]:
        found: list[Any] = wait([worker.pipe for worker in self._workers], timeout)
        ended = [self._hear(worker) for worker in self._workers if worker.pipe in found]
        return [each for each in ended if each and each.chunk.places]

    def stop(self) -> None:
        """End all processes, whatever they are at."""
        for worker in self._workers:
            worker.stop()

    def _hear(self, worker: _Worker) -> Ended | None:
        chunk, worker.chunk = worker.chunk, Chunk((), ())
        try:
            message = worker.pipe.recv()
            if message == STARTED:  # not before: a large model would wait in the pipe, and the next worker with it
                worker.pipe.send_bytes(self._model)
                return None
        except (OSError, EOFError):
            return self._replace(worker, chunk)
        if message == READY:
            worker.ready, self._stillborn = True, 0
            return None
        reads, seconds = message
        return Ended(chunk, reads, seconds)

    def _replace(self, worker: _Worker, chunk: Chunk) -> Ended:
        worker.stop()
        self._stillborn += not worker.ready
        if self._stillborn >= STILLBORN:
            raise UserError(
                f"{STILLBORN} workers in a row died at their start (exit code {worker.process.exitcode}): expected "
                "room for each in memory; give fewer --workers, then the same command goes on"
            )
        self._workers[self._workers.index(worker)] = _Worker(self._task)
        return Ended(chunk)


@contextmanager
def processes(count: int, model: bytes, task: Task) -> Iterator[Processes]:
    """Start workers on this machine, and end them with the context.

    Parameters
    ----------
    count : int
        How many.
    model : bytes
        The model, pickled.
    task : Task
        What is read, and how rows are written.

    Yields
    ------
    Processes
        The workers.
    """
    pool = Processes(count, model, task)
    try:
        yield pool
    finally:
        pool.stop()


def serve(pipe: Connection, task: Task) -> None:
    """Read the chunks that come through a pipe, until it breaks; the main function of a worker.

    Parameters
    ----------
    pipe : Connection
        First comes the model, then the paths of a chunk at a time.
    task : Task
        What is read, and how rows are written.
    """
    warnings.simplefilter("ignore")  # nobody could tell which picture they are about
    with suppress(EOFError, OSError):  # the process that began the work is gone
        pipe.send(STARTED)
        model = pickle.loads(pipe.recv_bytes())
        pipe.send(READY)
        while True:
            paths, began = pipe.recv(), time.perf_counter()
            reads: tuple[Read, ...] = read_chunk([Item(path) for path in paths], model, task)
            pipe.send((reads, time.perf_counter() - began))


@contextmanager
def _quiet_start() -> Iterator[None]:
    """What a process that is started now inherits: one thread for each library, and no ear for Ctrl-C."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        with unheard():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
