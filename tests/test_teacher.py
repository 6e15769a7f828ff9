"""A pupil's gradient when part of its target is another model's answer."""

import numpy as np
import pytest

from handgrad.datasets import Images, load
from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.kernels.naive import softmax_cross_entropy
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import pretrained
from handgrad.training.progress import Epoch
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe
from handgrad.training.teacher import Teacher
from handgrad.training.trainer import Trainer

PUPIL = Recipe("pupil", hidden=(32,), deskew=True, batch=50, epochs=2, lr=3e-3, teacher="tiny", distillation=1.0)


@pytest.fixture(scope="module")
def data() -> tuple[Images, Images]:
    mnist = load("mnist").train
    return mnist[:400], mnist[400:600]


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_gradient_is_that_of_the_mixed_target(data, share):
    images = data[0][:20]
    n, seen = len(images), Preprocess.fit(images, "pixel")
    x = np.empty((n, 28, 28, 1), np.float32)
    seen(images.nhwc, x)
    logits = np.random.default_rng(0).normal(size=(n, 10)).astype(np.float32)
    dlogits = np.empty_like(logits)
    softmax_cross_entropy(dlogits, np.empty(2), logits, images.labels, 0.1)
    teacher = Teacher(PUPIL.change(teacher="cnn", distillation=share), seen, images.classes, n)
    teacher.correct(dlogits, x, images.labels, 0.1)
    model = pretrained("cnn")
    model.temperature = 1.0
    target = (1 - share) * (0.9 * np.eye(10)[images.labels] + 0.01) + share * model.predict_proba(images.pixels)
    np.testing.assert_allclose(dlogits, (softmax(logits) - target) / n, atol=1e-5)


def test_a_pupil_learns_from_answers_alone(data):
    """Every label says 0; the teacher knows better, and the whole target is the teacher's."""
    learn, valid = data
    wrong = Images(learn.pixels, np.zeros_like(learn.labels), learn.classes)
    trainer = Trainer(PUPIL.change(epochs=10), wrong, valid)
    last = [event for event in trainer.run() if isinstance(event, Epoch)][-1]
    assert last.valid_accuracy is not None and last.valid_accuracy > 0.6


def test_teachers_that_do_not_fit_are_refused(data):
    learn, valid = data
    with pytest.raises(UserError, match="teacher 'tiny' answers 10 classes"):
        renamed = [Images(images.pixels, images.labels, tuple("abcdefghij")) for images in data]
        Trainer(PUPIL, *renamed)
    with pytest.raises(UserError, match="no pretrained model 'nobody'"):
        Trainer(PUPIL.change(teacher="nobody"), learn, valid)
    with pytest.raises(UserError, match="no such model file"):
        Trainer(PUPIL.change(teacher="nothing.safetensors"), learn, valid)
    with pytest.raises(UserError, match="'tiny' sees deskewed digits: set deskew"):
        Trainer(PUPIL.change(deskew=False), learn, valid)
    with pytest.raises(UserError, match="outliers with a teacher: expected one of them"):
        PUPIL.change(outliers=0.1)
    for changes in ({"teacher": "cnn"}, {"distillation": 0.5}):
        with pytest.raises(UserError, match="expected both of them, or neither"):
            recipe("mlp").change(**changes)
