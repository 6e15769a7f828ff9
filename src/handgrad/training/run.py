"""A training run and its folder: begun, left, taken up again, finished.

No file in it is ever half-written, but for the last line of the history while the run trains.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from handgrad.errors import UserError
from handgrad.files import is_free, locked, make_folder, remove_file, replace_file
from handgrad.model.model import Model
from handgrad.model.shipped import MODEL_FILE
from handgrad.report import curves, save, training_page, write_page
from handgrad.report.style import can_draw
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.data import Source, source_of
from handgrad.training.history import HISTORY, History
from handgrad.training.keeper import Keeper
from handgrad.training.patience import best_epoch
from handgrad.training.progress import Epoch, Step
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer

CHECKPOINT, RECIPE, SOURCE = "checkpoint.safetensors", "recipe.toml", "source.json"
CURVES, REPORT = "curves.png", "report.html"


class Run:
    """A trainer that keeps its folder up to date; make one with `begin`, `resume` or `begin_or_resume`.

    Parameters
    ----------
    folder : pathlib.Path
        The run folder.
    trainer : Trainer
        What trains.
    source : Source
        Where its images come from.
    checksum : str
        Of its images.

    Attributes
    ----------
    keeper : Keeper
        What trains, and writes checkpoints.
    """

    def __init__(self, folder: Path, trainer: Trainer, source: Source, checksum: str) -> None:
        self.folder, self.trainer, self.source, self.checksum = folder, trainer, source, checksum
        self.keeper = Keeper(trainer, folder / CHECKPOINT, source, checksum)
        self._history = History(folder / HISTORY)

    @classmethod
    def begin(cls, folder: str | Path, recipe: Recipe, dataset: str | Path | Source, seed: int = 0) -> Run:
        """Begin a run.

        Parameters
        ----------
        folder : str or pathlib.Path
            A folder that does not exist yet, or is empty.
        recipe : Recipe
            How to train.
        dataset : str, pathlib.Path or Source
            What to learn from, see `handgrad.load`.
        seed : int
            Of every random number.

        Returns
        -------
        Run
            Saved already: whatever happens from here on, `resume` takes it up.

        Raises
        ------
        UserError
            For a folder that holds something, and for images that the recipe does not fit.
        """
        folder, source = Path(folder), source_of(dataset)
        _must_be_free(folder)
        data = source.load()
        run = cls(folder, Trainer(recipe, *data.split(), seed), source, data.checksum)
        make_folder(folder)
        with locked(folder):
            _must_be_free(folder)  # another process may have begun a run there meanwhile
            run.keeper.save()
            run._describe()
        return run

    @classmethod
    def resume(cls, folder: str | Path) -> Run:
        """Take up the run in a folder.

        Parameters
        ----------
        folder : str or pathlib.Path
            A run folder.

        Returns
        -------
        Run
            As its last checkpoint has it.

        Raises
        ------
        UserError
            Where there is none, where it is finished or under way, and where its images have changed.
        """
        folder = Path(folder)
        if not (folder / CHECKPOINT).is_file() and (folder / MODEL_FILE).is_file():
            raise UserError(f"{folder}: this run is finished, its model is {folder / MODEL_FILE}")
        left = Checkpoint.read(folder / CHECKPOINT)
        with locked(folder):  # where another process trains, that is told before anything is loaded
            pass
        data = left.source.load()
        if data.checksum != left.checksum:
            raise UserError(f"{left.source.dataset}: the images have changed since {folder} began; begin a new run")
        run = cls(folder, left.trainer(*data.split()), left.source, left.checksum)
        run._describe()
        return run

    @classmethod
    def begin_or_resume(cls, folder: Path, recipe: Recipe, dataset: str | Path | Source, seed: int) -> Run | None:
        """Begin the run in a folder, or take it up.

        Parameters
        ----------
        folder : pathlib.Path
            The run folder.
        recipe : Recipe
            How to train.
        dataset : str, pathlib.Path or Source
            What to learn from.
        seed : int
            Of every random number.

        Returns
        -------
        Run or None
            None where the run is finished.

        Raises
        ------
        UserError
            Where the folder holds a run of something else.
        """
        run = None
        source = source_of(dataset)
        if (folder / CHECKPOINT).is_file():  # also beside a model: the disk may have been full after that was written
            run = cls.resume(folder)
            found: tuple[Recipe, Any, Any] = run.trainer.recipe, run.trainer.seed, run.checksum
        elif (folder / MODEL_FILE).is_file():
            record = Model.load(folder / MODEL_FILE).record
            found = Recipe.from_json(record.get("recipe", {})), record.get("seed"), record.get("data")
        else:
            return cls.begin(folder, recipe, source, seed)
        wanted = recipe, seed, source.load().checksum
        differ = [what for what, a, b in zip(("recipe", "seed", "images"), found, wanted, strict=True) if a != b]
        if differ:
            raise UserError(f"{folder}: holds a run of another {differ[0]}: choose another folder, or remove this one")
        return run

    def events(self) -> Generator[Step | Epoch]:
        """Train to the end.

        Checkpoints are written meanwhile, see `Keeper.events`, and the history gets a line after each epoch.

        Yields
        ------
        Step or Epoch
            What happened, see `Trainer.run`.

        Raises
        ------
        UserError
            Where another process trains in this folder.
        """
        with locked(self.folder), closing(self.keeper.events()) as events:
            self._history.follow(self.trainer.progress.history)
            for event in events:
                if isinstance(event, Epoch):
                    self._history.follow(self.trainer.progress.history)
                yield event

    def _describe(self) -> None:
        """Write recipe and source where they are missing: a disk may have had room for the checkpoint alone."""
        recipe, source = self.trainer.recipe.to_toml(), json.dumps(self.source.to_json())
        for path, content in ((self.folder / RECIPE, recipe), (self.folder / SOURCE, source)):
            if not path.exists():
                replace_file(path, content.encode())

    def finish(self) -> Path:
        """Write model and history, remove the checkpoint, and draw the report if matplotlib is installed.

        Returns
        -------
        pathlib.Path
            The model file.

        Raises
        ------
        UserError
            Where a file cannot be written.
        """
        with locked(self.folder):
            model, history = self.trainer.model(), self.trainer.progress.history
            model.record["data"] = self.checksum
            model.save(self.folder / MODEL_FILE)
            self._history.write(history)
            if can_draw():
                self._draw([asdict(epoch) for epoch in history])
            remove_file(self.folder / CHECKPOINT)
        return self.folder / MODEL_FILE

    def _draw(self, history: list[dict[str, Any]]) -> None:
        trainer = self.trainer
        save(curves(history), self.folder / CURVES)
        accuracies = dict(zip(trainer.data.classes, self.kept.valid_class_accuracy, strict=False))
        title = f"Training {trainer.recipe.name}"
        write_page(training_page(title, self._facts(), history, accuracies, self._note()), self.folder / REPORT)

    def _facts(self) -> dict[str, str]:
        trainer = self.trainer
        return {
            "Recipe": trainer.recipe.name,
            "Seed": str(trainer.seed),
            "Data": f"{self.source.dataset} ({self.checksum[:12]}), {len(trainer.data):,} images",
            "Parameters": f"{trainer.network.layout.count:,}",
            "Epochs": self.epochs,
            "Training time": f"{trainer.progress.train_seconds:.1f} s",
            **({"F1, mean of the classes": f"{100 * f1:.2f} %"} if (f1 := self.kept.valid_f1) is not None else {}),
        }

    @property
    def kept(self) -> Epoch:
        """The epoch whose weights the model has."""
        history = self.trainer.progress.history
        return best_epoch(history) if self.trainer.best else history[-1]

    @property
    def epochs(self) -> str:
        """How many epochs there were; where training stopped early, of how many, and which one was kept."""
        done, planned = len(self.trainer.progress.history), self.trainer.recipe.epochs
        if not self.trainer.best:
            return str(done)
        early = f" of {planned}, stopped early" if done < planned else ""
        return f"{done}{early}; epoch {self.kept.epoch} kept"

    def _note(self) -> str:
        """Why training looks worse than validation, where it does."""
        recipe, last = self.trainer.recipe, self.trainer.progress.history[-1]
        if last.valid_accuracy is None or last.train_accuracy >= last.valid_accuracy:
            return ""
        drops = recipe.input_dropout or any(recipe.dropout)
        distorts = any(value for name, value in recipe.augmentation().items() if not name.endswith("share"))
        harder = [text for text, is_so in (("with dropout", drops), ("on distorted images", distorts)) if is_so]
        how = f"{' and '.join(harder)}, " if harder else ""
        return (
            f"Training accuracy lies below validation accuracy here: it is measured {how}during the epoch, while the "
            "weights still change; validation takes plain images, all units, and the weights at the end of the epoch."
        )


def _must_be_free(folder: Path) -> None:
    if not is_free(folder):
        raise UserError(f"{folder}: exists and is not empty; choose another folder, or go on with it by --resume")
