"""How an estimator learns: a training run over weighted rows, stopped early, with a bar of its progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.estimator.rows import Features, RowFiller, untouched
from handgrad.images.augment import Augmenter
from handgrad.kernels.loss import softmax
from handgrad.kernels.sizes import LEAST
from handgrad.model.answering import batched_logits
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.nn.network import Network
from handgrad.nn.params import Array
from handgrad.training.progress import Epoch, Validation
from handgrad.training.recipe import Recipe
from handgrad.training.schedules import Schedule
from handgrad.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from handgrad.training.update import Update


class Learning(Trainer):
    """A training run over weighted rows of images or features.

    Parameters
    ----------
    recipe : Recipe
        How to train.
    data, valid : Images
        What to learn from, and what to watch, if anything.
    weights, valid_weights : float32 arrays
        What each of them counts; the mean is 1.
    seed : int
        Of every random number.
    start : Model, optional
        What to go on from.
    schedule : callable, optional
        From the step to the learning rate, instead of the recipe's.

    Attributes
    ----------
    kept : Network
        The weights to keep: those of the best epoch where it watches, else the last ones.

    Raises
    ------
    UserError
        Where the recipe's network has not the weights of the one to go on from.
    """

    def __init__(
        self, recipe: Recipe, data: Images, valid: Images | None, weights: Array, valid_weights: Array, seed: int,
        start: Model | None = None, schedule: Schedule | None = None,
    ) -> None:  # fmt: skip
        if start:
            _check_size(recipe, start.network)
        super().__init__(recipe, data, valid, seed, start, schedule, weights if (weights != 1).any() else None)
        self.valid_weights = valid_weights

    def _fitted_preprocess(self) -> Preprocess:
        return untouched(self.data.shape) if isinstance(self.data, Features) else super()._fitted_preprocess()

    def augmenter(self) -> Augmenter:
        if not isinstance(self.data, Features):
            return super().augmenter()
        seen = self.preprocess
        return RowFiller(self.recipe.augmentation(), seen.mean, seen.scale, self._tape.kernels, self.seed)

    def begin(self) -> Update:
        from handgrad.kernels.objects import load

        update = super().begin()
        load(update.names | self.network.kernels() | {"ema_step"})  # all at once, or they are compiled one by one
        return update

    def learn(self, patience: int, verbose: bool) -> None:
        """Train to the end, or until the rows that are watched have not been answered better for some epochs.

        Parameters
        ----------
        patience : int
            How many epochs without a better answer to wait for one; it counts only where there is something to watch.
        verbose : bool
            Whether to draw a bar of the progress on standard error.
        """
        best, best_epoch = (-1.0, -np.inf), 0
        with _bar(self.recipe.epochs, verbose) as advance:
            for record in self.run():
                if not isinstance(record, Epoch):
                    continue
                advance(record)
                if record.valid_loss is None or record.valid_accuracy is None:
                    continue
                if (score := (record.valid_accuracy, -record.valid_loss)) > best:
                    best, best_epoch, self.kept = score, record.epoch, self._judged
                elif record.epoch - best_epoch >= patience:
                    return
        if not self.valid:
            self.kept = self.averaged_network()

    def _validate(self, network: Network, valid: Images) -> Validation:
        self._judged = network
        probabilities = softmax(batched_logits(network, self.preprocess, valid.nhwc, "compiled"))
        at_label = np.maximum(probabilities[np.arange(len(valid)), valid.labels], LEAST)
        right = probabilities.argmax(axis=1) == valid.labels
        loss = float(np.mean(-self.valid_weights * np.log(at_label)))
        return Validation(loss, float(np.mean(self.valid_weights * right)))


def _check_size(recipe: Recipe, before: Network) -> None:
    now = Network(recipe.layers(before.out_shape[0]), before.in_shape)
    if now.layout.size != before.layout.size:
        raise UserError(
            f"a network of {now.layout.count:,} weights cannot go on from one of {before.layout.count:,}: leave layers "
            "as they were, or begin with a new estimator, by sklearn.base.clone"
        )


@contextmanager
def _bar(epochs: int, verbose: bool) -> Iterator[Callable[[Epoch], None]]:
    """What draws the progress after each epoch."""
    if not verbose:
        yield lambda record: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=epochs)
        yield lambda record: progress.update(task, completed=record.epoch, description=_told(record))


def _told(record: Epoch) -> str:
    valid = "" if record.valid_accuracy is None else f"  valid {record.valid_loss:.4f} {record.valid_accuracy:.2%}"
    return f"train {record.train_loss:.4f} {record.train_accuracy:.2%}{valid}"
