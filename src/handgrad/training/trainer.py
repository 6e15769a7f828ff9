"""Training: a generator of what happened, step by step and epoch by epoch; whoever listens draws it or stops it."""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.evaluation.metrics import best_temperature
from handgrad.images.augment import Augmenter
from handgrad.images.deskew import deskew
from handgrad.kernels import backend
from handgrad.kernels.loss import softmax
from handgrad.model.model import Model
from handgrad.nn.network import Network
from handgrad.nn.params import Array, aligned
from handgrad.rng import Stream, generator
from handgrad.training.optim import Average, Optimiser
from handgrad.training.outliers import make_outliers
from handgrad.training.recipe import Recipe
from handgrad.training.sampling import Sampler
from handgrad.training.teacher import Teacher

VALID_BATCH = 256
CALM_FACTOR = 0.5  # how strong distortions are in the last, calm epochs
CLOCKED = ("seconds", "images_per_second")
DOUBTED = 0.007  # share of the validation images for which the model's answer shall be "not sure"
LEAST_DEVIATION = 16.0  # of a pixel, in grey levels: rarely inked pixels would otherwise be blown up


@dataclass(frozen=True)
class Step:
    """One update: `step` counts them over the whole run, loss is that batch's."""

    step: int
    loss: float


@dataclass(frozen=True)
class Epoch:
    """One pass over the images; valid_* is None where nothing was kept back. seconds include the validation.

    Columns that vote do so on the validation images; train_* are means of what each says of its share.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    valid_loss: float | None
    valid_accuracy: float | None
    lr: float
    seconds: float
    images_per_second: float


class Trainer:
    """A training run that can be left after any step and taken up again to the same bytes.

    data, valid: what to learn from and what to watch; with recipe.all_data both are learnt from. There is no place for
    test images. start: a model of the recipe's layers to go on from, rather than from random weights.
    """

    def __init__(self, recipe: Recipe, data: Images, valid: Images, seed: int = 0, start: Model | None = None) -> None:
        self.recipe, self.seed = recipe, seed
        self.data = prepared(_join(data, valid) if recipe.all_data else data, recipe)
        self.valid = None if recipe.all_data else prepared(valid, recipe)
        self.batch = min(recipe.batch, len(self.data))
        if recipe.columns > 1 and self.batch < 2 * recipe.columns:
            raise UserError(
                f"{self.batch} images in a batch for {recipe.columns} columns: expected two each or more; give more "
                "images or a larger batch, or set columns to 1"
            )
        self.digits = self.batch - round(recipe.outliers * self.batch)  # images of a batch that have a label
        self.steps_per_epoch = len(self.data) // self.digits
        self.steps = self.steps_per_epoch * recipe.epochs
        self.schedule = recipe.learning_rate(self.steps)
        self.outputs = len(data.classes) + (self.digits < self.batch)  # the last one, if so, for what is no digit
        self.network = Network(recipe.layers(self.outputs), data.shape, seed)
        self.mean, self.scale = normalisation(self.data, recipe.normalise)
        if start:
            self.network.theta[:], self.network.state[:] = start.network.theta, start.network.state
            self.mean, self.scale = start.mean, start.scale
        self.kernels = backend("parallel")
        self.optimiser = Optimiser(recipe.rule(), self.network.layout, self.kernels, recipe.decay, recipe.clip)
        network = self.network
        self.average = Average(recipe.average, network.theta, network.state, self.kernels) if recipe.average else None
        self.teacher = None
        if recipe.teacher:
            self.teacher = Teacher(recipe.teacher, recipe.distillation, self.mean, self.scale, data.classes, self.batch)
            if self.teacher.model.upright and not recipe.deskew:
                raise UserError(f"teacher '{recipe.teacher}' sees digits set upright: set deskew, or choose another")
        self.sampler = Sampler(len(self.data), seed, recipe.focus)
        self.step = 0
        self.history: list[Epoch] = []
        self.loss_sum, self.right, self.seconds = 0.0, 0, 0.0  # of the epoch under way

    def run(self) -> Iterator[Step | Epoch]:
        """Train from where this run stands to its end, one record after each step and each epoch."""
        recipe, ws = self.recipe, self.network.workspace(self.batch, train=True, kernels="parallel")
        pixels, labels = self._with_outliers()
        augment = self._augmenter()
        dlogits = aligned((self.batch, self.outputs))
        for epoch in range(len(self.history), recipe.epochs):
            first, began = epoch * self.steps_per_epoch, time.perf_counter() - self.seconds
            if self.step == first:
                self.sampler.begin_epoch()
            order = self.sampler.order(epoch)
            augment.begin_epoch(epoch, CALM_FACTOR if self._among_last(recipe.calm, epoch) else 1.0)
            smoothing = 0.0 if self._among_last(recipe.sharp, epoch) else recipe.smoothing
            for at in range(self.step - first, self.steps_per_epoch):
                rows = self._rows(order[at * self.digits : (at + 1) * self.digits], len(pixels))
                augment(ws.x, pixels, rows, self.step)
                logits = self.network.forward(ws.x, ws, self.seed, self.step)
                loss, right = self.kernels.softmax_cross_entropy(dlogits, logits, labels[rows], smoothing)
                self._check(loss)
                if self.teacher:
                    self.teacher.correct(dlogits, ws.x, labels[rows], smoothing)
                self.sampler.learn(rows[: self.digits], labels[rows[: self.digits]], dlogits)
                self.network.backward(dlogits, ws)
                self.optimiser.step(self.network.theta, self.network.grad, self.schedule(self.step))
                self.step += 1
                if self.average:
                    self.average.update(self.network.theta, self.network.state, self.step)
                self.loss_sum, self.right = self.loss_sum + loss, self.right + int(right)
                self.seconds = time.perf_counter() - began
                yield Step(self.step, loss)
            yield self._finish(epoch, began)

    def _with_outliers(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Pixels (M, H, W, C) and labels to learn from; behind the digits, outliers with a label beyond the classes."""
        pixels, labels = self.data.pixels.reshape(-1, *self.data.shape), self.data.labels
        if self.digits == self.batch:
            return pixels, labels
        outliers = make_outliers(self.data, self.seed)[..., None]
        return np.concatenate([pixels, outliers]), np.append(
            labels, np.full(len(outliers), len(self.data.classes), np.uint8)
        )

    def _rows(self, digits: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.int64]:
        """A batch's rows: those of digits, then as many outliers, drawn for this step, as there is room for."""
        if self.digits == self.batch:
            return digits
        random = generator(self.seed, Stream.OUTLIER_ROWS, self.step)
        return np.append(digits, random.integers(len(self.data), total, self.batch - self.digits))

    def _augmenter(self) -> Augmenter:
        return Augmenter(self.recipe.augment(), self.mean, self.scale, self.kernels, self.seed)

    def memory(self) -> int:
        """Bytes that a step works in: weights, what optimiser and average remember, workspace, elastic fields, teacher.

        The images, and Python with its libraries, come on top.
        """
        network = self.network
        vectors = [network.theta, network.grad, network.state, *self.optimiser.memory.values()]
        vectors += [self.average.theta, self.average.state] if self.average else []
        vectors.append(self._augmenter().fields)
        ws = network.workspace(self.batch, train=True, kernels="parallel")
        taught = self.teacher.nbytes if self.teacher else 0
        return ws.nbytes + sum(vector.nbytes for vector in vectors) + taught

    def _among_last(self, share: float, epoch: int) -> bool:
        """Whether an epoch is one of the last ones, of which there are this share of all."""
        return epoch >= self.recipe.epochs - round(share * self.recipe.epochs)

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            rate = self.schedule(self.step)
            raise UserError(
                f"the loss became {loss} at step {self.step + 1} with learning rate {rate:.3g}: expected a finite "
                f"number; lower lr (try {self.recipe.lr / 10:.2g}), or set clip to 1"
            )

    def _finish(self, epoch: int, began: float) -> Epoch:
        steps = self.steps_per_epoch
        speed = steps * self.batch / self.seconds
        valid_loss, valid_accuracy = self.validate() if self.valid else (None, None)
        record = Epoch(
            epoch + 1, self.step, self.loss_sum / steps, self.right / (steps * self.batch), valid_loss, valid_accuracy,
            self.schedule(self.step - 1), time.perf_counter() - began, speed,
        )  # fmt: skip
        self.history.append(record)
        self.loss_sum, self.right, self.seconds = 0.0, 0, 0.0
        return record

    def result(self) -> Network:
        """A copy of the network with the weights to keep: their running average, if there is one yet."""
        source = self.average if self.average and self.step >= Average.EVERY else self.network
        network = Network(self.network.layers, self.network.in_shape)
        network.theta[:], network.state[:] = source.theta, source.state
        return network

    def validate(self) -> tuple[float, float]:
        """Loss (without smoothing) and accuracy on the validation images."""
        assert self.valid is not None
        logits = self._valid_logits()
        loss, right = self.kernels.softmax_cross_entropy(np.empty_like(logits), logits, self.valid.labels, 0.0)
        return loss, int(right) / len(self.valid)

    def _valid_logits(self) -> Array:
        assert self.valid is not None
        network, n = self.result(), min(VALID_BATCH, len(self.valid))
        ws = network.workspace(n, kernels="parallel")
        pixels = self.valid.pixels.reshape(-1, *self.valid.shape)
        logits = np.empty((len(self.valid), *network.out_shape), np.float32)
        for first in range(0, len(self.valid), n):
            count = min(n, len(self.valid) - first)
            np.subtract(pixels[first : first + count], self.mean, out=ws.x[:count])
            ws.x[:count] *= self.scale
            logits[first : first + count] = network.forward(ws.x, ws)[:count]
        return logits

    def model(self) -> Model:
        """The trained model, with the record of how it came to be: no clock in it, so equal runs give equal files.

        Its temperature is the best one for the validation images, where some were kept back, and its least probability
        such that nearly all of them are answered; without them, the recipe's temperature, and every image is answered.
        """
        history = [{k: v for k, v in asdict(e).items() if k not in CLOCKED} for e in self.history]
        record = {"recipe": asdict(self.recipe), "seed": self.seed, "history": history}
        temperature, least = self.recipe.temperature, 0.0
        if self.valid:
            logits = self._valid_logits()
            temperature = best_temperature(logits, self.valid.labels)
            likeliest = softmax(logits / temperature)[:, : len(self.data.classes)].max(axis=1)
            least = float(np.quantile(likeliest, DOUBTED))
        return Model(
            self.result(), self.mean, self.scale, self.data.classes, record, temperature, self.recipe.deskew, least
        )


