"""What Ctrl-C, a termination and the end of the terminal do, and to whom."""

import os
import signal
import subprocess
import sys

import pytest

from handgrad.signals import STOPS, exit_code, interrupted_by_signals, started, stop_signals, unheard

SHOW_BLOCKED = "import signal; print(sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))))"


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_interrupts_and_says_which_it_was(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt) as stop, interrupted_by_signals():
        send(number)
    assert exit_code(*stop.value.args) == {2: 130, 15: 143, 1: 129}[number]
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", STOPS)
def test_the_first_signal_is_kept_and_the_second_one_interrupts(number: int) -> None:
    with stop_signals() as stopped:
        send(number)
        assert stopped == [number]
        with pytest.raises(KeyboardInterrupt):
            send(number)


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals() as stopped:
            send(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN and not stopped
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.process
def test_what_is_started_unheard_never_hears_the_terminal() -> None:
    with unheard():
        shown = subprocess.run([sys.executable, "-c", SHOW_BLOCKED], capture_output=True, text=True, check=True)
    assert shown.stdout == f"[{signal.SIGHUP:d}, {signal.SIGINT:d}]\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_what_is_interrupted_while_it_starts_is_ended_whole() -> None:
    ended: list[str] = []

    def make() -> str:
        send(signal.SIGTERM)
        return "made"

    with pytest.raises(KeyboardInterrupt), interrupted_by_signals():
        started(make, ended.append)
    assert ended == ["made"]
    assert started(lambda: "made", ended.append) == "made" and ended == ["made"]
