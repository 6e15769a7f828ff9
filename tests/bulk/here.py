"""A worker of tables in this process, for tests of what the command around it does."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager

from handgrad.bulk.pool import Chunk, Ended, Pool
from handgrad.bulk.task import Task
from handgrad.bulk.worker import Item, read_chunk


class Here(Pool):
    """One worker, which reads when it is waited for."""

    seconds = 1e-3

    def __init__(self, model: bytes, task: Task) -> None:
        self._model, self._task = pickle.loads(model), task
        self._chunk: Chunk | None = None

    @classmethod
    @contextmanager
    def begun(cls, count: int, model: bytes, task: Task) -> Iterator[Here]:
        """In place of `bulk.processes.processes`."""
        yield cls(model, task)

    def idle(self) -> int:
        return self._chunk is None

    def submit(self, chunk: Chunk) -> None:
        self._chunk = chunk

    def wait(self, timeout: float) -> list[Ended]:
        chunk, self._chunk = self._chunk, None
        if chunk is None:
            return []
        return [Ended(chunk, read_chunk([Item(path) for path in chunk.paths], self._model, self._task), 1e-3)]