def normalisation(data: Images, kind: str) -> tuple[Array, Array]:
    """mean, scale (H, W, C) float32, such that (pixels - mean) * scale is what the network sees; see `Recipe`."""
    pixels = data.pixels.reshape(-1, *data.shape)
    if kind == "range":
        mean, deviation = np.zeros(data.shape), np.full(data.shape, 255.0)
    elif kind == "image":
        mean, deviation = np.full(data.shape, pixels.mean()), np.full(data.shape, pixels.std())
    else:
        mean, deviation = pixels.mean(axis=0), pixels.std(axis=0)
    return mean.astype(np.float32), (1 / np.maximum(deviation, LEAST_DEVIATION)).astype(np.float32)


def warm_up(recipe: Recipe, data: Images) -> float:
    """Compile the kernels that a recipe needs, on few and empty images; returns the seconds that it took."""
    began = time.perf_counter()
    few = 2 * recipe.columns
    pixels = np.zeros((Average.EVERY * few, *data.pixels.shape[1:]), np.uint8)
    images = Images(pixels, np.zeros(len(pixels), np.uint8), data.classes)
    tiny = replace(recipe, hidden=(8,) * len(recipe.hidden), epochs=1, batch=few, outliers=0.0, all_data=False)
    for _ in Trainer(tiny, images, images).run():
        pass
    return time.perf_counter() - began


def prepared(images: Images, recipe: Recipe) -> Images:
    """The images as the network is to see them, but for normalisation and distortion."""
    if not recipe.deskew:
        return images
    upright = deskew(images.pixels.reshape(-1, *images.shape)).reshape(images.pixels.shape)
    return Images(upright, images.labels, images.classes)


def _join(a: Images, b: Images) -> Images:
    return Images(np.concatenate([a.pixels, b.pixels]), np.concatenate([a.labels, b.labels]), a.classes)
