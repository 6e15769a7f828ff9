"""Whatever workers do, each picture is complete once, in order; and one that kills its workers is set aside."""

import random

import pytest

from handgrad.bulk.pool import Chunk, Ended
from handgrad.bulk.schedule import MAX_AHEAD, Schedule
from handgrad.bulk.worker import Read

COUNT = 3000
PATHS = [f"{i}.png" for i in range(COUNT)]


def read(place: int) -> Read:
    return Read(f"{place}\n".encode())


def simulate(seed: int, dies: float, poison: set[int], seconds: float = 0.001) -> tuple[list[Read], list[Chunk]]:
    """Four workers that end in any order, and die at random, or of poison; a random death is no chunk's fault."""
    generator = random.Random(seed)
    schedule = Schedule(PATHS, 0, ".csv", 0.1)
    running: list[Chunk] = []
    found: list[Read] = []
    chunks: list[Chunk] = []
    while not schedule.finished():
        while len(running) < 4 and (chunk := schedule.next(4 - len(running))):
            running.append(chunk)
            chunks.append(chunk)
        chunk = running.pop(generator.randrange(len(running)))
        if poison & set(chunk.places):
            schedule.take(Ended(chunk))
        elif generator.random() < dies:
            schedule.take(Ended(chunk, died=False))
        else:
            schedule.take(Ended(chunk, tuple(map(read, chunk.places)), seconds * len(chunk.places)))
        found += schedule.complete()
    return found, chunks


@pytest.mark.parametrize("seed", range(5))
def test_each_picture_is_complete_once_in_order(seed: int) -> None:
    poison = {0, 1, 1500, COUNT - 1}
    found, _ = simulate(seed, 0.2, poison)
    assert len(found) == COUNT
    for place, each in enumerate(found):
        if place in poison:
            assert each.failed and each.data.startswith(f"{place}.png,1,,,,".encode()) and b"died" in each.data
        else:
            assert each == read(place)


def test_chunks_grow_to_the_time_they_should_take_and_shrink_at_the_end() -> None:
    _, chunks = simulate(0, 0.0, set())
    sizes = [len(chunk.places) for chunk in chunks]
    assert sizes[0] == 1 and 80 < max(sizes) <= 100 and sizes[-1] < 10
    _, chunks = simulate(0, 0.0, set(), seconds=10.0)
    assert {len(chunk.places) for chunk in chunks} == {1}


def test_a_picture_that_takes_for_ever_does_not_fill_the_memory() -> None:
    schedule = Schedule(PATHS, 0, ".csv", 0.1)
    first, handed_out = schedule.next(2), 1
    assert first is not None
    while chunk := schedule.next(1):
        handed_out += len(chunk.places)
        schedule.take(Ended(chunk, tuple(map(read, chunk.places)), 0.001))
    assert handed_out == MAX_AHEAD
    schedule.take(Ended(first, (read(0),), 1.0))
    assert len([*schedule.complete()]) == MAX_AHEAD and schedule.next(1)


def test_it_begins_where_it_was_left() -> None:
    schedule = Schedule(PATHS[:5], 4, ".csv", 0.1)
    chunk = schedule.next(3)
    assert chunk == Chunk((4,), ("4.png",)) and schedule.next(1) is None
    schedule.take(Ended(chunk, (read(4),), 0.1))
    assert [*schedule.complete()] == [read(4)] and schedule.finished()
