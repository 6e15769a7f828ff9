"""Trials one after another, in this process; and what any way of running them tells of its progress."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.sweeps.trial import Mismatch, Record, Trial, run_trial


@dataclass(frozen=True)
class Started:
    """A trial has been handed to a worker."""

    trial: str


@dataclass(frozen=True)
class Finished:
    """A trial is done."""

    trial: str
    record: Record


@dataclass(frozen=True)
class Failed:
    """A trial is set aside: it would fail again."""

    trial: str
    reason: str


Event = Started | Finished | Failed


def run_here(trials: Iterable[Trial], limit: float) -> Iterator[Event]:
    """Run trials on one thread, as a worker of a cluster does."""
    with one_thread():
        for trial in trials:
            yield Started(trial.name)
            try:
                yield Finished(trial.name, run_trial(trial, limit))
            except Mismatch:
                raise
            except (UserError, MemoryError) as error:
                yield Failed(trial.name, reason(error))


@contextmanager
def one_thread() -> Iterator[None]:
    """Kernels of this thread use one core. More would not change a result, but workers share a machine."""
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def reason(error: BaseException) -> str:
    """Why a trial failed, in a line."""
    return " ".join(str(error).split()) or type(error).__name__
