"""Work that takes longer, in a process of its own: one call at a time, a bounded number of them waiting.

A picture may take long to read, need much memory, or end the process that decodes it; and Python runs one thread at a
time. So none of that happens in the process that answers requests. A call that takes too long is ended with its
process, and the next one gets a new process.
"""

import asyncio
import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from handgrad.errors import UserError
from handgrad.kernels.threads import limited
from handgrad.model.model import Model
from handgrad.web.problem import Problem, bad, busy

Result = TypeVar("Result")
LONGEST = 9.0  # seconds from a call to its result; waiting for its turn may take half of them
START = 60.0  # seconds that a new process may take to begin
CALLS = 2000  # of a process, before a new one takes its place: what decoders leave behind does not pile up


class Lane:
    """A process for work that takes longer.

    Parameters
    ----------
    name : str
        What is worked on, for refusals.
    most : int
        Calls that may be in progress.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most, self._waiting = name, most, 0
        self._thread = ThreadPoolExecutor(1, f"handgrad-{name}")
        self._process: Any = None
        self._pipe: Connection | None = None
        self._calls, self._closed = 0, False

    def start(self) -> None:
        """Begin the process now, so that the first call need not wait for it."""
        self._thread.submit(self._begin)

    def close(self) -> None:
        """End the process; what waits fails."""
        self._closed = True
        if process := self._process:
            with suppress(ValueError):  # it has just ended
                process.kill()
        self._thread.submit(self._end)
        self._thread.shutdown(cancel_futures=False)

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return what a function returns in the lane's process.

        Parameters
        ----------
        function : callable
            A function of a module.
        *arguments : object
            What can be sent to another process.

        Returns
        -------
        object
            Its result.

        Raises
        ------
        Problem
            Where too many calls wait, or this one takes too long.
        """
        if self._waiting >= self._most:
            raise busy(f"{self._waiting} {self._name} are worked on")
        self._waiting += 1
        try:
            future = self._thread.submit(self._ask, time.monotonic() + LONGEST, function, arguments)
            result = asyncio.wrap_future(future)
            await asyncio.wait([result], timeout=LONGEST / 2)
            if not result.done() and future.cancel():
                raise busy(f"{self._name} that came earlier take long")
            found: Result = await result
            return found
        finally:
            self._waiting -= 1

    def _ask(self, until: float, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if not self._pipe or self._calls >= CALLS:
            began = time.monotonic()
            self._begin()
            until += time.monotonic() - began
        assert self._pipe
        self._calls += 1
        try:
            self._pipe.send((function, arguments))
            if not self._pipe.poll(until - time.monotonic()):
                raise bad(f"one of the {self._name} takes longer than {LONGEST:g} seconds; give a simpler one")
            fine, result = self._pipe.recv()
        except Problem:
            self._end()
            raise
        except (EOFError, OSError):
            self._end()
            raise bad(f"one of the {self._name} ended the process that read it; give another file") from None
        if not fine:
            raise result
        return result

    def _begin(self) -> None:
        self._end()
        if self._closed:
            raise busy("the server is stopping")
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        process = spawn.Process(target=_serve, args=(theirs,), name=f"handgrad-{self._name}", daemon=True)
        process.start()
        self._process = process  # only now may it be killed
        theirs.close()
        try:
            began = self._pipe.poll(START) and self._pipe.recv()
        except (EOFError, OSError):
            began = False
        if not began:
            self._end()
            raise busy(f"the process for {self._name} does not begin")
        self._calls = 0

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe:
            self._pipe.close()
        self._process = self._pipe = None


def _serve(pipe: Connection) -> None:
    """Do what is asked for, in the lane's process; its end is that of the pipe, not that of the terminal's group."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    import handgrad.reading.reader  # noqa: F401  before the first call, which has not long

    with suppress(EOFError, OSError), limited(1):
        pipe.send(True)
        while True:
            function, arguments = pipe.recv()
            try:
                answer = True, function(*arguments)
            except (UserError, Problem) as error:
                answer = False, error
            except Exception:
                answer = False, RuntimeError(traceback.format_exc())
            pipe.send(answer)


@lru_cache(32)  # not all that were ever tuned
def opened(file: Path, kernels: str) -> Model:
    """Return a model, loaded once by a process.

    Parameters
    ----------
    file : pathlib.Path
        Its file.
    kernels : str
        What it answers by, as the model of the server does.

    Returns
    -------
    Model
        The model.
    """
    model = Model.load(file)
    model.kernels = kernels
    return model
