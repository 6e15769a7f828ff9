"""Where trials run: in this process, on processes of this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from handgrad.sweeps.local import Event, run_here
from handgrad.sweeps.trial import Trial

Runner = Callable[[Iterable[Trial], float], Iterator[Event]]


@contextmanager
def runner(workers: int, cluster: str) -> Iterator[Runner]:
    """Start workers, or connect to them; one worker without a cluster is this process.

    Parameters
    ----------
    workers : int
        Number of processes on this machine.
    cluster : str
        Address of a Dask scheduler whose workers to use instead, as tcp://HOST:PORT; empty for none.

    Yields
    ------
    Runner
        A function of trials and of the seconds that each may take, which runs them and yields events.

    Raises
    ------
    UserError
        If Dask is not installed, or there is no such cluster.
    """
    if workers == 1 and not cluster:
        yield run_here
        return
    from handgrad.sweeps.cluster import connected, local, run_on

    with connected(cluster) if cluster else local(workers) as client:
        yield partial(run_on, client)
