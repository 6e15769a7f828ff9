"""A short form of what `make campaign` and `make fuzz` do at length."""

import ast
import errno
import random
import warnings
from pathlib import Path

import pytest

from campaign import faults, fuzz, mutants
from campaign.readers import READERS
from handgrad.sweeps import run as sweeps
from handgrad.training import evaluate, run

FEW = 20  # changed files of each reader
STARTS_PROCESSES = ("server",)


@pytest.fixture
def no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawings take most of the time of a small training."""
    for module in (run, evaluate, sweeps):
        monkeypatch.setattr(module, "can_draw", lambda: False)


def problems(name: str, code: int, step: int = 1) -> list[str]:
    """What is wrong where calls fail; one call of each `step`."""
    with faults.prepared([name]) as trials:
        trial = trials[name]
        assert len(trial.calls) > 3
        found = [(i, trial.problem(i, code)) for i in range(0, len(trial.calls), step)]
        return [f"call {i} ({trial.calls[i]}): {problem}" for i, problem in found if problem]


@pytest.mark.parametrize(("name", "step"), [("train", 2), ("table", 1)])
@pytest.mark.usefixtures("no_drawings")
def test_a_full_disk_at_any_place(name: str, step: int) -> None:
    assert not problems(name, errno.ENOSPC, step)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["evaluate", "committee", "sweep"])
@pytest.mark.usefixtures("no_drawings")
def test_a_disk_that_fails_at_any_place(name: str) -> None:
    assert not problems(name, errno.EIO, 3 if name == "sweep" else 1)  # a sweep has many calls


def test_a_fault_that_nobody_handles_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.bulk.part.write", lambda file, data: file.write(data))
    assert any("traceback" in problem or "a line" in problem for problem in problems("table", errno.ENOSPC))


@pytest.mark.parametrize("name", sorted(READERS.keys() - {*STARTS_PROCESSES}))
def test_changed_files_are_accepted_or_refused_in_a_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader, draw = READERS[name](tmp_path), random.Random(name)
        found = [fuzz.outcome(reader.read, fuzz.mutated(draw, reader)) for _ in range(FEW)]
    assert {*found} <= {"accepted", "refused"}


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("name", READERS)
def test_thousands_of_changed_files_in_a_process_of_their_own(name: str) -> None:
    found = fuzz.try_reader(name, 5, 1.0)
    assert not found.counts
    assert found.tried > 1


@pytest.mark.process
def test_what_raises_dies_or_takes_too_much_is_found() -> None:
    found = fuzz.try_reader("broken", 0, 60.0, 30, "campaign.broken")
    kinds = {what.split(" at ")[0] for what in found.counts}
    assert kinds == {"KeyError", "a crash, or more than 10 s", "more than 20 MB"}
    assert found.findings[next(what for what in found.counts if what.startswith("KeyError"))][0] == b"k"


def test_mistakes_are_programs_that_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "SOURCE", tmp_path)
    (path := tmp_path / "a.py").write_text("def f(x: int = 3) -> int:\n    return 0 <= x < min(-x, 2) and not x\n")
    made = [mistake.text() for mistake in mutants.mistakes(path)]
    assert len({*made}) == len(made) == 10 and path.read_text() not in made
    assert "x: int = 4" in made[0] and "return None" in made[1] and " or not x" in made[2]
    monkeypatch.undo()
    for area in mutants.AREAS.values():
        assert all((mutants.TESTS / test).is_file() for test in area.tests)
        assert len(few := mutants.drawn(area, 0)[:FEW]) == FEW
        assert all(ast.parse(mistake.text()) for mistake in few)
