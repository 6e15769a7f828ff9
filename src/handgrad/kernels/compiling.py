"""Compiling what is missing, in as many processes as there are cores."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

from handgrad.kernels.threads import cores

Report = Callable[[str], None]
Processes = SimpleQueue["subprocess.Popen[bytes]"]
GUESS = 1.0  # seconds for a kernel on one core, before any has been compiled
START = "import sys; sys.path[:] = {!r}; from handgrad.kernels.compiler import main; main()"


def silent(text: str) -> None:
    """Take no notice of progress.

    Parameters
    ----------
    text : str
        What would be shown.
    """


def compiled(names: list[str], report: Report) -> Iterator[tuple[str, bytes]]:
    """Compile kernels.

    Parameters
    ----------
    names : list of str
        The kernels.
    report : callable
        Told, in one line, what is compiled and how long it takes.

    Yields
    ------
    name : str
        A kernel that is done.
    content : bytes
        The name of its symbol, a line break, its object code.

    Raises
    ------
    RuntimeError
        Where a compiler fails.
    """
    count = min(cores(), len(names))
    if not count:
        return
    processes, idle = [_start() for _ in range(count)], Processes()
    for process in processes:
        idle.put(process)
    pool, began = ThreadPoolExecutor(count, "handgrad-compiling"), time.monotonic()
    try:
        futures = [pool.submit(_compile, name, idle) for name in names]
        report(_progress(0, len(names), GUESS / count))
        for done, future in enumerate(as_completed(futures), 1):
            report(_progress(done, len(names), (time.monotonic() - began + GUESS) / (done + count)))
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        pool.shutdown()
        for process in processes:
            process.communicate()


def _progress(done: int, count: int, each: float) -> str:
    """A line for the user; `each` is how many seconds a kernel takes."""
    left = (count - done) * each
    return f"compiling {min(done + 1, count)} of {count} kernels, once for this machine; about {left:.0f} s"


def _start() -> "subprocess.Popen[bytes]":
    """A process that reads names and writes compiled kernels."""
    command = [sys.executable, "-c", START.format(sys.path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _compile(name: str, idle: Processes) -> tuple[str, bytes]:
    process = idle.get()
    try:
        assert process.stdin and process.stdout
        process.stdin.write(f"{name}\n".encode())
        process.stdin.flush()
        size = process.stdout.readline()
        if not size:
            raise RuntimeError(f"compiling {name} failed, exit code {process.wait()}; what the compiler said is above")
        return name, process.stdout.read(int(size))
    finally:
        idle.put(process)
