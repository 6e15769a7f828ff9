import numpy as np
import pytest

from handgrad.training.sampling import KEEP, LEAST, START, Sampler

N = 1000


def test_without_hard_sampling_each_epoch_has_a_new_order_of_all_images() -> None:
    sampler = Sampler(N, 0, 0.0)
    first, second = sampler.order(0), sampler.order(1)
    assert sorted(first) == sorted(second) == list(range(N))
    assert (first != second).mean() > 0.9
    assert (first == Sampler(N, 0, 0.0).order(0)).all()
    assert (first != Sampler(N, 1, 0.0).order(0)).mean() > 0.9


def test_while_all_are_equally_hard_each_is_drawn_once() -> None:
    order = Sampler(N, 0, 0.7).order(0)
    assert sorted(order) == list(range(N))
    assert (order != np.arange(N)).mean() > 0.9


@pytest.mark.parametrize("hard", [0.25, 0.7, 0.99])
def test_images_come_up_in_proportion_to_their_difficulty(hard: float) -> None:
    sampler = Sampler(N, 3, hard)
    sampler.difficulty[:] = np.random.default_rng(0).random(N) ** 4
    sampler.begin_epoch()
    wanted = 1 - hard + hard * sampler.difficulty / sampler.difficulty.mean()
    for epoch in range(3):
        order = sampler.order(epoch)
        assert order.shape == (N,)
        assert np.abs(np.bincount(order, minlength=N) - wanted).max() < 1.001
        assert np.corrcoef(order[:-1], order[1:])[0, 1] < 0.2, "neighbours in the order are no neighbours in the data"


def test_the_order_stays_for_as_long_as_an_epoch_lasts() -> None:
    sampler = Sampler(N, 0, 0.7)
    before = sampler.order(1)
    sampler.difficulty[:500] = 1
    assert (sampler.order(1) == before).all()
    sampler.begin_epoch()
    assert (sampler.order(1) != before).any()
    assert (sampler.order(1) < 500).mean() > 0.7


def test_difficulty_follows_what_the_label_lacks() -> None:
    sampler = Sampler(4, 0, 0.5)
    dlogits = np.array([[-0.9, 0.9], [0.0, 0.0], [-0.5, 0.5]], np.float32) / 3  # the mean over three images
    sampler.learn(np.array([3, 0, 1]), np.array([0, 0, 1], np.uint8), dlogits)
    old = KEEP * START
    wanted = [old + (1 - KEEP) * LEAST, old + (1 - KEEP) * LEAST, START, old + (1 - KEEP) * 0.9]
    assert np.allclose(sampler.difficulty, wanted, rtol=1e-6)
