"""A trial: one recipe trained with one seed. Its name says all that its result depends on: once done is for good."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from handgrad.datasets import Dataset, load
from handgrad.errors import UserError
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import CLOCKED, Trainer
from handgrad.version import __version__

Record = dict[str, Any]


class Mismatch(UserError):
    """This worker cannot do the sweep's trials at all: other code, or other images."""


class OverTime(UserError):
    """A trial took longer than it may."""


@dataclass(frozen=True)
class Trial:
    """What to train and where from. checksum: of the images; code: `code_version()` of who planned it."""

    recipe: Recipe
    seed: int
    dataset: str
    checksum: str
    code: str

    @property
    def name(self) -> str:
        """The hash of recipe, images, code and seed; where the images lie does not count."""
        parts = {"recipe": asdict(self.recipe), "seed": self.seed, "checksum": self.checksum, "code": self.code}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def run_trial(trial: Trial, limit: float) -> Record:
    """Train, and return the trial's record: plain values, of which only `seconds` may differ from one run to the next.

    Raises Mismatch where this machine has other code or images, OverTime after `limit` seconds, and what training
    raises.
    """
    if trial.code != code_version():
        raise Mismatch(
            f"this worker runs handgrad {code_version()}, the sweep was begun with {trial.code}: install the same "
            "version on every machine"
        )
    data = _data(trial.dataset)
    if data.checksum != trial.checksum:
        raise Mismatch(f"{trial.dataset}: the images differ from those that the sweep was begun with; copy them here")
    trainer, began = Trainer(trial.recipe, *data.split(), trial.seed), time.monotonic()
    for _ in trainer.run():
        if time.monotonic() - began > limit:
            raise OverTime(f"stopped at step {trainer.step} of {trainer.steps}, after its {limit:g} s")
    history = [{k: v for k, v in asdict(epoch).items() if k not in CLOCKED} for epoch in trainer.history]
    measured = ("valid_accuracy", "valid_loss", "train_accuracy", "train_loss")
    return {
        "trial": trial.name, "recipe": asdict(trial.recipe), "seed": trial.seed, "checksum": trial.checksum,
        "code": trial.code, **{name: history[-1][name] for name in measured}, "history": history,
        "seconds": round(time.monotonic() - began, 3),
    }  # fmt: skip


@cache
def code_version() -> str:
    """The package's version and a hash of its source: two machines with the same one compute the same."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


@lru_cache(maxsize=1)
def _data(dataset: str) -> Dataset:
    """A worker's trials have the same images: it reads them once."""
    return load(dataset)
