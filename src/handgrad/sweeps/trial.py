"""A trial: one recipe trained with one seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from handgrad import __version__
from handgrad.datasets import Dataset
from handgrad.errors import UserError
from handgrad.training.data import Source
from handgrad.training.keeper import Keeper
from handgrad.training.patience import best_epoch
from handgrad.training.progress import Epoch, Step
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer

Record = dict[str, Any]


class Mismatch(UserError):
    """This worker lacks the code or the images that the sweep was begun with, and can run none of its trials."""


class OverTime(UserError):
    """A trial took longer than it may."""


@dataclass(frozen=True)
class Trial:
    """What to train, and on which images.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    seed : int
        With which seed.
    dataset : Source
        Where the images come from.
    checksum : str
        Of the images.
    code : str
        The `code_version` that the sweep was begun with.
    """

    recipe: Recipe
    seed: int
    dataset: Source
    checksum: str
    code: str

    @property
    def name(self) -> str:
        """A hash of all that the result depends on: recipe, seed, images and code."""
        return trial_name(self.recipe.to_json(), self.seed, self.checksum, self.code)


def trial_name(recipe: Mapping[str, Any], seed: int, checksum: str, code: str) -> str:
    """Return the name of a trial.

    Parameters
    ----------
    recipe : mapping of str to object
        Fields of the recipe.
    seed : int
        Seed of the trial.
    checksum : str
        Of the images.
    code : str
        The `code_version` that trains.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    parts = {"recipe": recipe, "seed": seed, "checksum": checksum, "code": code}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def run_trial(trial: Trial, limit: float, checkpoint: Path | None = None) -> Record:
    """Train one trial.

    Parameters
    ----------
    trial : Trial
        What to train.
    limit : float
        Seconds that it may take.
    checkpoint : Path, optional
        Where it is kept while it runs; what is there already is gone on from.

    Returns
    -------
    dict
        The record: values that JSON knows, of which only `seconds` may differ from one run to the next.

    Raises
    ------
    Mismatch
        If this machine has other code or images, or cannot read these.
    OverTime
        If the limit is reached.
    UserError
        If the recipe cannot be trained: the loss becomes infinite, say.
    """
    if trial.code != code_version():
        raise Mismatch(
            f"this worker runs handgrad {code_version()}, the sweep was begun with {trial.code}: install the same "
            "version on every machine"
        )
    try:
        data = _data(trial.dataset)
    except (UserError, OSError) as error:  # a disk that fails says nothing of the trial
        raise Mismatch(f"{error}; mend that, then give the same command again to go on") from error
    if data.checksum != trial.checksum:
        raise Mismatch(
            f"{trial.dataset.dataset}: the images differ from those that the sweep was begun with; copy them here"
        )
    trainer = Trainer(trial.recipe, *data.split(), trial.seed)
    progress = _kept(trainer, trial, checkpoint) if checkpoint else trainer.run()
    for _ in progress:
        if trainer.progress.train_seconds + trainer.progress.seconds > limit:
            raise OverTime(f"stopped at step {trainer.progress.step} of {trainer.steps}, after its {limit:g} s")
    history = [epoch.measured() for epoch in trainer.progress.history]
    kept = history[-1] if trainer.best is None else best_epoch(trainer.progress.history).measured()
    measured = ("valid_accuracy", "valid_loss", "train_accuracy", "train_loss")
    return {
        "trial": trial.name, "recipe": trial.recipe.to_json(), "seed": trial.seed, "checksum": trial.checksum,
        "code": trial.code, **{name: kept[name] for name in measured}, "history": history,
        "seconds": round(trainer.progress.train_seconds, 3),
    }  # fmt: skip


def _kept(trainer: Trainer, trial: Trial, path: Path) -> Iterator[Step | Epoch]:
    keeper = Keeper(trainer, path, trial.dataset, trial.checksum)
    with suppress(UserError):  # a damaged one: the trial begins anew, and writes another
        keeper.take_up()
    return keeper.events()


@cache
def code_version() -> str:
    """Return the package's version with a hash of its source: machines on which it is equal compute the same.

    Returns
    -------
    str
        Such as 0.1.0+54da8223fde3.
    """
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


@lru_cache(maxsize=1)
def _data(dataset: Source) -> Dataset:
    """The data set, read once: all trials of a worker have the same images."""
    return dataset.load()
