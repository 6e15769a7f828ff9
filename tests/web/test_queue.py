"""The worker: answers what has gathered together, each request its own; refuses what is too much."""

import asyncio
import threading

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.model.shipped import shipped_file
from handgrad.web.metrics import Metrics
from handgrad.web.problem import Problem
from handgrad.web.queue import BATCH, Batches
from handgrad.web.served import Served

PIXELS = load("mnist").train.nhwc[-600:]


class Slow(Served):
    """A model that waits before it answers, and remembers how many images it was asked for."""

    def __init__(self, name: str = "tiny") -> None:
        super().__init__(name, shipped_file(name))
        self.sizes: list[int] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def scores(self, pixels):
        self.sizes.append(len(pixels))
        self.begun.set()
        assert self.go.wait(30)
        return super().scores(pixels)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def gathered(metrics: Metrics, counts: list[tuple[Served, int]], first: Slow, waiting: int = 4096) -> list:
    """Answers of requests that come while the worker is busy with one image of `first`."""

    async def run() -> list:
        batches = Batches(waiting, 1, metrics)
        batches.start()
        one = asyncio.create_task(batches.scores(first, PIXELS[:1]))
        await asyncio.to_thread(first.begun.wait, 30)
        asked = [asyncio.create_task(batches.scores(served, PIXELS[:count])) for served, count in counts]
        await asyncio.sleep(0)
        first.go.set()
        found = await asyncio.gather(*asked, return_exceptions=True)
        await one
        assert batches.waiting == 0
        batches.close()
        return found

    return asyncio.run(run())


def test_what_gathers_is_answered_together_and_each_gets_its_own(metrics):
    slow = Slow()
    counts = [1, 1, 3, 1, 200, 40, 20]
    found = gathered(metrics, [(slow, count) for count in counts], slow)
    wanted = slow.model.scores(PIXELS)
    for count, scores in zip(counts, found, strict=True):
        assert np.array_equal(scores, wanted[:count])
    assert slow.sizes == [1, 246, 20], "one image, then as many as make a batch, then the rest"
    assert metrics.batch.sum == 267 and sum(metrics.batch.counts) == 3
    assert sum(metrics.queue.counts) == 8


def test_two_models_are_answered_in_turn(metrics):
    slow, other = Slow(), Served("mlp", shipped_file("mlp"))
    found = gathered(metrics, [(other, 2), (slow, 1), (other, 1), (slow, 1)], slow)
    assert slow.sizes == [1, 2]
    assert np.array_equal(found[0][:1], found[2]) and np.array_equal(found[1], found[3])
    assert sum(metrics.batch.counts) == 3


def test_a_large_request_is_answered_in_parts(metrics):
    slow = Slow()
    (found,) = gathered(metrics, [(slow, 600)], slow)
    assert np.array_equal(found, slow.model.scores(PIXELS)) and slow.sizes == [1, BATCH, BATCH, 600 - 2 * BATCH]


def test_what_is_too_much_is_refused_and_the_rest_answered(metrics):
    slow = Slow()
    found = gathered(metrics, [(slow, 1)] * 6, slow, waiting=4)
    refused = [each for each in found if isinstance(each, Problem)]
    assert [each.status for each in refused] == [503] * 3 and refused[0].headers == {"Retry-After": "1"}
    assert len([each for each in found if isinstance(each, np.ndarray)]) == 3


def test_a_fault_reaches_all_who_asked_and_the_worker_goes_on(metrics):
    slow, broken = Slow(), Served("mlp", shipped_file("mlp"))
    broken.scores = lambda pixels: 1 / 0
    found = gathered(metrics, [(broken, 1), (broken, 2), (slow, 1)], slow)
    assert [type(each) for each in found] == [ZeroDivisionError, ZeroDivisionError, np.ndarray]


def test_a_request_that_nobody_waits_for_any_more(metrics):
    async def run() -> None:
        slow, batches = Slow(), Batches(9, 1, metrics)
        batches.start()
        asked = asyncio.create_task(batches.scores(slow, PIXELS[:1]))
        await asyncio.to_thread(slow.begun.wait, 30)
        asked.cancel()
        slow.go.set()
        assert (await batches.scores(slow, PIXELS[:2])).shape == (2, 10)
        assert batches.waiting == 0
        batches.close()

    asyncio.run(run())
