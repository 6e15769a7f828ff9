"""What the two kinds of workers have in common: processes here, and those of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from handgrad.bulk.worker import Read


@dataclass(frozen=True)
class Chunk:
    """Pictures that go to a worker together.

    Parameters
    ----------
    places : tuple of int
        Where they stand in the list of pictures.
    paths : tuple of str
        Their paths.
    """

    places: tuple[int, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """A chunk that no worker has any more.

    Parameters
    ----------
    chunk : Chunk
        The pictures.
    reads : tuple of Read
        What became of each; nothing if that is not known.
    seconds : float
        How long the worker took.
    died : bool
        Whether the worker died of it, as it seems, if nothing is known.
    """

    chunk: Chunk
    reads: tuple[Read, ...] = ()
    seconds: float = 0.0
    died: bool = True


class Pool(Protocol):
    """Workers; each has one chunk at a time."""

    seconds: float
    """How long a chunk should take, so that handing it over costs little beside."""

    def idle(self) -> int:
        """Return how many workers wait for a chunk.

        Returns
        -------
        int
            The number of workers.
        """

    def submit(self, chunk: Chunk) -> None:
        """Hand a chunk to a worker that waits.

        Parameters
        ----------
        chunk : Chunk
            The pictures.
        """

    def wait(self, timeout: float) -> list[Ended]:
        """Wait until a chunk has ended.

        Parameters
        ----------
        timeout : float
            The most seconds to wait.

        Returns
        -------
        list of Ended
            Those that have; none after `timeout`.
        """
