"""Workers of a Dask cluster. Pictures and model travel to them, so they need no disk in common.

Each worker gets one chunk at a time, by its address. So a worker that dies interrupts one chunk, which is known.
"""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from handgrad.bulk.pool import Chunk, Ended, Pool
from handgrad.bulk.task import Task
from handgrad.bulk.worker import Item, Read, load, read_chunk
from handgrad.errors import UserError
from handgrad.sweeps.cluster import ALONE, Watch, connected
from handgrad.sweeps.local import reason
from handgrad.sweeps.trial import Mismatch, code_version

if TYPE_CHECKING:
    from distributed import Client

    from handgrad.model.model import Model

SECONDS = 0.5  # of work in a chunk
LOOK = 0.5  # seconds between looks at the cluster
MODELS: dict[str, Model] = {}  # on a worker: one, by its checksum


class ClusterPool(Pool):
    """The workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    model : bytes
        The model, pickled.
    checksum : str
        Of the model.
    task : Task
        What is read, and how rows are written.
    """

    seconds = SECONDS

    def __init__(self, client: Client, model: bytes, checksum: str, task: Task) -> None:
        self._client, self._model, self._checksum, self._task = client, model, checksum, task
        self._running: dict[str, tuple[str, Chunk, Any]] = {}  # by key: address, chunk, future
        self._taught: set[str] = set()  # addresses that have the model
        self._ended: SimpleQueue[str] = SimpleQueue()  # keys
        self._watch, self._looked = Watch(client), -LOOK
        self._addresses: set[str] | None = None

    def idle(self) -> int:
        return len(self._waiting())

    def submit(self, chunk: Chunk) -> None:
        self._send(min(self._waiting()), chunk, tuple(load(path) for path in chunk.paths))

    def wait(self, timeout: float) -> list[Ended]:
        ended = []
        try:
            key = self._ended.get(timeout=timeout)
            while True:
                ended.append(self._hear(key))
                key = self._ended.get_nowait()
        except Empty:
            pass
        return [each for each in ended if each] + self._lost()

    def _waiting(self) -> set[str]:
        if time.monotonic() - self._looked >= LOOK:
            self._addresses, self._looked = self._watch.workers(), time.monotonic()
        return (self._addresses or set()) - {address for address, _, _ in self._running.values()}

    def _send(self, address: str, chunk: Chunk, items: tuple[Item, ...]) -> None:
        model = None if address in self._taught else self._model
        key = f"read-{chunk.places[0]}-{time.time_ns()}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a large picture is no large graph
            future = self._client.submit(
                read_there, code_version(), self._checksum, model, items, self._task,
                key=key, pure=False, workers=[address], allow_other_workers=False,
            )  # fmt: skip
        self._running[key] = address, chunk, future
        future.add_done_callback(lambda done: self._ended.put(done.key))

    def _hear(self, key: str) -> Ended | None:
        from distributed import KilledWorker

        if key not in self._running:
            return None  # its worker was lost, and it was given up
        address, chunk, future = self._running.pop(key)
        error = future.exception() if future.status == "error" else None
        if error is not None and not isinstance(error, KilledWorker):
            raise _told(error)
        try:
            found = future.result() if future.status == "finished" else None
        except Exception:  # the worker has gone with it
            return Ended(chunk, died=False)
        if found is None:
            return Ended(chunk, died=error is not None)
        if not found:  # a worker that was started anew
            self._taught.discard(address)
            return Ended(chunk, died=False)
        self._taught.add(address)
        reads, seconds = found
        return Ended(chunk, reads, seconds)

    def _lost(self) -> list[Ended]:
        """The chunks of workers that are gone; while no scheduler answers, nothing is known of any."""
        self._waiting()
        if self._addresses is None:
            return []
        keys = [key for key, (address, _, _) in self._running.items() if address not in self._addresses]
        given_up = [self._running.pop(key) for key in keys]
        for address, _, future in given_up:
            self._taught.discard(address)
            future.cancel()
        return [Ended(chunk) for _, chunk, _ in given_up]


@contextmanager
def connected_pool(address: str, model: bytes, checksum: str, task: Task) -> Iterator[ClusterPool]:
    """Connect to the workers of a cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, as tcp://HOST:PORT.
    model : bytes
        The model, pickled.
    checksum : str
        Of the model.
    task : Task
        What is read, and how rows are written.

    Yields
    ------
    ClusterPool
        The workers.

    Raises
    ------
    UserError
        If there is no scheduler, it has no workers, or a worker has other code.
    """
    with connected(address) as client:
        yield ClusterPool(client, model, checksum, task)


def read_there(
    code: str, checksum: str, model: bytes | None, items: tuple[Item, ...], task: Task
) -> tuple[tuple[Read, ...], float] | tuple[()]:
    """Read a chunk; what a worker of the cluster does.

    Parameters
    ----------
    code : str
        The `code_version` that the table is read with.
    checksum : str
        Of the model.
    model : bytes or None
        The model, pickled; None if this worker has it already.
    items : tuple of Item
        The pictures.
    task : Task
        What is read, and how rows are written.

    Returns
    -------
    tuple
        What became of each picture, and the seconds it took; nothing if this worker lacks the model.

    Raises
    ------
    Mismatch
        If this worker has other code.
    """
    if code != code_version():
        raise Mismatch(f"a worker runs handgrad {code_version()}, expected {code}; install the same version there")
    with ALONE:
        began = time.perf_counter()
        if model is not None:
            MODELS.clear()
            MODELS[checksum] = pickle.loads(model)
        if checksum not in MODELS:
            return ()
        reads = read_chunk(items, MODELS[checksum], task)
        return reads, time.perf_counter() - began


def _told(error: BaseException) -> BaseException:
    """What to raise for an error that is no picture's fault."""
    if isinstance(error, ImportError):
        return UserError(f"a worker lacks what reading needs ({reason(error)}); install handgrad there")
    return error
