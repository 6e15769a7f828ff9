"""A training run and its folder: begun, left, taken up again, finished; nothing in it is ever half-written."""

import json
import time
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path

from handgrad.datasets import load, resolve
from handgrad.errors import UserError
from handgrad.evaluation.metrics import Evaluation, evaluate
from handgrad.files import held, is_free, make_folder, replace_file
from handgrad.model.model import Model
from handgrad.report import confusion_matrix, curves, evaluation_page, mistakes, save, training_page, write_page
from handgrad.training import checkpoint
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Epoch, Step, Trainer

MODEL, CHECKPOINT, RECIPE, HISTORY = "model.safetensors", "checkpoint.safetensors", "recipe.toml", "history.json"
CURVES, REPORT = "curves.png", "report.html"
EVALUATION = "evaluation"  # .json and .html
SAVE_EVERY = 30.0  # seconds between checkpoints


class Run:
    """A trainer that keeps its folder up to date. Make one with `begin` or `resume`."""

    def __init__(self, folder: Path, trainer: Trainer, dataset: str, checksum: str) -> None:
        self.folder, self.trainer, self.dataset, self.checksum = folder, trainer, dataset, checksum
        self.problem = ""  # why the latest checkpoint could not be written, if so

    @classmethod
    def begin(cls, folder: str | Path, recipe: Recipe, dataset: str, seed: int = 0) -> "Run":
        """A new run in a folder that does not exist yet, or is empty; `dataset` as `datasets.load` takes it."""
        folder = Path(folder)
        _must_be_free(folder)
        data = load(dataset)
        trainer = Trainer(recipe, *data.split(), seed)
        run = cls(folder, trainer, lasting(dataset), data.checksum)
        make_folder(folder)
        with held(folder):
            _must_be_free(folder)  # another may have begun one there meanwhile
            run.save()  # at once: from here on, whatever happens, `resume` takes the run up
            replace_file(folder / RECIPE, recipe.to_toml().encode())
        return run

    @classmethod
    def resume(cls, folder: str | Path) -> "Run":
        """The run in a folder, as its last checkpoint has it; UserError where there is none, or other data."""
        folder = Path(folder)
        path = folder / CHECKPOINT
        if not path.is_file() and (folder / MODEL).is_file():
            raise UserError(f"{folder}: this run is finished, its model is {folder / MODEL}")
        dataset, checksum = checkpoint.origin(path)
        data = load(dataset)
        if data.checksum != checksum:
            raise UserError(f"{dataset}: the images have changed since {folder} began; begin a new run")
        return cls(folder, checkpoint.restore(path, *data.split()), dataset, checksum)

    @classmethod
    def unfinished(cls, folder: Path, recipe: Recipe, dataset: str, seed: int) -> "Run | None":
        """The run in this folder, begun or gone on with; None when it is finished.

        UserError where what is there learns or learnt something else.
        """
        run = None
        if (folder / MODEL).is_file():
            record = Model.load(folder / MODEL).record
            learnt = Recipe("custom").change(**record.get("recipe", {}))  # fields that it lacks came later
            found = learnt, record.get("seed"), record.get("data")
        elif (folder / CHECKPOINT).is_file():
            run = cls.resume(folder)
            found = run.trainer.recipe, run.trainer.seed, run.checksum
        else:
            return cls.begin(folder, recipe, dataset, seed)
        wanted = recipe, seed, load(dataset).checksum
        differ = [what for what, a, b in zip(("recipe", "seed", "images"), found, wanted, strict=True) if a != b]
        if differ:
            raise UserError(f"{folder}: holds a run of another {differ[0]}: choose another folder, or remove this one")
        return run

    def events(self) -> Generator[Step | Epoch]:
        """Train to the end; checkpoints now and then, and when the caller stops listening (`close`, or `break`).

        UserError where another process trains in this folder.
        """
        saved = time.monotonic()
        with held(self.folder):
            try:
                for event in self.trainer.run():
                    yield event
                    if time.monotonic() - saved > SAVE_EVERY:
                        self._save_if_possible()
                        saved = time.monotonic()
            except GeneratorExit:
                self.save()
                raise

    def save(self) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.trainer, self.folder / CHECKPOINT, self.dataset, self.checksum)

    def _save_if_possible(self) -> None:
        """A disk that is full for now must not cost a run that could still be finished."""
        try:
            self.save()
            self.problem = ""
        except UserError as error:
            self.problem = str(error)

    def finish(self) -> Path:
        """Write model, history and report, then drop the checkpoint; returns the model's path."""
        trainer, history = self.trainer, [asdict(epoch) for epoch in self.trainer.history]
        model = trainer.model()
        model.record["data"] = self.checksum
        model.save(self.folder / MODEL)
        replace_file(self.folder / HISTORY, json.dumps(history, indent=1).encode())
        save(curves(history), self.folder / CURVES)
        write_page(training_page(f"Training {trainer.recipe.name}", self._facts(), history), self.folder / REPORT)
        (self.folder / CHECKPOINT).unlink(missing_ok=True)
        return self.folder / MODEL

    def _facts(self) -> dict[str, str]:
        trainer = self.trainer
        return {
            "Recipe": trainer.recipe.name,
            "Seed": str(trainer.seed),
            "Data": f"{self.dataset} ({self.checksum[:12]}), {len(trainer.data):,} images",
            "Parameters": f"{trainer.network.layout.count:,}",
            "Epochs": str(trainer.recipe.epochs),
            "Training time": f"{train_seconds(trainer):.1f} s",
        }


def _must_be_free(folder: Path) -> None:
    if not is_free(folder):
        raise UserError(f"{folder}: exists and is not empty; choose another folder, or go on with it by --resume")


def judge(path: Path, dataset: str, folder: Path | None = None) -> Evaluation:
    """How good a model file is on the test images, written into its folder or another: numbers, pictures, report."""
    model, data, folder = Model.load(path), load(dataset), folder or path.parent
    test = data.test
    if test is None:
        raise UserError(f"{dataset}: has no test images, expected a 'test' part; choose another data set")
    if model.classes != test.classes:
        raise UserError(f"{dataset}: its classes are {test.classes}, the model's are {model.classes}")
    probabilities = model.predict_proba(test.pixels)
    found = evaluate(probabilities, test.labels, model.classes)
    make_folder(folder)
    worst = mistakes(test.pixels, test.labels, probabilities, found.mistakes, model.classes)
    save(confusion_matrix(found.confusion, model.classes), folder / "confusion.png")
    save(worst, folder / "mistakes.png")
    recipe = str(model.record.get("recipe", {}).get("name", "unknown"))
    facts = {"Model": path.name, "Recipe": recipe, "Data": dataset}
    write_page(evaluation_page(f"{recipe} on {dataset}", facts, found, worst), folder / f"{EVALUATION}.html")
    replace_file(folder / f"{EVALUATION}.json", json.dumps(found.to_json()).encode())
    return found


def train_seconds(trainer: Trainer) -> float:
    """Seconds of all epochs so far, validation included, compilation not."""
    return sum(epoch.seconds for epoch in trainer.history)


def lasting(dataset: str) -> str:
    """A data set's name as it is, a path made absolute: a run may be resumed from elsewhere."""
    return resolve(dataset)
