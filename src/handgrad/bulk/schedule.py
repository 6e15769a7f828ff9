"""Which pictures go to a worker together, and what came back, in the order of the pictures."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator, Sequence

from handgrad.bulk.pool import Chunk, Ended
from handgrad.bulk.worker import Read, failure

DEATHS = 2  # workers that may die of a picture before it is set aside
KILLED = f"the process that read it died, {DEATHS} times; it may need too much memory: shrink it"
MAX_CHUNK = 256  # pictures
MAX_AHEAD = 2048  # pictures that may be read while one before them is not


class Schedule:
    """The pictures of a table that are not complete yet.

    Parameters
    ----------
    paths : sequence of str
        All pictures of the table.
    first : int
        How many of them are complete.
    ending : str
        The format of the table.
    seconds : float
        How long a chunk should take.
    """

    def __init__(self, paths: Sequence[str], first: int, ending: str, seconds: float) -> None:
        self.paths, self.ending, self.seconds = paths, ending, seconds
        self._next, self._complete = first, first  # the next to hand out, and the next to be complete
        self._reads: dict[int, Read] = {}
        self._alone: deque[int] = deque()  # pictures of which a worker may have died
        self._deaths = Counter[int]()
        self._pace = seconds  # of a picture; the first goes alone

    def finished(self) -> bool:
        """Tell whether all pictures are complete.

        Returns
        -------
        bool
            True once `complete` has yielded the last.
        """
        return self._complete == len(self.paths)

    def next(self, workers: int) -> Chunk | None:
        """Return pictures for a worker that waits.

        Parameters
        ----------
        workers : int
            How many workers wait.

        Returns
        -------
        Chunk or None
            About as many as take `seconds`; None if there are none to hand out now.
        """
        if self._alone:
            return self._chunk((self._alone.popleft(),))
        left = min(len(self.paths) - self._next, self._complete + MAX_AHEAD - self._next)
        if left <= 0:
            return None
        by_time, fair = int(self.seconds / self._pace), math.ceil(left / (2 * workers))
        count = max(1, min(by_time, fair, MAX_CHUNK))
        self._next += count
        return self._chunk(range(self._next - count, self._next))

    def take(self, ended: Ended) -> None:
        """Take in what came back from a worker.

        Where one died that had several pictures, each of them is read again alone, so that the one at fault is known.

        Parameters
        ----------
        ended : Ended
            A chunk that no worker has any more.
        """
        places = ended.chunk.places
        if ended.reads:
            self._reads.update(zip(places, ended.reads, strict=True))
            self._pace = max((self._pace + ended.seconds / len(places)) / 2, self.seconds / MAX_CHUNK)
            return
        if ended.died and len(places) == 1:
            self._deaths[places[0]] += 1
        for place in places:
            if self._deaths[place] >= DEATHS:
                self._reads[place] = failure(self.paths[place], 1, KILLED, self.ending)
            else:
                self._alone.append(place)

    def complete(self) -> Iterator[Read]:
        """Yield what is complete by now, in the order of the pictures, each once.

        Yields
        ------
        Read
            What became of the next picture.
        """
        while (read := self._reads.pop(self._complete, None)) is not None:
            yield read
            self._complete += 1

    def _chunk(self, places: Sequence[int]) -> Chunk:
        return Chunk(tuple(places), tuple(self.paths[place] for place in places))
