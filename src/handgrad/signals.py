"""Signals that ask a process to stop: Ctrl-C, a termination, and the end of the terminal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from types import FrameType

Made = TypeVar("Made")

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
FROM_TERMINALS = set(STOPS) - {signal.SIGTERM}  # these reach all processes of a command


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let each signal raise a KeyboardInterrupt that carries its number, so that files and workers are left tidy.

    Yields
    ------
    None
        While it is so.
    """
    with _handled(_interrupt):
        yield


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect the first signal instead; the second one interrupts at once.

    Yields
    ------
    list of int
        The number of the signal, once it has come.
    """
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if seen:
            _interrupt(number, frame)
        seen.append(number)

    with _handled(note):
        yield seen


def exit_code(*numbers: int) -> int:
    """Return what a shell reports of a process that a signal ended.

    Parameters
    ----------
    *numbers : int
        The signal; none stands for Ctrl-C.

    Returns
    -------
    int
        128 and its number.

    Examples
    --------
    >>> exit_code(), exit_code(15)
    (130, 143)
    """
    return 128 + (numbers or (signal.SIGINT,))[0]


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    # what `nohup` ignores stays so; in the background a shell ignores Ctrl-C, but then it comes from nobody's terminal
    ignored = {number for number in STOPS if signal.getsignal(number) is signal.SIG_IGN} - {signal.SIGINT}
    heard = STOPS if threading.current_thread() is threading.main_thread() else ()  # Python allows it there alone
    before = {number: signal.signal(number, handler) for number in heard if number not in ignored}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


@contextmanager
def unheard() -> Iterator[None]:
    """Hold back the signals of a terminal in this thread; processes and threads that it starts never hear them.

    Whoever started these ends them, and they print nothing at Ctrl-C.

    Yields
    ------
    None
        Signals that come meanwhile are heard afterwards. On Windows nothing is held back.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    before = signal.pthread_sigmask(signal.SIG_BLOCK, FROM_TERMINALS)
    try:
        resource_tracker.ensure_running()  # a process of multiprocessing's own; this lets Ctrl-C through again
        signal.pthread_sigmask(signal.SIG_BLOCK, FROM_TERMINALS)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def started(make: Callable[[], Made], end: Callable[[Made], None]) -> Made:
    """Start something in a thread of its own, which no signal interrupts half-way.

    Parameters
    ----------
    make : callable
        Starts it.
    end : callable
        Ends it, where Ctrl-C came while it started.

    Returns
    -------
    object
        What `make` returned.
    """

    from concurrent.futures import ThreadPoolExecutor

    def make_unheard() -> Made:
        with unheard():
            return make()

    with stop_signals() as stopped, ThreadPoolExecutor(1, "handgrad-starting") as pool:
        made = pool.submit(make_unheard).result()
    if stopped:
        end(made)
        raise KeyboardInterrupt(*stopped)
    return made
