"""The scores that a model answers from."""

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.evaluation.calibration import ENOUGH, class_thresholds
from handgrad.training.limits import REFUSED_SHARE, temperature_and_thresholds

VALID = load("mnist").split()[1][:40]


def test_each_class_has_the_score_that_nearly_all_its_right_answers_reach() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 2 * ENOUGH)
    score = random.uniform(0.6, 0.8, len(labels)) + 0.15 * labels
    scores = np.stack([np.where(labels == 0, score, 1 - score), np.where(labels == 1, score, 1 - score)], axis=1)
    found = class_thresholds(scores, labels, 0.1)
    for label in range(2):
        mine = score[labels == label]
        assert (mine < found[label]).mean() == pytest.approx(0.1, abs=0.01)
    few = class_thresholds(scores[:: ENOUGH // 10], labels[:: ENOUGH // 10], 0.1)
    assert few[0] == few[1]


def test_copies_count_where_the_recipe_has_them() -> None:
    seen = []

    def logits_of(images):
        seen.append(images.pixels)
        return np.eye(11, dtype=np.float32)[images.labels] * 5

    temperature, thresholds = temperature_and_thresholds(logits_of, VALID, True, 1)
    assert len(seen) == 2 and (seen[0] == VALID.pixels).all() and (seen[1] != VALID.pixels).any()
    assert temperature > 0 and len(thresholds) == 10 and 0 < REFUSED_SHARE < 1
    assert temperature_and_thresholds(logits_of, VALID, False, 1)[0] == temperature and len(seen) == 3
