"""Signals that ask a command to stop: Ctrl-C, a termination, and the end of the terminal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HEARD = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let each signal raise a KeyboardInterrupt that carries its number, so that files and workers are left tidy."""
    with _handled(_interrupt):
        yield


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """A list that the first signal is put into; the second one interrupts the command at once."""
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if seen:
            _interrupt(number, frame)
        seen.append(number)

    with _handled(note):
        yield seen


def exit_code(*numbers: int) -> int:
    """What a shell reports of a process that a signal ended: 128 and its number; without one, that of Ctrl-C."""
    return 128 + (numbers or (signal.SIGINT,))[0]


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


@contextmanager
def _handled(handler: "signal._HANDLER") -> Iterator[None]:
    # what `nohup` ignores stays so; in the background a shell ignores Ctrl-C, but then it comes from nobody's terminal
    ignored = {number for number in HEARD if signal.getsignal(number) is signal.SIG_IGN} - {signal.SIGINT}
    before = {number: signal.signal(number, handler) for number in HEARD if number not in ignored}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
