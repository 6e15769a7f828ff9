"""Trials run one after another in this process, and the events that any way of running trials reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from handgrad.errors import UserError
from handgrad.kernels.threads import limited
from handgrad.sweeps.folder import Folder
from handgrad.sweeps.trial import Mismatch, Record, Trial, run_trial


@dataclass(frozen=True)
class Started:
    """A trial has been handed to a worker.

    Parameters
    ----------
    trial : str
        Name of the trial.
    """

    trial: str


@dataclass(frozen=True)
class Finished:
    """A trial is done.

    Parameters
    ----------
    trial : str
        Name of the trial.
    record : dict
        What it measured, see `run_trial`.
    """

    trial: str
    record: Record


@dataclass(frozen=True)
class Failed:
    """A trial is set aside, since it would fail again.

    Parameters
    ----------
    trial : str
        Name of the trial.
    reason : str
        Why, in one line.
    """

    trial: str
    reason: str


Event = Started | Finished | Failed


def run_here(folder: Folder, trials: Iterable[Trial], limit: float) -> Iterator[Event]:
    """Run trials one after another, on one thread.

    Parameters
    ----------
    folder : Folder
        Of the sweep.
    trials : iterable of Trial
        What to run.
    limit : float
        Seconds that a trial may take.

    Yields
    ------
    Event
        Started, then Finished or Failed, for each trial.

    Raises
    ------
    Mismatch
        If this machine has other code or images.
    """
    with limited(1):  # workers share a machine
        for trial in trials:
            yield Started(trial.name)
            try:
                yield Finished(trial.name, run_trial(trial, limit, folder.checkpoint(trial)))
            except Mismatch:
                raise
            except (UserError, MemoryError) as error:
                yield Failed(trial.name, reason(error))


def reason(error: BaseException) -> str:
    """Return why a trial failed.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    str
        Its message, or its type where there is none, in one line.
    """
    return " ".join(str(error).split()) or type(error).__name__
