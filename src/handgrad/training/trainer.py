"""Training: a generator of what happened, step by step and epoch by epoch; whoever listens draws it or stops it."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from handgrad.datasets import Images
from handgrad.evaluation.metrics import class_rates
from handgrad.images.augment import Augmenter
from handgrad.kernels import backend, recorder
from handgrad.model.answering import batched_logits
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess, deskewed
from handgrad.nn.network import Network
from handgrad.nn.params import Array
from handgrad.training.batches import Batches, Rows
from handgrad.training.limits import temperature_and_thresholds
from handgrad.training.optim import EMA, Optimiser
from handgrad.training.patience import Best
from handgrad.training.progress import Epoch, Progress, Step, Validation
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import fitting_network
from handgrad.training.sampling import Sampler
from handgrad.training.schedules import Schedule
from handgrad.training.teacher import Teacher
from handgrad.training.update import Update, check_finite, check_learnt, check_weights

FINETUNE_FACTOR = 0.5  # of every distortion in the epochs of `finetune_share`


class Trainer:
    """A training run that can be left after any step and taken up again to the same bytes.

    Parameters
    ----------
    recipe : Recipe
        How to build and train the network.
    data : Images
        What to learn from. There is no place for test images.
    valid : Images or None
        What to watch; with `recipe.all_data`, what to learn from too.
    seed : int
        Of every random number.
    start : Model, optional
        What to go on from instead of random weights: a model with the recipe's layers.
    schedule : callable, optional
        From the step, counted from 0, to the learning rate, instead of the recipe's.
    weights : float32 array (N,), optional
        What each image of `data` counts; the mean should be 1.

    Attributes
    ----------
    progress : Progress
        Where the run stands.
    steps, steps_per_epoch : int
        How many updates the run, and an epoch, have.
    network : Network
        With the weights as they are now; `model` has those to keep.

    Raises
    ------
    UserError
        Where recipe and images do not fit.

    Examples
    --------
    >>> import handgrad
    >>> data, valid = handgrad.load("mnist").split()
    >>> trainer = Trainer(handgrad.recipe("mlp").change(hidden=(16,), epochs=1), data[:1000], valid[:200])
    >>> [type(event).__name__ for event in trainer.run()][-2:]
    ['Step', 'Epoch']
    """

    def __init__(
        self, recipe: Recipe, data: Images, valid: Images | None, seed: int = 0, start: Model | None = None,
        schedule: Schedule | None = None, weights: Array | None = None,
    ) -> None:  # fmt: skip
        self.recipe, self.seed, self.weights = recipe, operator.index(seed), weights
        joined = data + valid if recipe.all_data and valid else data
        self.data = deskewed(joined) if recipe.deskew else joined
        self.valid = None if recipe.all_data else deskewed(valid) if recipe.deskew and valid else valid
        self.batches = Batches(self.data, recipe, self.seed)
        self.steps_per_epoch = self.batches.per_epoch
        self.steps = self.steps_per_epoch * recipe.epochs
        self.schedule = schedule or recipe.learning_rate(self.steps)
        self.outputs = len(data.classes) + self.batches.has_outliers  # the last one, if so, for what is no digit
        self.network = fitting_network(recipe, self.outputs, data.shape, self.seed)
        self.preprocess = start.preprocess if start else self._fitted_preprocess()
        if start:
            self.network.theta[:], self.network.state[:] = start.network.theta, start.network.state
        self._tape = recorder()
        layout, theta, state = self.network.layout, self.network.theta, self.network.state
        self.optimiser = Optimiser(recipe.rule(), layout, self._tape.kernels, recipe.weight_decay, recipe.clip_norm)
        self.ema = EMA(recipe.ema, theta, state, backend("compiled")) if recipe.ema else None
        self.teacher = None
        if recipe.teacher:
            self.teacher = Teacher(recipe, self.preprocess, data.classes, self.batches.size)
        labels = self.data.labels if recipe.balance else None
        self.sampler = Sampler(len(self.data), self.seed, recipe.hard_sampling, labels)
        self.best = Best(self.network, recipe.patience) if recipe.patience and self.valid else None
        self.progress = Progress()

    def _fitted_preprocess(self) -> Preprocess:
        return Preprocess.fit(self.data, self.recipe.normalise, self.recipe.deskew)

    def run(self) -> Iterator[Step | Epoch]:
        """Train from where this run stands to its end.

        Yields
        ------
        Step or Epoch
            What happened: a Step after each update, an Epoch after each pass over the images.

        Raises
        ------
        UserError
            Where the loss or a weight is no longer a finite number, and where nothing was learnt at the end.
        """
        update = self.begin()
        for epoch in range(len(self.progress.history), self.recipe.epochs):
            if self.best and self.best.is_over(self.progress.history):
                break
            yield from self._epoch(epoch, update)
        check_learnt(self.progress.history, self.best is not None, len(self.data.classes))

    def begin(self) -> Update:
        """Return a step of this run, with the memory that it works in.

        Returns
        -------
        Update
            Written down, not run yet.
        """
        pixels, labels = self.batches.arrays()
        return Update(
            self._tape, self.network, self.optimiser, self.augmenter(), pixels, labels, self.batches.size, self.seed
        )

    def augmenter(self) -> Augmenter:
        """Return what fills the batches.

        Returns
        -------
        Augmenter
            With the recipe's distortions and this run's seed.
        """
        seen = self.preprocess
        return Augmenter(self.recipe.augmentation(), seen.mean, seen.scale, self._tape.kernels, self.seed)

    def _epoch(self, epoch: int, update: Update) -> Iterator[Step | Epoch]:
        progress, first = self.progress, epoch * self.steps_per_epoch
        began = time.perf_counter() - progress.seconds
        if progress.step == first:
            self.sampler.begin_epoch()
        order = self.sampler.order(epoch)
        factor = FINETUNE_FACTOR if self._among_last(self.recipe.finetune_share, epoch) else 1.0
        update.augment.begin_epoch(epoch, factor)
        smoothing = 0.0 if self._among_last(self.recipe.unsmoothed_tail, epoch) else self.recipe.label_smoothing
        for at in range(progress.step - first, self.steps_per_epoch):
            rows = self.batches.rows(order, at, progress.step, update.total)
            loss, right = self._update(update, rows, smoothing)
            progress.add(loss, right, time.perf_counter() - began)
            speed = (at + 1) * self.batches.size / progress.seconds
            yield Step(progress.step, loss, epoch + 1, speed)
        yield self._finish(epoch, began)

    def _update(self, update: Update, rows: Rows, smoothing: float) -> tuple[float, int]:
        """One step: distort, forward, loss, backward, move."""
        step, labelled = self.progress.step, self.batches.labelled
        loss, right = update.forward(rows, smoothing, step)
        check_finite(loss, self.progress.step, self.schedule(self.progress.step))
        if self.teacher:
            self.teacher.correct(update.dlogits, update.x, update.labels, smoothing)
        self.sampler.learn(self.batches.originals(rows[:labelled]), update.labels[:labelled], update.dlogits)
        if self.weights is not None:
            loss = update.weigh(self.weights[self.batches.originals(rows[:labelled])], smoothing)
        update.backward(self.schedule(step), step + 1)
        if self.ema:
            self.ema.update(self.network.theta, self.network.state, step + 1)
        return loss, right

    def _among_last(self, share: float, epoch: int) -> bool:
        """Whether an epoch is in the last share of them."""
        return epoch >= self.recipe.epochs - round(share * self.recipe.epochs)

    def _finish(self, epoch: int, began: float) -> Epoch:
        progress, steps = self.progress, self.steps_per_epoch
        images = steps * self.batches.size
        speed = images / progress.seconds
        network = self.averaged_network()
        valid = self._validate(network, self.valid) if self.valid else Validation()
        record = Epoch(
            epoch + 1, progress.step, progress.loss_sum / steps, progress.right / images, valid.loss, valid.accuracy,
            self.schedule(progress.step - 1), time.perf_counter() - began, speed, valid.f1, valid.class_accuracy,
        )  # fmt: skip
        check_weights(network, record)
        progress.finish_epoch(record)
        if self.best:
            self.best.note(progress.history, network)
        return record

    def averaged_network(self) -> Network:
        """Return a copy of the network with the weights to keep.

        Returns
        -------
        Network
            With the moving average of the weights, if there is one yet.
        """
        return self._network_of(self.ema if self.ema and self.progress.step >= EMA.EVERY else self.network)

    def _network_of(self, source: Network | EMA | Best) -> Network:
        network = Network(self.network.layers, self.network.in_shape)
        network.theta[:], network.state[:] = source.theta, source.state
        return network

    def _validate(self, network: Network, valid: Images) -> Validation:
        """Judge weights on the validation images; the loss is without label smoothing."""
        logits, totals = self._logits(network, valid), np.empty(2)
        backend("compiled").softmax_cross_entropy(np.empty_like(logits), totals, logits, valid.labels, 0.0)
        loss, right = totals.tolist()
        return Validation(loss, right / len(valid), *class_rates(valid.labels, logits.argmax(1), len(valid.classes)))

    def _logits(self, network: Network, images: Images) -> Array:
        seen = replace(self.preprocess, deskew=False)  # these images were deskewed when the run began
        return batched_logits(network, seen, images.nhwc, "compiled")

    def model(self) -> Model:
        """Return the trained model.

        Its temperature is the best one for the validation images, and its thresholds are such that nearly all of each
        class are answered, of redrawn ones too where the recipe has them. Where none were kept back, the temperature is
        the recipe's, and every image is answered.

        Returns
        -------
        Model
            With the record of its training, in which there is no clock: equal runs give equal files.
        """
        network = self._network_of(self.best) if self.best and self.progress.history else self.averaged_network()
        history = [epoch.measured() for epoch in self.progress.history]
        record = {"recipe": self.recipe.to_json(), "seed": self.seed, "history": history}
        temperature, thresholds = self.recipe.temperature, (0.0,) * len(self.data.classes)
        if self.valid:
            temperature, thresholds = temperature_and_thresholds(
                partial(self._logits, network), self.valid, self.recipe.redrawn > 0, self.seed + 1
            )
        return Model(
            network, self.preprocess, self.data.classes, record,
            temperature=temperature, thresholds=thresholds,
        )  # fmt: skip

    def vectors(self) -> dict[str, Array]:
        """Return every array that a step changes.

        Returns
        -------
        dict of str to array
            By the names that checkpoints give them; they are the run's own, no copies.
        """
        vectors = {"theta": self.network.theta, "state": self.network.state, **self.optimiser.memory}
        if self.ema:
            vectors |= {"ema.theta": self.ema.theta, "ema.state": self.ema.state}
        if self.best:
            vectors |= {"best.theta": self.best.theta, "best.state": self.best.state}
        if self.recipe.hard_sampling:
            vectors |= {"difficulty": self.sampler.difficulty, "drawn_by": self.sampler.drawn_by}
        return vectors

    def go_on_from(self, progress: Progress, vectors: Mapping[str, Array]) -> None:
        """Take up a run where another one of the same recipe, images and seed was left.

        Parameters
        ----------
        progress : Progress
            Where it stood.
        vectors : mapping of str to array
            What `vectors` held then.

        Raises
        ------
        ValueError
            Where the step does not fit the finished epochs.
        """
        done, step = len(progress.history), progress.step
        if not done * self.steps_per_epoch <= step <= (done + 1) * self.steps_per_epoch:
            raise ValueError(f"step {step} after {done} epochs")
        if (step > done * self.steps_per_epoch) != (progress.seconds > 0) or not math.isfinite(progress.loss_sum):
            raise ValueError(f"step {step} after {done} epochs and {progress.seconds} s, loss {progress.loss_sum}")
        for name, vector in self.vectors().items():
            vector[...] = vectors[name]
        self.progress = progress
