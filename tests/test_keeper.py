"""Checkpoints while a training runs: how often, and a trial of a sweep that goes on from one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import write_small_data
from handgrad.sweeps.plan import Plan
from handgrad.sweeps.trial import OverTime, Trial, run_trial
from handgrad.training import keeper
from handgrad.training.data import Source
from handgrad.training.keeper import Keeper
from handgrad.training.progress import Progress
from handgrad.training.trainer import Trainer
from test_train import SMALL


class Clock:
    """Steps of a second, and checkpoints that take as long as they are told."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost, self.saved = 0.0, cost, list[float]()
        self.progress = Progress()

    def monotonic(self) -> float:
        return self.now

    def save(self, *_: Any) -> None:
        self.now += self.cost
        self.saved.append(self.now)

    def run(self) -> Iterator[int]:
        for step in range(100):
            self.now += 1.0
            yield step


@pytest.mark.parametrize(("cost", "first", "least"), [(0.001, 3.001, 2.0), (0.1, 3.1, 6.0)])
def test_the_first_checkpoint_comes_soon_and_all_cost_little(
    cost: float, first: float, least: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock: Any = Clock(cost)
    monkeypatch.setattr(keeper, "time", clock)
    monkeypatch.setattr(keeper, "checkpoint", clock)
    for _ in Keeper(clock, tmp_path / "c", Source("mnist"), "").events():
        pass
    gaps = [after - before for before, after in zip(clock.saved, clock.saved[1:-1], strict=False)]
    assert clock.saved[0] == pytest.approx(first) and min(gaps) >= least and max(gaps) <= least + 2
    assert clock.saved[-1] == clock.now, "one after the last step"
    assert cost * len(clock.saved) < 0.02 * clock.now


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    data = write_small_data(tmp_path / "data")
    (_, made), *_ = Plan.make(SMALL, {"dropout": [0.0, 0.1]}, 1, str(data)).trials.values()
    return made


def test_a_trial_goes_on_where_it_was_killed(trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, path, steps = run_trial(trial, 1e9), tmp_path / "c", list[int]()
    monkeypatch.setattr(keeper, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)
    real = Trainer._update

    def update(self: Trainer, *rest: Any) -> Any:
        steps.append(self.progress.step)
        if len(steps) == 12:
            raise KeyboardInterrupt
        return real(self, *rest)

    monkeypatch.setattr(Trainer, "_update", update)
    with pytest.raises(KeyboardInterrupt):
        run_trial(trial, 1e9, path)
    assert {**run_trial(trial, 1e9, path), "seconds": 0} == {**whole, "seconds": 0}
    assert steps[12] in (10, 11), "at most the step before the one that was killed is made again"
    path.write_bytes(b"damaged")
    assert run_trial(trial, 1e9, path)["history"] == whole["history"]
    with pytest.raises(OverTime):
        run_trial(trial, 0.0)
