import dataclasses
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from handgrad.datasets import Images, load
from handgrad.errors import UserError
from handgrad.evaluation.metrics import evaluate
from handgrad.kernels import objects
from handgrad.kernels.threads import limited
from handgrad.model.preprocess import Preprocess
from handgrad.training.compiling import compile_kernels
from handgrad.training.inspect import step_memory
from handgrad.training.progress import Epoch, Step
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import RECIPES
from handgrad.training.trainer import Trainer

SMALL = Recipe(
    "small", hidden=(48, 40), batch_norm=True, dropout=(0.2,), input_dropout=0.1, epochs=3, batch=32, lr=3e-3,
    ema=0.9, clip_norm=5.0, weight_decay=0.01, label_smoothing=0.05, rotation=10, scale=0.1, shift=1, elastic=1,
    stroke=0.3, unaugmented_share=0.1, finetune_share=0.34, deskew=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def digits() -> tuple[Images, Images]:
    data, valid = load("mnist").split()
    return data[:400], valid[:101]


def trained(recipe: Recipe, digits: tuple[Images, Images], seed: int = 0) -> Trainer:
    trainer = Trainer(recipe, *digits, seed)
    list(trainer.run())
    return trainer


def weights(trainer: Trainer) -> bytes:
    network = trainer.averaged_network()
    return network.theta.tobytes() + network.state.tobytes()


def test_it_learns_64_images_by_heart(digits):
    plain = Recipe("plain", hidden=(64, 64), epochs=40, batch=16, lr=3e-3)
    last = trained(plain, (digits[0][:64], digits[1])).progress.history[-1]
    assert last.train_accuracy == 1.0
    assert last.train_loss < 0.01


def test_the_records_say_what_happened(digits):
    events = list(Trainer(SMALL, *digits).run())
    steps = [e for e in events if isinstance(e, Step)]
    epochs = [e for e in events if isinstance(e, Epoch)]
    assert [s.step for s in steps] == list(range(1, 37)), "400 images in batches of 32 are 12 steps, 3 times"
    assert [e.step for e in epochs] == [12, 24, 36]
    for i, epoch in enumerate(epochs):
        assert np.isclose(epoch.train_loss, np.mean([s.loss for s in steps[12 * i : 12 * i + 12]]))
    assert epochs[-1].train_loss < epochs[0].train_loss


def test_equal_seeds_give_equal_bytes_whatever_the_threads(digits):
    first = weights(trained(SMALL, digits))
    assert weights(trained(SMALL, digits)) == first
    assert weights(trained(SMALL, digits, seed=1)) != first
    with limited(3):
        assert weights(trained(SMALL, digits)) == first


@pytest.mark.slow
@pytest.mark.process
def test_equal_bytes_in_another_process_with_other_blas_threads(digits):
    code = (
        "import hashlib, sys; sys.path.insert(0, 'tests')\n"
        "from test_train import SMALL, trained, weights; from handgrad.datasets import load\n"
        "data, valid = load('mnist').split()\n"
        "print(hashlib.sha256(weights(trained(SMALL, (data[:400], valid[:101])))).hexdigest())"
    )
    sums = set()
    for threads in ("1", "2"):
        env = {**os.environ, "HANDGRAD_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        sums.add(
            subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        )
    assert len(sums) == 1


def test_all_data_learns_from_the_validation_images_and_watches_none(digits):
    trainer = trained(dataclasses.replace(SMALL, all_data=True, epochs=1), digits)
    assert len(trainer.data) == 501
    assert trainer.progress.history[-1].valid_accuracy is None


def test_an_infinite_loss_stops_with_step_rate_and_cure(digits):
    wild = Recipe("wild", hidden=(32,), optimiser="sgd", momentum=0.0, lr=1e6, schedule="constant", batch=32)
    with pytest.raises(UserError, match=r"at step \d+ with learning rate 1e\+06.*lower"), np.errstate(all="ignore"):
        list(Trainer(wild, *digits).run())


def test_the_last_epochs_have_no_smoothing(digits):
    kept, third = (
        [epoch.train_loss for epoch in trained(SMALL.change(unsmoothed_tail=share), digits).progress.history]
        for share in (0.0, 0.34)
    )
    assert third[:2] == kept[:2]
    assert third[2] < kept[2]
    assert weights(trained(SMALL.change(unsmoothed_tail=1.0), digits)) == weights(
        trained(SMALL.change(label_smoothing=0.0), digits)
    )


def test_validation_is_the_accuracy_of_the_kept_weights(digits):
    trainer = trained(SMALL, digits)
    model = trainer.model()
    valid = digits[1]
    assert (model.predict(valid.pixels) == valid.labels).mean() == trainer.progress.history[-1].valid_accuracy


@pytest.mark.parametrize("kind", ["range", "image", "pixel"])
def test_normalisation(digits, kind):
    preprocess = Preprocess.fit(digits[0], kind)
    seen = np.empty((len(digits[0]), 28, 28, 1), np.float32)
    preprocess(digits[0].nhwc, seen)
    assert preprocess.mean.shape == preprocess.scale.shape == (28, 28, 1)
    if kind == "range":
        assert (seen.min(), seen.max()) == (0, 1)
    if kind == "image":
        assert abs(seen.mean()) < 1e-4 and abs(seen.std() - 1) < 1e-3
    if kind == "pixel":
        assert np.abs(seen.mean(axis=0)).max() < 1e-3 and seen.std(axis=0).max() < 1.001


def test_a_set_smaller_than_a_batch_still_trains(digits):
    trainer = trained(dataclasses.replace(SMALL, epochs=1, batch=128), (digits[0][:20], digits[1][:1]))
    assert trainer.progress.step == 1
    assert (trainer.averaged_network().theta == trainer.network.theta).all(), (
        "too short for an average: the weights are kept"
    )


def test_everything_is_compiled_before_the_clock_runs(digits, monkeypatch):
    asked, real = [], objects.load
    monkeypatch.setattr(objects, "load", lambda names, *report: asked.append(set(names)) or real(names, *report))
    compile_kernels(SMALL, digits[0])
    (ahead,) = asked
    trained(SMALL, digits)
    assert len(asked) > 1 and "ema_step" in ahead and all(names <= ahead for names in asked)


def test_colour_images_train_too():
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (64, 12, 10, 3), np.uint8)
    images = Images(pixels, (np.arange(64) % 3).astype(np.uint8), ("a", "b", "c"))
    recipe = dataclasses.replace(SMALL, flip=True, deskew=False, epochs=2)
    assert trained(recipe, (images[:48], images[48:])).model().predict_proba(pixels[:5]).shape == (5, 3)


