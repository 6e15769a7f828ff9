"""One thread that answers all images that have gathered.

Nothing waits when there is nothing to do: the worker takes what is there, be it one image. While it computes, others
gather, and the next pass answers them together: the more there is to do, the larger the passes.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Condition, Thread

import numpy as np

from handgrad.kernels.threads import limited
from handgrad.model.preprocess import Pixels
from handgrad.nn.params import Array
from handgrad.web.metrics import Metrics
from handgrad.web.problem import busy
from handgrad.web.served import Served

BATCH = 256  # images answered together, at most


@dataclass
class Asked:
    """Images that wait for an answer.

    Parameters
    ----------
    served : Served
        The model.
    pixels : uint8 array (N, H, W, C)
        The images.
    answer : asyncio.Future
        Gets the scores.
    since : float
        When they came.
    """

    served: Served
    pixels: Pixels
    answer: "asyncio.Future[Array]"
    since: float = field(default_factory=time.perf_counter)


class Batches:
    """The worker that answers images.

    Parameters
    ----------
    waiting : int
        Images that may wait; further ones are refused.
    threads : int
        Threads that compute.
    metrics : Metrics
        Told the size of batches, and how long images waited.
    """

    def __init__(self, waiting: int, threads: int, metrics: Metrics) -> None:
        self._most, self._threads, self._metrics = waiting, threads, metrics
        self._asked: deque[Asked] = deque()
        self._ready = Condition()
        self._closed = False
        self._worker = Thread(target=self._work, name="handgrad-answers", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.waiting = 0  # images

    def start(self) -> None:
        """Begin, inside the event loop that will ask."""
        self._loop = asyncio.get_running_loop()
        self._worker.start()

    def close(self) -> None:
        """Answer what waits, and end."""
        with self._ready:
            self._closed = True
            self._ready.notify()
        self._worker.join()

    async def scores(self, served: Served, pixels: Pixels) -> Array:
        """Return the probability of each class for images.

        Parameters
        ----------
        served : Served
            The model.
        pixels : uint8 array (N, H, W, C)
            Images.

        Returns
        -------
        float32 array (N, K)
            See `Served.scores`.

        Raises
        ------
        Problem
            Where too many images wait.
        """
        if self.waiting >= self._most:
            raise busy(f"{self.waiting} images wait for an answer")
        assert self._loop
        asked = [
            Asked(served, pixels[first : first + BATCH], self._loop.create_future())
            for first in range(0, max(len(pixels), 1), BATCH)
        ]
        self.waiting += len(pixels)
        with self._ready:
            self._asked.extend(asked)
            self._ready.notify()
        try:
            if len(asked) == 1:
                return await asked[0].answer
            return np.concatenate(await asyncio.gather(*(each.answer for each in asked)))
        finally:
            self.waiting -= len(pixels)

    def _work(self) -> None:
        assert self._loop
        with limited(self._threads):
            while batch := self._take():
                began = time.perf_counter()
                scores: Array | Exception
                try:
                    pixels = [each.pixels for each in batch]
                    scores = batch[0].served.scores(pixels[0] if len(pixels) == 1 else np.concatenate(pixels))
                except Exception as error:
                    scores = error
                self._loop.call_soon_threadsafe(self._answer, batch, scores, began)

    def _take(self) -> list[Asked]:
        """What waits for the model that has waited longest, as much as makes a batch; nothing at the end."""
        with self._ready:
            while not self._asked and not self._closed:
                self._ready.wait()
            batch: list[Asked] = []
            others: list[Asked] = []
            room = BATCH
            while self._asked and room > 0:
                each = self._asked.popleft()
                fits = not batch or (each.served is batch[0].served and len(each.pixels) <= room)
                (batch if fits else others).append(each)
                room -= len(each.pixels) if fits else 0
            self._asked.extendleft(reversed(others))
            return batch

    def _answer(self, batch: list[Asked], scores: Array | Exception, began: float) -> None:
        first = 0
        for each in batch:
            self._metrics.queue.observe(began - each.since)
            last = first + len(each.pixels)
            if each.answer.done():  # nobody waits for it any more
                pass
            elif isinstance(scores, Exception):
                each.answer.set_exception(scores)
            else:
                each.answer.set_result(scores[first:last])
            first = last
        self._metrics.batch.observe(first)
