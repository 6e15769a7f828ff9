"""A training that keeps itself on disk while it runs: a kill costs seconds of work."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

from handgrad.errors import UserError
from handgrad.training import checkpoint
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.data import Source
from handgrad.training.progress import Epoch, Step
from handgrad.training.trainer import Trainer

SAVE_EVERY = 2.0  # seconds of training, at least, between checkpoints
SAVE_SHARE = 60  # and so many times as long as the last one took, so that they cost less than 2 % of the time


class Keeper:
    """Trains, and writes checkpoints.

    Parameters
    ----------
    trainer : Trainer
        What trains.
    path : pathlib.Path
        The checkpoint; its folder must exist.
    source : Source
        Where the images come from.
    checksum : str
        Of the images, and of what else the training depends on beside recipe and seed.

    Attributes
    ----------
    problem : str
        Why the latest checkpoint could not be written, or nothing.
    saved : int
        The step from which the training goes on when it is taken up.
    """

    def __init__(self, trainer: Trainer, path: Path, source: Source, checksum: str) -> None:
        self.trainer, self.path, self.source, self.checksum = trainer, path, source, checksum
        self.problem, self.saved, self._took = "", trainer.progress.step, 0.0

    def take_up(self) -> None:
        """Go on from the checkpoint, if there is one.

        Raises
        ------
        UserError
            If it is damaged, or another training's.
        """
        if not self.path.exists():
            return
        left = Checkpoint.read(self.path)
        found = left.recipe, left.header["seed"], left.checksum
        wanted = self.trainer.recipe, self.trainer.seed, self.checksum
        names = ("another recipe", "another seed", "other images")
        if differ := [name for name, a, b in zip(names, found, wanted, strict=True) if a != b]:
            raise UserError(f"{self.path}: of a training with {differ[0]}; remove it to begin anew")
        left.restore(self.trainer)
        self.saved = self.trainer.progress.step

    def events(self) -> Generator[Step | Epoch]:
        """Train to the end.

        A checkpoint is written every few seconds, when the caller stops listening (by `close`, or `break`), and after
        the last step, so that what is left before the model is written is not trained again.

        Yields
        ------
        Step or Epoch
            What happened, see `Trainer.run`.

        Raises
        ------
        UserError
            Where the training fails, see `Trainer.run`, and where a checkpoint cannot be written when the caller stops.
            Others are tried again later: a disk that is full for now must not cost a training.
        """
        saved = time.monotonic()
        try:
            for event in self.trainer.run():
                yield event
                if time.monotonic() - saved > max(SAVE_EVERY, SAVE_SHARE * self._took):
                    self._save_if_possible()
                    saved = time.monotonic()
            self._save_if_possible()
        except GeneratorExit:
            self.save()
            raise

    def save(self) -> None:
        """Write a checkpoint.

        Raises
        ------
        UserError
            Where it cannot be written.
        """
        began = time.monotonic()
        checkpoint.save(self.trainer, self.path, self.source, self.checksum)
        self.saved, self._took = self.trainer.progress.step, time.monotonic() - began

    def _save_if_possible(self) -> None:
        try:
            self.save()
            self.problem = ""
        except UserError as error:
            self.problem = str(error)
