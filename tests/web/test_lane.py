"""Work in a process of its own: bounded, ended when it takes too long, and begun anew after a crash."""

import asyncio
import os
import time
from collections.abc import Iterator

import pytest

from handgrad.errors import UserError
from handgrad.web import lane as module
from handgrad.web.lane import Lane
from handgrad.web.problem import Problem, bad

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    lane = Lane("pages", 2)
    yield lane
    lane.close()


def divided(a: int, b: int) -> float:
    if b == 7:
        raise UserError("seven")
    if b == 8:
        raise bad("eight")
    return a / b


def test_results_and_faults_come_back(lane):
    async def run() -> None:
        assert await lane.run(divided, 6, 3) == 2
        with pytest.raises(UserError, match="seven"):
            await lane.run(divided, 6, 7)
        with pytest.raises(Problem, match="eight") as found:
            await lane.run(divided, 6, 8)
        assert found.value.status == 422
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            await lane.run(divided, 6, 0)
        assert await lane.run(divided, 6, 2) == 3

    asyncio.run(run())


def test_a_process_that_dies_is_one_problem_and_the_next_call_gets_another(lane):
    async def run() -> None:
        first = await lane.run(os.getpid)
        with pytest.raises(Problem, match="ended the process"):
            await lane.run(os._exit, 1)
        assert await lane.run(os.getpid) not in (first, os.getpid())

    asyncio.run(run())


def test_what_takes_too_long_is_ended(lane, monkeypatch):
    async def run() -> None:
        first = await lane.run(os.getpid)
        monkeypatch.setattr(module, "LONGEST", 0.5)
        began = time.monotonic()
        with pytest.raises(Problem, match=r"takes longer than 0\.5 seconds"):
            await lane.run(time.sleep, 60)
        assert time.monotonic() - began < 10
        monkeypatch.undo()
        assert await lane.run(os.getpid) != first

    asyncio.run(run())


def test_too_much_is_refused_and_nothing_waits_too_long(lane, monkeypatch):
    async def run() -> None:
        await lane.run(os.getpid)
        monkeypatch.setattr(module, "LONGEST", 2.0)
        first = asyncio.create_task(lane.run(time.sleep, 1.5))
        second = asyncio.create_task(lane.run(os.getpid))
        await asyncio.sleep(0.1)
        with pytest.raises(Problem, match="2 pages are worked on") as full:
            await lane.run(os.getpid)
        assert full.value.status == 503
        with pytest.raises(Problem, match="take long"):
            await second
        assert await first is None

    asyncio.run(run())


@pytest.mark.slow
def test_a_process_is_replaced_after_many_calls(lane, monkeypatch):
    monkeypatch.setattr(module, "CALLS", 3)

    async def run() -> None:
        processes = [await lane.run(os.getpid) for _ in range(7)]
        assert 3 <= len(set(processes)) <= 4  # the first one had calls before

    asyncio.run(run())
