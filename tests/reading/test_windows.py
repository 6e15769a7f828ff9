"""Windows over pictures and masks give what SciPy's filters give, at the border and for every size too."""

import numpy as np
import pytest
from scipy import ndimage

from handgrad.reading.masks import NEIGHBOURS, dilated, eroded, long_runs, run_lengths
from handgrad.reading.windows import highest, lowest

SHAPES = [(1, 1), (3, 40), (28, 28), (31, 7)]


def blots(shape: tuple[int, int]) -> np.ndarray:
    return ndimage.uniform_filter(np.random.default_rng(0).random(shape), 3) > 0.5


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("window", [1, 3, 5, 7, 13])
def test_highest_and_lowest(shape: tuple[int, int], window: int) -> None:
    levels = np.random.default_rng(0).random(shape).astype(np.float32)
    assert np.array_equal(highest(levels, window), ndimage.maximum_filter(levels, window))
    assert np.array_equal(lowest(levels, window), ndimage.minimum_filter(levels, window))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reach", [1, 2, 5])
def test_masks_grow_and_shrink(shape: tuple[int, int], reach: int) -> None:
    mask = blots(shape)
    assert np.array_equal(dilated(mask, reach), ndimage.binary_dilation(mask, NEIGHBOURS, reach))
    assert np.array_equal(eroded(mask, reach), ndimage.binary_erosion(mask, NEIGHBOURS, reach, border_value=1))


def test_long_runs_stay_and_a_run_may_go_on_beyond_the_border_for_half_its_length() -> None:
    mask = np.array([[1, 1, 0, 1, 1, 1, 0, 1]], bool)
    assert long_runs(mask, 3, False).astype(int).tolist() == [[0, 0, 0, 1, 1, 1, 0, 0]]
    assert long_runs(mask, 3, True).astype(int).tolist() == [[1, 1, 0, 1, 1, 1, 0, 0]]
    assert np.array_equal(long_runs(mask, 1, False), mask)


def test_run_lengths() -> None:
    mask = np.array([[1, 1, 0, 1], [1, 0, 0, 0], [0, 1, 1, 1]], bool)
    assert run_lengths(mask).tolist() == [[2, 2, 0, 1], [1, 0, 0, 0], [0, 3, 3, 3]]
    assert not run_lengths(np.zeros((2, 0), bool)).size
