"""Faint lines are found in noise, where they are and no farther; noise and paper have none."""

import numpy as np
import pytest

from handgrad.reading.ridges import find_ridges

SHAPE = (120, 400)
NOISE = np.random.default_rng(7).normal(0, 3, SHAPE).astype(np.float32)
NO_INK = np.zeros(SHAPE, bool)


def line(strength: float, slope: float = 0.0) -> np.ndarray:
    """Grey levels of a line of two pixels from column 80 to 320."""
    level = NOISE.copy()
    x = np.arange(80, 320)
    y = np.rint(60 + slope * (x - 200)).astype(int)
    level[y, x] += strength
    level[y + 1, x] += strength
    return level


@pytest.mark.parametrize("slope", [0.0, 0.06, -0.1])
def test_a_line_as_faint_as_its_noise(slope: float) -> None:
    found = find_ridges(line(7, slope), NO_INK, 32)
    columns = np.flatnonzero(found.any(axis=0))
    inside = columns[(columns >= 80) & (columns < 320)]
    assert len(inside) > 0.8 * 240 and len(columns) - len(inside) < 24


def test_a_stroke_over_it_does_not_hide_a_line() -> None:
    level, ink = line(8), NO_INK.copy()
    ink[40:80, 180:196] = True
    level[ink] = 150
    assert find_ridges(level, ink, 32)[58:64, 180:196].any(axis=0).mean() > 0.7


def test_noise_has_no_lines() -> None:
    assert find_ridges(NOISE, NO_INK, 32).mean() < 0.01
    assert not find_ridges(np.zeros((5, 3), np.float32), np.zeros((5, 3), bool), 32).any()
