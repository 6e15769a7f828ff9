"""What a training step checks, and how images of a batch are weighed."""

import math
from dataclasses import replace

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.training.progress import Epoch
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer
from handgrad.training.update import CURE, FAR_ABOVE, HARDLY, check_finite, check_learnt, check_weights

DATA, VALID = (images[:60] for images in load("mnist").split())
SMALL = Recipe("small", hidden=(8,), epochs=1, batch=20)
GUESS = math.log(10)
LOST = Epoch(2, 6, 1.0, 0.5, 1.001 * FAR_ABOVE * GUESS, 0.1 + HARDLY * 0.899, 0.1, 1.0, 60.0)


def test_a_loss_must_be_finite() -> None:
    check_finite(1e30, 0, 0.1)
    for loss in (math.nan, math.inf, -math.inf):
        with pytest.raises(UserError, match=rf"^the loss became {loss} at step 8 with learning rate 0\.1: expected a"):
            check_finite(loss, 7, 0.1)


def test_weights_at_the_end_of_an_epoch_must_be_finite() -> None:
    network = Trainer(SMALL, DATA, VALID).network
    good = replace(LOST, epoch=3)
    check_weights(network, good)
    check_weights(network, replace(good, valid_loss=None))
    with pytest.raises(UserError, match=r"^validation loss became infinite or nan in epoch 3: expected finite numbers"):
        check_weights(network, replace(good, valid_loss=math.inf))
    network.theta[5] = np.nan
    with pytest.raises(UserError, match=r"^weights and validation loss became infinite or nan in epoch 3"):
        check_weights(network, replace(good, valid_loss=math.nan))


def test_a_training_that_learnt_nothing_is_told_of() -> None:
    with pytest.raises(UserError) as caught:
        check_learnt([LOST], False, 10)
    assert str(caught.value) == (
        "nothing was learnt: validation loss 23 and accuracy 18.99% after epoch 2, expected less than the 2.3 of a "
        f"guess and more than its 10.00%; {CURE}"
    )
    for enough in (
        replace(LOST, valid_loss=FAR_ABOVE * GUESS), replace(LOST, valid_accuracy=0.1 + HARDLY * 0.9),
        replace(LOST, valid_loss=None, valid_accuracy=None),
    ):  # fmt: skip
        check_learnt([enough], False, 10)
    check_learnt([LOST], False, 1)
    check_learnt([], True, 10)
    with pytest.raises(UserError, match="nothing was learnt"):
        check_learnt([replace(LOST, valid_accuracy=0.0, valid_loss=99.0)], True, 2)


def test_the_epoch_that_is_kept_is_the_one_that_counts() -> None:
    good = replace(LOST, epoch=1, valid_loss=0.5, valid_accuracy=0.9)
    check_learnt([good, LOST], True, 10)
    with pytest.raises(UserError, match="after epoch 2"):
        check_learnt([good, LOST], False, 10)
    check_learnt([LOST, good], False, 10)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_first_images_of_a_batch_are_weighed(smoothing: float) -> None:
    update = Trainer(SMALL, DATA, VALID).begin()
    rows = np.arange(20)
    loss, right = update.forward(rows, smoothing, 0)
    plain = update.dlogits.copy()
    p = softmax(update._logits).astype(np.float64)
    target = (1 - smoothing) * np.eye(10)[DATA.labels[:20]] + smoothing / 10
    losses = -(target * np.log(p)).sum(axis=1)
    assert loss == pytest.approx(losses.mean(), rel=1e-5)
    assert right == (p.argmax(axis=1) == DATA.labels[:20]).sum()
    weights = np.linspace(0, 2, 12, dtype=np.float32)
    assert update.weigh(weights, smoothing) == pytest.approx((weights * losses[:12]).mean(), rel=1e-5)
    np.testing.assert_allclose(update.dlogits[:12], plain[:12] * weights[:, None], rtol=1e-6)
    np.testing.assert_array_equal(update.dlogits[12:], plain[12:])


def test_a_step_draws_its_own_dropout_and_moves_by_its_rate() -> None:
    thetas = []
    for step, lr in ((0, 0.1), (0, 0.1), (1, 0.1), (0, 0.2)):
        trainer = Trainer(SMALL.change(optimiser="sgd", momentum=0.0, dropout=0.5), DATA, VALID)
        before, update = trainer.network.theta.copy(), trainer.begin()
        update.forward(np.arange(20), 0.0, step)
        update.backward(lr, 1)
        thetas.append(trainer.network.theta - before)
    assert (thetas[0] == thetas[1]).all() and (thetas[0] != thetas[2]).any()
    np.testing.assert_allclose(thetas[3], 2 * thetas[0], rtol=1e-3, atol=1e-6)


def test_a_step_draws_its_own_distortions() -> None:
    seen = []
    for step in (3, 3, 4):
        update = Trainer(SMALL.change(shift=3.0, rotation=20.0), DATA, VALID).begin()
        update.forward(np.arange(20), 0.0, step)
        seen.append(update.x.copy())
    assert (seen[0] == seen[1]).all() and (seen[0] != seen[2]).any()
