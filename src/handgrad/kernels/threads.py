"""How many threads programs use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from handgrad.errors import UserError

MOST = 64
LIMIT: ContextVar[int] = ContextVar("threads")


def cores() -> int:
    """Count the threads that programs use: as HANDGRAD_THREADS says, or the cores that this process may use.

    Returns
    -------
    int
        From 1 to 64.

    Raises
    ------
    UserError
        Where HANDGRAD_THREADS is no such number.
    """
    return _counted(os.environ.get("HANDGRAD_THREADS", ""))


@cache
def _counted(asked: str) -> int:
    if asked and not (asked.isdecimal() and 1 <= int(asked) <= MOST):
        raise UserError(f"HANDGRAD_THREADS is '{asked}': expected a number from 1 to {MOST}")
    return int(asked) if asked else min(available(), MOST)


def available() -> int:
    """Count the cores that this process may use.

    Returns
    -------
    int
        1 or more.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Count the threads that programs of this Python thread use.

    Returns
    -------
    int
        What `limited` says, or else `cores`.
    """
    return LIMIT.get(0) or cores()


@contextmanager
def limited(count: int) -> Iterator[None]:
    """Let programs of this Python thread use another number of threads; results are the same.

    Parameters
    ----------
    count : int
        How many, from 1 to 64.

    Yields
    ------
    None
        While that holds.
    """
    token = LIMIT.set(count)
    try:
        yield
    finally:
        LIMIT.reset(token)
