"""What docs/watching.md says can be run, with small modules in place of those that do not come along."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from handgrad.datasets import load
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer

PAGE = (Path(__file__).parent.parent / "docs" / "watching.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
METRICS = {"epoch", "step", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr", "valid_f1"}
SMALL = Recipe("small", hidden=(8,), epochs=2, batch=20)


class Fake(ModuleType):
    """A module that has a few functions, and writes down how they are called."""

    def __init__(self, name: str, functions: tuple[str, ...]) -> None:
        super().__init__(name)
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        for function in functions:
            setattr(self, function, self._recorder(function))

    def _recorder(self, name: str) -> Any:
        def record(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((name, args, kwargs))
            return self

        return record

    def __enter__(self) -> "Fake":
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append(("exit", (), {}))

    def of(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(args, kwargs) for called, args, kwargs in self.calls if called == name]


def run(block: int, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one of the recipes with a training of two short epochs."""
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[0], "docs/watching.md", "exec"), names)
    assert isinstance(names["trainer"], Trainer)
    images = load("mnist").train[:100]
    names.update(recipe=SMALL, trainer=Trainer(SMALL, images[:80], images[80:], seed=0))
    monkeypatch.setitem(sys.modules, fake.__name__.partition(".")[0], fake)
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    exec(compile(BLOCKS[block], "docs/watching.md", "exec"), names)


def test_every_block_is_run_below() -> None:
    assert len(BLOCKS) == 4


def test_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake("tensorboard.summary", ("Writer", "add_scalar", "close"))
    run(1, fake, monkeypatch)
    assert fake.of("Writer") == [(("boards/mlp-1",), {})] and fake.calls[-1][0] == "close"
    added = fake.of("add_scalar")
    assert {name for (name, _), _ in added} == METRICS and len(added) == 2 * len(METRICS)
    assert all(isinstance(value, int | float) for (_, value), _ in added)
    assert {given["step"] for _, given in added} == {1, 2}


def test_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake("mlflow", ("start_run", "log_params", "log_metrics"))
    run(2, fake, monkeypatch)
    assert fake.of("log_params") == [((SMALL.to_json(),), {})]
    assert [given["step"] for _, given in fake.of("log_metrics")] == [1, 2]
    assert all(set(metrics) == METRICS for (metrics,), _ in fake.of("log_metrics"))
    assert fake.calls[-1][0] == "exit"


def test_weights_and_biases(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake("wandb", ("init", "log", "finish"))
    run(3, fake, monkeypatch)
    assert fake.of("init") == [((), {"project": "digits", "name": "mlp-1", "config": SMALL.to_json()})]
    assert [given["step"] for _, given in fake.of("log")] == [1, 2]
    assert fake.calls[-1][0] == "finish"
