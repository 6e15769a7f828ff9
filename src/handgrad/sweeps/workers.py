"""Where trials run: in this process, on processes of this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from handgrad.sweeps.folder import Folder
from handgrad.sweeps.local import Event, run_here
from handgrad.sweeps.trial import Trial

Runner = Callable[[Iterable[Trial], float], Iterator[Event]]


@contextmanager
def runner(workers: int, cluster: str, folder: Folder) -> Iterator[Runner]:
    """Start workers, or connect to them; one worker without a cluster is this process.

    Trials keep themselves in the sweep's folder while they run on this machine; those of a cluster may not see it.

    Parameters
    ----------
    workers : int
        Number of processes on this machine.
    cluster : str
        Address of a Dask scheduler whose workers to use instead, as tcp://HOST:PORT; empty for none.
    folder : Folder
        Of the sweep.

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
        yield partial(run_here, folder)
        return
    from handgrad.sweeps.cluster import connected, local, run_on

    with connected(cluster) if cluster else local(workers) as client:
        yield partial(run_on, client, None if cluster else folder)
