"""The threads that run programs of kernels: a small team, one for the process.

Each thread of the team waits in native code for a program (`native.py`), for some milliseconds; then it sleeps
until it is called. Who runs a program is one of the team, and takes those that are awake along. While one Python thread
leads the team, programs of others run on their own thread alone: results do not depend on how many threads there were.
Before a fork, and at exit, the threads are let go; the next program gets new ones.
"""

import atexit
import os
import threading

import numpy as np

from handgrad.kernels import objects
from handgrad.kernels.threads import MOST

LINE = 64  # bytes of a cache line
# Places of the words in a team's memory, in bytes: 64-bit integers that `native.py` reads and writes.
GATE, QUIT, LIST, LENGTH, THREADS, FIRST = 0, 64, 72, 80, 88, 128
# From the gate on: how many threads wait there, how often they have met; until when, in ticks of the processor's clock,
# programs are to run on one thread, as other processes use the cores, and how long that was the last time.
ARRIVED, GENERATION, CROWDED, ALONE = 0, 8, 104, 112
STATE, RANK = 0, 8  # of thread t, from FIRST + LINE * t on: what it does, and which of those that run a program it is
CALLED, IDLE, ASLEEP, CLAIMED, WORKING = range(5)


class ThreadTeam:
    """Threads, and the memory through which they speak."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._raw = np.zeros((FIRST + LINE * MOST + LINE) // 8, np.int64)
        start = -self._raw.ctypes.data % LINE
        self._words = self._raw[start // 8 :]
        self._control = self._raw.ctypes.data + start
        self._threads: list[threading.Thread] = []
        self._bells: list[threading.Lock] = []

    def run(self, at: int, length: int, wanted: int) -> None:
        """Run a program.

        Parameters
        ----------
        at : int
            Address of its pairs of kernel and arguments.
        length : int
            How many pairs.
        wanted : int
            Threads to use, if as many are free.
        """
        if wanted == 1 or not self._lock.acquire(blocking=False):
            objects.function("run")(at, length, 0, 1, 0)
            return
        try:
            self._call(wanted)
            objects.function("lead")(self._control, at, length, wanted)
        finally:
            self._lock.release()

    def _call(self, wanted: int) -> None:
        """Have enough threads, and wake those that sleep."""
        while len(self._threads) < wanted - 1:
            bell, t = threading.Lock(), len(self._threads) + 1
            bell.acquire()
            self._bells.append(bell)
            self._threads.append(threading.Thread(target=self._work, args=(t, bell), name="handgrad", daemon=True))
            self._threads[-1].start()
        for t in range(1, wanted):
            self._wake(t)

    def _state(self, t: int) -> int:
        return (FIRST + LINE * t + STATE) // 8

    def _wake(self, t: int) -> None:
        if self._words[self._state(t)] == ASLEEP:
            self._words[self._state(t)] = CALLED
            self._bells[t - 1].release()

    def _work(self, t: int, bell: threading.Lock) -> None:
        while not self._words[QUIT // 8]:
            objects.function("work")(self._control, t)
            if not self._words[QUIT // 8]:
                bell.acquire()

    def dismiss(self) -> None:
        """Let the threads go, and keep programs from calling new ones until `reopen`."""
        self._lock.acquire()
        self._words[QUIT // 8] = 1
        for t, thread in enumerate(self._threads, 1):
            while thread.is_alive():
                self._wake(t)
                thread.join(0.01)

    def reopen(self) -> None:
        """Let programs call threads again."""
        self._words[:] = 0
        self._threads, self._bells = [], []
        self._lock.release()


TEAM = ThreadTeam()
atexit.register(TEAM.dismiss)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=TEAM.dismiss, after_in_parent=TEAM.reopen, after_in_child=TEAM.reopen)
