"""Images of no digit that a reader of pages meets, and those that a data set brings along."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from handgrad.datasets import Images, load
from handgrad.rng import Stream, generator
from handgrad.training import batches as batches_module
from handgrad.training import wrong_cuts as cuts_module
from handgrad.training.batches import Batches
from handgrad.training.recipe import Recipe
from handgrad.training.wrong_cuts import wrong_cuts

Kind = Callable[[Images, int, np.random.Generator], list[np.ndarray]]
DATA = load("mnist").split()[0][:200]


def test_they_are_as_many_as_asked_for_and_the_same_for_the_same_seed() -> None:
    made = wrong_cuts(DATA, 1, 40)
    assert made.shape == (40, 28, 28) and made.dtype == np.uint8 and (made.max(axis=(1, 2)) > 100).all()
    assert (made == wrong_cuts(DATA, 1, 40)).all() and (made != wrong_cuts(DATA, 2, 40)).any()


@pytest.mark.parametrize("kind", cuts_module._KINDS)
def test_every_kind_draws(kind: Kind) -> None:
    drawings = kind(DATA, 12, generator(0, Stream.WRONG_CUTS))
    assert 4 <= len(drawings) <= 12
    assert all(each.dtype == np.float32 and 0 <= each.min() <= each.max() <= 1 for each in drawings)


def test_what_looks_like_a_1_is_none_of_them() -> None:
    upright, level, round_ = (np.zeros((60, 60), np.float32) for _ in range(3))
    upright[5:55, 28:31] = level[28:31, 5:55] = round_[20:40, 20:40] = 1
    slanted = np.eye(60, dtype=np.float32)
    assert [cuts_module._like_a_one(each) for each in (upright, slanted, level, round_)] == [True, True, False, False]
    assert cuts_module._like_a_one(np.zeros((9, 9), np.float32))


def test_a_part_has_its_share_of_the_ink() -> None:
    digit = np.ones((40, 40), np.float32)
    for kind in ("left", "right", "top", "bottom"):
        share = cuts_module._part(digit, kind, generator(0, Stream.WRONG_CUTS)).mean()
        assert cuts_module.LEAST - 0.02 <= share <= cuts_module.MOST + 0.02


def test_a_batch_draws_outliers_and_wrong_cuts_in_their_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches_module, "make_outliers", lambda data, seed: np.ones((30, 28, 28), np.uint8))
    monkeypatch.setattr(batches_module, "wrong_cuts", lambda data, seed: np.full((50, 28, 28), 2, np.uint8))
    monkeypatch.setattr(batches_module, "COUNT", 50)
    own = replace(DATA, outliers=np.full((20, 28, 28), 3, np.uint8))
    batches = Batches(own, Recipe("r", batch=100, outliers=0.4, wrong_cuts=0.5), 0)
    pixels, labels = batches.arrays()
    assert len(pixels) == 300 and (labels[200:] == 10).all() and batches.per_epoch == 3
    rows = np.concatenate([batches.rows(np.arange(200), 0, step, 300)[60:] for step in range(50)])
    found = np.bincount(pixels[rows, 0, 0, 0], minlength=4) / len(rows)
    np.testing.assert_allclose(found, [0, 0.3, 0.5, 0.2], atol=0.03)


def test_a_data_set_of_other_images_has_its_own_outliers_alone() -> None:
    shirts = Images(np.zeros((8, 5, 5), np.uint8), [0, 1] * 4, ("a", "b"), outliers=np.ones((3, 5, 5), np.uint8))
    pixels, labels = Batches(shirts, Recipe("r", batch=4, outliers=0.5), 0).arrays()
    assert pixels.shape == (11, 5, 5, 1) and labels.tolist() == [0, 1] * 4 + [2] * 3
