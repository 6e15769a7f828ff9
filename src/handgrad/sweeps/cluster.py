"""Trials run by Dask's workers, on this machine or on many: no trial is lost, and none runs for ever.

Futures are used directly, one for each worker at a time. So a worker that dies interrupts one trial, which is known and
runs again elsewhere.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import UserError
from handgrad.kernels.threads import limited
from handgrad.signals import started
from handgrad.sweeps.folder import Folder
from handgrad.sweeps.local import Event, Failed, Finished, Started, reason
from handgrad.sweeps.trial import Mismatch, Record, Trial, code_version, run_trial

if TYPE_CHECKING:
    from distributed import Client, Future

DEATHS = 3  # workers that may die of a trial before it is set aside
CONNECT = 10.0  # seconds in which a scheduler must answer
POLL = 0.5  # seconds between looks at the cluster
PATIENCE = 60.0  # seconds without a scheduler, or without workers, before a sweep gives up
GRACE = 30.0  # seconds beyond its limit after which a trial that does not stop is ended with its worker
ALONE = threading.Lock()  # a worker with several threads runs one trial at a time: `faulthandler` has one timer
THREADS = ("HANDGRAD_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SETTINGS = {
    "distributed.logging.distributed": "critical",
    "distributed.worker.profile.enabled": False,  # it would look into a trial every 10 ms
    "distributed.scheduler.allowed-failures": DEATHS - 1,  # quick deaths reach its limit before we count them
}


@contextmanager
def local(workers: int) -> Iterator[Client]:
    """Start a cluster of processes on this machine, each with one thread.

    Parameters
    ----------
    workers : int
        Number of processes.

    Yields
    ------
    distributed.Client
        To run trials with, until the context ends.

    Raises
    ------
    UserError
        If Dask is not installed.
    """
    distributed = _distributed()
    import dask

    def make() -> Client:
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port: None asks for 8787, and complains when it is taken
            scheduler_kwargs={"dashboard": False},
            silence_logs="CRITICAL",
            env=dict.fromkeys(THREADS, "1"),
        )
        return distributed.Client(cluster, set_as_default=False)

    with dask.config.set(SETTINGS):
        client = started(make, _end)
        try:
            yield client
        finally:
            _end(client)


def _end(client: Client) -> None:
    client.close()
    client.cluster.close()


@contextmanager
def connected(address: str, timeout: float = CONNECT) -> Iterator[Client]:
    """Connect to the cluster of a scheduler, and wait until it has workers.

    Parameters
    ----------
    address : str
        Of the scheduler, as tcp://HOST:PORT.
    timeout : float
        Seconds in which the scheduler must answer.

    Yields
    ------
    distributed.Client
        To run trials with, until the context ends.

    Raises
    ------
    UserError
        If there is no scheduler, it has no workers, or a worker has other code.
    """
    distributed = _distributed()
    for name in ("distributed", "distributed.client"):  # we report a lost scheduler in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client, why = None, ""
    try:
        client = distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        why = reason(error)
    if client is None:
        gc.collect()  # now: a failed client closes itself when collected, which could block the start of another
        raise UserError(f"no scheduler at {address} ({why}): expected tcp://HOST:PORT of a running 'dask scheduler'")
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise UserError(_no_workers(address)) from None
        _check(client)
        yield client


def run_on(client: Client, folder: Folder | None, trials: Iterable[Trial], limit: float) -> Iterator[Event]:
    """Run trials on the workers of a cluster, one on each at a time.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    folder : Folder or None
        Of the sweep, where the workers see it.
    trials : iterable of Trial
        What to run.
    limit : float
        Seconds that a trial may take.

    Yields
    ------
    Event
        Started, and later Finished or Failed, for each trial; Started again where a trial has lost its worker.

    Raises
    ------
    UserError
        If all workers are gone and none comes back, or a worker lacks what a trial needs.
    """
    deaths = Counter[str]()
    client.subscribe_topic("all", lambda event: deaths.update(_died(event)))
    try:
        yield from _run_all(client, folder, deque(trials), limit, deaths)
    finally:
        client.unsubscribe_topic("all")


def _run_all(
    client: Client, folder: Folder | None, waiting: deque[Trial], limit: float, deaths: Counter[str]
) -> Iterator[Event]:
    running: dict[str, tuple[Trial, Future[Record]]] = {}
    watch = Watch(client)
    while waiting or running:
        for _ in range(min(len(watch.workers() or ()) - len(running), len(waiting))):
            trial = waiting.popleft()
            key = f"{trial.name}-{time.time_ns()}"
            path = folder.checkpoint(trial) if folder else None
            running[key] = trial, client.submit(_work, trial, limit, path, key=key, pure=False)
            yield Started(trial.name)
        ended = [key for key, (_, job) in running.items() if job.status != "pending" or deaths[key] >= DEATHS]
        for trial, job in map(running.pop, ended):
            outcome = _outcome(trial, job)
            if outcome:
                yield outcome
            else:
                waiting.appendleft(trial)
        time.sleep(POLL if running or waiting else 0)


def _outcome(trial: Trial, job: Future[Record]) -> Event | None:
    """How a trial ended that no longer runs; None if its record was lost with the scheduler or a worker."""
    from distributed import KilledWorker

    if job.status == "pending":
        job.cancel(force=True)
        return Failed(trial.name, f"{DEATHS} workers died of it")
    if job.status in ("cancelled", "lost"):
        return None
    error = job.exception()
    if error is None:
        try:
            return Finished(trial.name, job.result())
        except (OSError, CancelledError):  # it went well, but the worker that held its record is gone
            return None
    if isinstance(error, KilledWorker):  # the scheduler's own limit, should it be lower than ours
        return Failed(trial.name, f"{error.allowed_failures + 1} workers died of it")
    if isinstance(error, ImportError):
        raise UserError(f"a worker lacks what a trial needs ({reason(error)}): install handgrad there")
    if isinstance(error, (UserError, MemoryError)) and not isinstance(error, Mismatch):
        return Failed(trial.name, reason(error))
    raise error


class Watch:
    """Knows the workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    """

    def __init__(self, client: Client) -> None:
        self.client, self.seen = client, time.monotonic()

    def workers(self) -> set[str] | None:
        """Return the workers that there are now.

        Returns
        -------
        set of str or None
            Their addresses; None while the scheduler does not answer.

        Raises
        ------
        UserError
            When there has been no scheduler or no worker for too long.
        """
        try:
            found = set(self.client.nthreads())
        except (OSError, ValueError):
            found = None
        if found:
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > PATIENCE:
            raise UserError(_no_workers(str(self.client._start_arg)))
        return found


def _work(trial: Trial, limit: float, checkpoint: Path | None) -> Record:
    """Run a trial on a worker."""
    with ALONE, limited(1), Path(os.devnull).open("w") as nowhere:
        # the only timer that works even while compiled code holds the interpreter's lock
        faulthandler.dump_traceback_later(limit + GRACE, file=nowhere, exit=True)
        try:
            return run_trial(trial, limit, checkpoint)
        finally:
            faulthandler.cancel_dump_traceback_later()


def _died(event: tuple[float, Any]) -> list[str]:
    """The keys of the tasks that a worker ran when it died, from an event of the scheduler."""
    _, message = event
    if not isinstance(message, dict) or message.get("action") != "remove-worker" or message.get("expected"):
        return []
    return list(message["processing-tasks"])


def _check(client: Client) -> None:
    """UserError for a worker without handgrad, or with another version.

    It is asked by `eval`, since functions of ours cannot be sent to a worker that lacks handgrad.
    """
    ask = "__import__('importlib').import_module('handgrad.sweeps.trial').code_version()"
    answers = client.run(eval, ask, on_error="return")
    for worker, answer in answers.items():
        if answer != code_version():
            found = reason(answer) if isinstance(answer, BaseException) else f"it has {answer}"
            raise UserError(f"worker {worker} cannot help: {found}; install handgrad {code_version()} there")


def _no_workers(address: str) -> str:
    return (
        f"no workers at {address} for {PATIENCE:g} s: start some with 'dask worker {address}', then give the same "
        "command again to go on"
    )


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise UserError(
            "several workers need Dask, which is not installed: pip install 'handgrad[cluster]', or give --workers 1"
        ) from None
    return distributed
