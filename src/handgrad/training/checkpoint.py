"""A training run on disk, after any step: enough to go on to the same bytes as if it had never stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.files import checked
from handgrad.model.renamed import CHECKPOINT_ARRAYS, renamed
from handgrad.model.tensors import checked_tensor, read_tensors, write_tensors
from handgrad.nn.layers import chain
from handgrad.nn.params import Array
from handgrad.training.data import Source
from handgrad.training.progress import Progress
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer


class Header(TypedDict):
    """What a checkpoint's header says beside its source and progress, which check their own."""

    recipe: dict[str, Any]
    seed: int
    dataset: str
    checksum: str


FORMAT = "handgrad-checkpoint-1"
DAMAGED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, UserError)  # what a bad header raises


def save(trainer: Trainer, path: str | Path, source: Source, checksum: str) -> None:
    """Write a run, whole or not at all.

    Parameters
    ----------
    trainer : Trainer
        The run.
    path : str or pathlib.Path
        The file, in the safetensors format.
    source : Source
        Where its images come from.
    checksum : str
        Of its images.

    Raises
    ------
    UserError
        Where the file cannot be written.
    """
    header = {
        "format": FORMAT, "recipe": trainer.recipe.to_json(), "seed": trainer.seed, **source.to_json(),
        "checksum": checksum, **trainer.progress.to_json(),
    }  # fmt: skip
    write_tensors(path, trainer.vectors(), header)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run as its file has it.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    tensors : dict of str to array
        What steps change.
    header : dict of str to object
        Everything else.
    """

    path: str | Path
    tensors: dict[str, Array]
    header: dict[str, Any]

    @classmethod
    def read(cls, path: str | Path) -> Checkpoint:
        """Read a file that `save` wrote.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.

        Returns
        -------
        Checkpoint
            What it holds.

        Raises
        ------
        UserError
            For a file that is missing, damaged, or of another kind.
        """
        tensors, header = read_tensors(path, (FORMAT,), "checkpoint")
        try:
            checked(header, Header)
            Source.from_json(header), Progress.from_json(header)
        except (ValueError, UserError) as error:
            raise UserError(f"{path}: the checkpoint's header is damaged ({error}); start the run again") from None
        return cls(path, renamed(tensors, CHECKPOINT_ARRAYS), header)

    @property
    def recipe(self) -> Recipe:
        """What is trained; UserError for a damaged header."""
        try:
            return Recipe.from_json(self.header["recipe"])
        except DAMAGED as error:
            raise self._damaged(error) from None

    @property
    def source(self) -> Source:
        """Where the run's images come from."""
        return Source.from_json(self.header)

    @property
    def checksum(self) -> str:
        """The checksum of the run's images."""
        return str(self.header["checksum"])

    def trainer(self, data: Images, valid: Images) -> Trainer:
        """Return the run as it stood when it was saved.

        Parameters
        ----------
        data, valid : Images
            The same images as then.

        Returns
        -------
        Trainer
            Ready to go on.

        Raises
        ------
        UserError
            Where the header is damaged.
        """
        try:
            self._check_size(self.recipe, data)
            trainer = Trainer(self.recipe, data, valid, self.header["seed"])
        except DAMAGED as error:
            raise self._damaged(error) from None
        self.restore(trainer)
        return trainer

    def restore(self, trainer: Trainer) -> None:
        """Bring a new trainer of the same recipe, images and seed to where the run stood.

        Parameters
        ----------
        trainer : Trainer
            What is to go on.

        Raises
        ------
        UserError
            Where the header is damaged.
        """
        try:
            shapes = {name: vector.shape for name, vector in trainer.vectors().items()}
            vectors = {name: checked_tensor(self.path, self.tensors, name, shape) for name, shape in shapes.items()}
            trainer.go_on_from(Progress.from_json(self.header), vectors)
        except DAMAGED as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> UserError:
        return UserError(f"{self.path}: the checkpoint's header is damaged ({error!r}); start the run again")

    def _check_size(self, recipe: Recipe, data: Images) -> None:
        """ValueError for a recipe with more weights than the file holds, before anything is made for them."""
        plans = chain.chain_plan(recipe.layers(len(data.classes)), data.shape)
        needed, found = sum(math.prod(param.shape) for param in chain.params(plans)), self.tensors["theta"].size
        if needed > found:
            raise ValueError(f"{needed} weights, where the file holds {found}")
