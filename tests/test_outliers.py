"""Images that are no digits: what they are made of, and what a network learns from them."""

import numpy as np
import pytest

from handgrad.datasets import Images, load
from handgrad.errors import UserError
from handgrad.training.outliers import make_outliers
from handgrad.training.recipes import recipe
from handgrad.training.trainer import Trainer

DATA, VALID = load("mnist").split()


def test_they_are_as_many_as_asked_for_and_the_same_for_the_same_seed() -> None:
    made = make_outliers(DATA, 3, 60)
    assert made.shape == (60, 28, 28) and made.dtype == np.uint8
    assert (made == make_outliers(DATA, 3, 60)).all()
    assert (made != make_outliers(DATA, 4, 60)).any()


def test_every_kind_shows_something_and_none_is_a_training_image() -> None:
    made = make_outliers(DATA, 0, 500).reshape(5, 100, -1)
    assert (made.max(axis=2).mean(axis=1) > 200).all()
    known = {image.tobytes() for image in DATA.pixels}
    turned = [image for image in made[0] if image.tobytes() in known]
    assert not turned


@pytest.mark.parametrize("classes", [("0", "1"), tuple("0123456789")])
def test_only_of_the_ten_digits(classes: tuple[str, ...]) -> None:
    images = Images(np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 0, 1], np.uint8), classes)
    with pytest.raises(UserError, match="got 28x28x1 of 2 classes; set it to 0"):
        make_outliers(images, 0)


@pytest.mark.slow
def test_a_network_learns_to_doubt_them() -> None:
    """Two epochs on a thousand images: it answers digits, and gives little to what is none."""
    small = recipe("mlp").change(hidden=(64,), epochs=6, batch=64, outliers=0.3, deskew=False, elastic=0.0)
    trainer = Trainer(small, DATA[:3000], VALID[:1000])
    history = [event for event in trainer.run() if hasattr(event, "valid_accuracy")]
    assert 0.8 < history[-1].train_accuracy <= 1
    model = trainer.model()
    assert model.network.out_shape == (11,) and len(model.classes) == 10
    digits = model.scores(VALID.pixels[1000:2000])
    others = model.scores(make_outliers(DATA, 9, 500))
    assert digits.shape == (1000, 10)
    assert np.median(digits.sum(axis=1)) > 0.9 and np.median(others.sum(axis=1)) < 0.3
    assert (digits.argmax(axis=1) == VALID.labels[1000:2000]).mean() > 0.9
    np.testing.assert_allclose(model.predict_proba(make_outliers(DATA, 9, 50)).sum(axis=1), 1, rtol=1e-5)
    scores = model.scores(VALID.pixels[:1000])
    right = scores.argmax(axis=1) == VALID.labels[:1000]
    assert model.answered(scores)[right].mean() == pytest.approx(0.993, abs=0.002)
