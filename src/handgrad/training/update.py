"""One training step, written down as two programs when a run begins, and run again for each batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from handgrad.errors import UserError
from handgrad.images.augment import Augmenter
from handgrad.kernels.loss import softmax
from handgrad.kernels.sizes import LEAST
from handgrad.nn.network import Network
from handgrad.nn.params import Array
from handgrad.training.batches import Pixels, Rows
from handgrad.training.optim import Optimiser
from handgrad.training.patience import best_epoch
from handgrad.training.progress import Epoch

if TYPE_CHECKING:
    from handgrad.kernels.program import Recorder

CURE = "lower lr (try a tenth), or set clip_norm to 1"
FAR_ABOVE = 10  # times the loss of a guess among all classes; a training that has just begun stays below
HARDLY = 0.1  # of the way from a guess to no mistakes; one class may be common, the images few


class Update:
    """Distort, forward, loss; then backward and move.

    Between the two, the loss can be looked at and its gradient changed. What varies lies in arrays that stay where they
    are: rows and labels of the batch, and cells for keys, smoothing and learning rates.

    Parameters
    ----------
    tape : Recorder
        What optimiser and augmenter were made with.
    network : Network
        What is trained.
    optimiser : Optimiser
        What moves its weights.
    augment : Augmenter
        What fills a batch.
    pixels, labels : uint8 arrays (M, H, W, C), (M,)
        What the batches are taken from.
    size : int
        Images in a batch.
    seed : int
        Of the dropout.

    Attributes
    ----------
    x, dlogits : float32 arrays (N, H, W, C), (N, K)
        What the network saw, and the gradient of the loss with respect to its logits.
    labels : uint8 array (N,)
        Of the batch.
    names : set of str
        The kernels that a step takes.
    """

    def __init__(
        self, tape: Recorder, network: Network, optimiser: Optimiser, augment: Augmenter, pixels: Pixels,
        labels: Pixels, size: int, seed: int,
    ) -> None:  # fmt: skip
        self._network, self._optimiser, self.augment, self._seed = network, optimiser, augment, seed
        self._all_labels, self.total = labels, len(pixels)
        self._rows, self.labels = np.zeros(size, np.int64), np.zeros(size, np.uint8)
        self._smoothing, self._totals = np.zeros(()), np.zeros(2)
        ws = self._ws = network.workspace(size, train=True, recorder=tape)
        self.x, self.dlogits = ws.x, ws.dlogits
        augment.fill(ws.x, pixels, self._rows)
        self._logits = logits = network.forward(ws.x, ws)
        tape.kernels.softmax_cross_entropy(ws.dlogits, self._totals, logits, self.labels, self._smoothing)
        self._forward = tape.take()
        network.backward(ws.dlogits, ws)
        optimiser.move(network.theta, network.grad)
        self._backward = tape.take()
        self.names = self._forward.names | self._backward.names

    def forward(self, rows: Rows, smoothing: float, step: int) -> tuple[float, int]:
        """Fill a batch, and compute its loss and the gradient at the logits.

        Parameters
        ----------
        rows : int64 array (N,)
            Which images.
        smoothing : float
            Label smoothing.
        step : int
            The number of the step, from 0, which distortions and dropout are drawn with.

        Returns
        -------
        loss : float
            Mean loss of the batch, in nats.
        right : int
            Right answers.
        """
        self._rows[:], self.labels[:], self._smoothing[...] = rows, self._all_labels[rows], smoothing
        self.augment.begin_step(step)
        self._network.draw(self._ws, self._seed, step)
        self._forward.run()
        loss, right = self._totals.tolist()
        return loss, int(right)

    def weigh(self, weights: Array, smoothing: float) -> float:
        """Let some images count more than others.

        Parameters
        ----------
        weights : float32 array (N or fewer,)
            What each image of the batch counts, the first ones first; the others count 1.
        smoothing : float
            Label smoothing that the gradient was computed with.

        Returns
        -------
        float
            Mean loss of these images, each multiplied by its weight, in nats.
        """
        count = len(weights)
        self.dlogits[:count] *= weights[:, None]
        log_probability = np.log(np.maximum(softmax(self._logits[:count]), LEAST))
        at_label = log_probability[np.arange(count), self.labels[:count]]
        losses = -(1 - smoothing) * at_label - smoothing * log_probability.mean(axis=1)
        return float(np.mean(weights * losses))

    def backward(self, lr: float, step: int) -> None:
        """Compute the gradients, and move the weights.

        Parameters
        ----------
        lr : float
            Learning rate.
        step : int
            The number of the step, from 1.
        """
        self._optimiser.begin_step(lr, step)
        self._backward.run()


def check_finite(loss: float, step: int, lr: float) -> None:
    """Check that a training has not diverged.

    Parameters
    ----------
    loss : float
        Of the step.
    step : int
        Its number, from 0.
    lr : float
        Its learning rate.

    Raises
    ------
    UserError
        Where the loss is no finite number.
    """
    if not math.isfinite(loss):
        raise UserError(
            f"the loss became {loss} at step {step + 1} with learning rate {lr:.3g}: expected a finite number; {CURE}"
        )


def check_weights(network: Network, epoch: Epoch) -> None:
    """Check the weights at the end of an epoch: after its last step, no loss has shown what they became.

    Parameters
    ----------
    network : Network
        With the weights to keep.
    epoch : Epoch
        What was measured with them.

    Raises
    ------
    UserError
        Where a weight, a running mean or variance, or the validation loss is no finite number.
    """
    numbers = {"weights": network.theta, "running means and variances": network.state}
    found = [name for name, array in numbers.items() if not np.isfinite(array).all()]
    if epoch.valid_loss is not None and not math.isfinite(epoch.valid_loss):
        found.append("validation loss")
    if found:
        raise UserError(
            f"{' and '.join(found)} became infinite or nan in epoch {epoch.epoch}: expected finite numbers; {CURE}"
        )


def check_learnt(history: Sequence[Epoch], best: bool, classes: int) -> None:
    """Check that a training ends with more than a guess.

    Parameters
    ----------
    history : sequence of Epoch
        The finished epochs.
    best : bool
        Whether the weights of the best of them are kept; else, those of the last.
    classes : int
        How many classes there are.

    Raises
    ------
    UserError
        Where the validation accuracy is that of a guess or lower, and the loss far above that of a guess.
    """
    if not history or history[-1].valid_loss is None or classes < 2:
        return
    kept, guess, chance = best_epoch(history) if best else history[-1], math.log(classes), 1 / classes
    loss, accuracy = kept.valid_loss or 0.0, kept.valid_accuracy or 0.0
    if loss > FAR_ABOVE * guess and accuracy < chance + HARDLY * (1 - chance):
        raise UserError(
            f"nothing was learnt: validation loss {loss:.3g} and accuracy {accuracy:.2%} after epoch {kept.epoch}, "
            f"expected less than the {guess:.3g} of a guess and more than its {chance:.2%}; {CURE}"
        )
