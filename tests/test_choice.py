import math

import pytest

from handgrad.errors import UserError
from handgrad.evaluation.choice import choose


def by_seed(*accuracies: float) -> dict[int, float]:
    return dict(enumerate(accuracies))


def test_the_highest_mean_wins_and_differences_are_paired_by_seed():
    """Worked by hand: b - a is 0.01, 0.03, 0.02: mean 0.02, deviation 0.01, standard error 0.01 / sqrt(3)."""
    choice = choose({"a": by_seed(0.90, 0.80, 0.70), "b": by_seed(0.91, 0.83, 0.72)})
    assert choice.winner == "b" and choice.close == ()
    assert choice["a"].behind == pytest.approx(0.02)
    assert choice["a"].error == pytest.approx(0.01 / math.sqrt(3))
    assert choice["b"].behind == choice["b"].error == 0
    assert choice["a"].deviation == pytest.approx(0.1), "far more than the differences vary: unpaired they would drown"
    assert "every other level is worse" in choice.sentence()


def test_levels_within_one_standard_error_are_named_simplest_first():
    tried = {"0": by_seed(0.90, 0.94), "0.1": by_seed(0.93, 0.93), "0.2": by_seed(0.94, 0.93), "0.5": by_seed(0.5, 0.5)}
    choice = choose(tried)
    assert choice.winner == "0.2"
    assert choice.close == ("0", "0.1")
    assert "0, 0.1 are not distinguishably worse" in choice.sentence()
    assert "the simplest that one may take is 0." in choice.sentence()
    assert not choice["0.5"].close


def test_of_equal_means_the_simplest_wins():
    assert choose({"a": by_seed(0.9, 0.8), "b": by_seed(0.8, 0.9)}).winner == "a"


def test_only_seeds_that_all_levels_finished_are_compared():
    choice = choose({"a": {0: 0.9, 1: 0.1}, "b": {0: 0.8, 2: 1.0}})
    assert choice.winner == "a" and choice.seeds == (0,)
    for tried in ({}, {"a": {0: 0.9}, "b": {1: 0.9}}):
        with pytest.raises(UserError, match="nothing can be compared"):
            choose(tried)


def test_one_seed_tells_nothing_apart():
    choice = choose({"a": {0: 0.9}, "b": {0: 0.8}})
    assert choice["b"].close and choice["b"].error is None
    assert "over 1 seed; one seed tells no level apart" in choice.sentence()