@pytest.mark.slow
def test_the_assignment_passes_96_percent_in_two_epochs():
    data, valid = load("mnist").split()
    recipe = dataclasses.replace(RECIPES["assignment"], epochs=2)
    assert trained(recipe, (data, valid)).progress.history[-1].valid_accuracy > 0.96


CONVOLUTIONAL = Recipe(
    "convolutional", features=("5x5-8", "pool", "residual", "3x3-16v", "average"), hidden=(20,), batch_norm=True,
    dropout=(0.1,), epochs=1, batch=32, lr=3e-3, ema=0.9,
)  # fmt: skip


def test_a_convolutional_network_gives_equal_bytes_whatever_the_threads(digits):
    found = []
    for count in (1, 2, 3, 4):
        with limited(count):
            found.append(weights(trained(CONVOLUTIONAL, digits)))
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("recipe", [CONVOLUTIONAL, SMALL], ids=lambda r: r.name)
def test_memory_is_what_a_step_takes(recipe, digits):
    list(Trainer(recipe, *digits).run())  # compiled code, and what libraries keep, is not a step's
    tracemalloc.start()
    trainer = Trainer(recipe, *digits)
    stated = step_memory(trainer)
    data = sum(images.pixels.nbytes for images in (trainer.data, trainer.valid) if recipe.deskew)
    before = tracemalloc.get_traced_memory()[0] - data
    next(events := trainer.run())
    taken = tracemalloc.get_traced_memory()[0] - data
    tracemalloc.stop()
    events.close()
    assert before < taken
    assert abs(stated - taken) < 0.1 * taken


def test_the_model_is_calibrated_on_the_validation_images(digits):
    plain = Recipe("plain", hidden=(64, 64), epochs=40, batch=16, lr=3e-3)  # learns by heart: far too sure
    trainer = trained(plain, digits)
    model = trainer.model()
    calibrated = evaluate(model.predict_proba(digits[1].pixels), digits[1].labels, digits[1].classes)
    assert model.temperature > 1.2
    assert calibrated.nll < trainer.progress.history[-1].valid_loss
    assert calibrated.accuracy == pytest.approx(trainer.progress.history[-1].valid_accuracy)
