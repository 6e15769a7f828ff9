"""A training run on disk, after any step: enough to go on to the same bytes as if it had never stopped."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.model.tensors import read_tensors, take, write_tensors
from handgrad.nn.params import Array
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Epoch, Trainer

FORMAT = "handgrad-checkpoint-1"


def save(trainer: Trainer, path: str | Path, dataset: str, checksum: str) -> None:
    """Write the run as one safetensors file, whole or not at all; dataset and checksum say what it learns from."""
    progress = {
        "format": FORMAT,
        "recipe": asdict(trainer.recipe), "seed": trainer.seed, "step": trainer.step, "dataset": dataset,
        "checksum": checksum, "history": [asdict(epoch) for epoch in trainer.history],
        "epoch": [trainer.loss_sum, trainer.right, trainer.seconds],
    }  # fmt: skip
    write_tensors(path, _vectors(trainer), progress)


def origin(path: str | Path) -> tuple[str, str]:
    """(name or path of the data set, its checksum) that a checkpoint's run learns from."""
    _, progress = read_tensors(path, FORMAT, "checkpoint")
    return _field(path, progress, "dataset"), _field(path, progress, "checksum")


def restore(path: str | Path, data: Images, valid: Images) -> Trainer:
    """The run as it stood when it was saved, on the same images."""
    tensors, progress = read_tensors(path, FORMAT, "checkpoint")
    try:
        return _restored(path, tensors, progress, data, valid)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise UserError(f"{path}: the checkpoint's header is damaged ({error!r}); start the run again") from None


def _restored(
    path: str | Path, tensors: dict[str, Array], progress: dict[str, Any], data: Images, valid: Images
) -> Trainer:
    recipe = Recipe("custom").change(**progress["recipe"])  # a field that it lacks came later: its default is right
    trainer = Trainer(recipe, data, valid, progress["seed"])
    for name, vector in _vectors(trainer).items():
        vector[...] = take(path, tensors, name, vector.shape)
    step, history = progress["step"], [Epoch(**epoch) for epoch in progress["history"]]
    if not len(history) * trainer.steps_per_epoch <= step <= (len(history) + 1) * trainer.steps_per_epoch:
        raise ValueError(f"step {step} after {len(history)} epochs")
    trainer.step = trainer.optimiser.steps = step
    trainer.history = history
    trainer.loss_sum, trainer.right, trainer.seconds = progress["epoch"]
    return trainer


def _vectors(trainer: Trainer) -> dict[str, Array]:
    """Every array that a step changes."""
    vectors = {"theta": trainer.network.theta, "state": trainer.network.state, **trainer.optimiser.memory}
    if trainer.average:
        vectors |= {"average.theta": trainer.average.theta, "average.state": trainer.average.state}
    if trainer.recipe.focus:
        vectors |= {"difficulty": trainer.sampler.difficulty, "drawn_by": trainer.sampler.drawn_by}
    return vectors


def _field(path: str | Path, progress: dict[str, Any], name: str) -> str:
    if not isinstance(progress.get(name), str):
        raise UserError(f"{path}: the checkpoint's header lacks '{name}'; start the run again")
    return str(progress[name])
