"""Strokes are found by their own contrast: faint beside strong ones, light or dark, and no shadow is one."""

import numpy as np
import pytest
from scipy import ndimage

from handgrad.reading.ink import Ink, find_ink
from handgrad.reading.paper import ink_is_dark, level_paper
from handgrad.reading.sheet import find_sheet

from .drawings import bordered, hard, ink, level_lines, light, on, page, soft_spot, upright_lines, written

SHAPE = (200, 400)
WIDEST = 0.06
STROKES = ink(written("2024", 60, (60, 60)), SHAPE, 6, 0.7)
CORES, PAPER = STROKES > 0.8, STROKES == 0


def ink_of(picture: np.ndarray, dark: bool = True) -> Ink:
    level = picture.astype(np.float32)
    levelled = level_paper(level, find_sheet(level, dark), dark, WIDEST)
    assert levelled is not None
    return find_ink(levelled)


def looks_dark(picture: np.ndarray) -> bool:
    level = picture.astype(np.float32)
    return ink_is_dark(level, find_sheet(level, dark=True), WIDEST)


def grainy(picture: np.ndarray, noise: float) -> np.ndarray:
    return (picture + np.random.default_rng(0).normal(0, noise, picture.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("paper", "pen"), [(235, 40), (250, 190), (120, 60), (60, 15)])
def test_strokes_are_found_on_paper_of_any_light(paper: int, pen: int) -> None:
    found = ink_of(on(STROKES, paper, pen))
    assert found.mask[CORES].mean() > 0.98 and not found.mask[PAPER].any()
    assert found.amount[CORES].mean() > 0.9 and found.contrast > 18


@pytest.mark.parametrize("noise", [3, 8])
def test_the_papers_grain_is_no_ink(noise: float) -> None:
    found = ink_of(grainy(on(STROKES, 200, 60), noise))
    assert found.mask[CORES].mean() > 0.95 and found.mask[PAPER].mean() < 0.002


def test_faint_pencil_beside_ink_is_found() -> None:
    pencil = ink(written("57", 60, (290, 60)), SHAPE, 5, 0.7)
    pen = ink(written("20", 60, (60, 60)), SHAPE, 7, 0.5)
    found = ink_of(on((pen + 0.25 * pencil).clip(0, 1), 240, 20))
    assert found.mask[pen > 0.8].mean() > 0.98 and found.mask[pencil > 0.8].mean() > 0.9
    assert found.amount[pencil > 0.8].mean() > 0.8, "each stroke has its own full ink"


@pytest.mark.parametrize("depth", [0.3, 0.6])
def test_a_hands_soft_shadow_is_no_ink(depth: float) -> None:
    shadow = soft_spot(SHAPE, 330, 170, 70)
    found = ink_of((on(STROKES) * (1 - depth * shadow)).astype(np.uint8))
    assert found.mask[CORES].mean() > 0.95 and found.mask[PAPER].mean() < 0.002
    assert not ink_of((235 * (1 - depth * shadow)).astype(np.uint8)).mask.any()


@pytest.mark.parametrize(("noise", "soft"), [(2, 7), (6, 7), (2, 4), (1, 4)])
def test_the_narrow_shadow_of_a_pen_is_no_ink_though_grain_makes_it_sharper(noise: float, soft: float) -> None:
    shadow = np.zeros(SHAPE)
    shadow[130:152] = 1
    shadow = ndimage.gaussian_filter(shadow, soft)
    found = ink_of(grainy(on(ink(written("2024", 50, (60, 30)), SHAPE, 6, 0.7)) * (1 - 0.35 * shadow), noise))
    assert found.mask[30:80].mean() > 0.02 and found.mask[120:165].mean() < 0.002


def test_a_shadow_across_the_strokes_hides_none() -> None:
    sharp = np.where(np.arange(SHAPE[1]) < 180, 0.75, 1.0)
    for shadow in (sharp, light(SHAPE, 0.3, 1)):
        found = ink_of((on(STROKES) * shadow).astype(np.uint8))
        assert found.mask[CORES].mean() > 0.95


@pytest.mark.parametrize("board", [15, 60, 90])
def test_chalk_on_a_board(board: int) -> None:
    picture = grainy(on(STROKES, board, board + 120), 3)
    assert not looks_dark(picture)
    found = ink_of(picture, dark=False)
    assert not found.dark and found.mask[CORES].mean() > 0.95 and found.mask[PAPER].mean() < 0.002


def test_neither_table_nor_the_edge_of_a_sheet_is_ink() -> None:
    for sides in ("l", "b", "lr", "ltrb"):
        found = ink_of(bordered(on(STROKES), 60, 50, sides))
        strokes = bordered(STROKES, 60, 0, sides)
        assert found.mask[strokes > 0.8].mean() > 0.98 and not found.mask[strokes == 0].any()


def test_a_hard_pen_one_pixel_wide_is_found_whole() -> None:
    strokes = hard(written("5", 18, (8, 5)), (28, 28))
    found = ink_of(on(strokes))
    assert found.mask[strokes > 0].all() and not found.mask[strokes == 0].any()


@pytest.mark.parametrize("invert", [False, True])
def test_polarity_is_seen_under_uneven_light_and_on_a_table(invert: bool) -> None:
    picture = page("2024\n3579")
    for seen in (picture, picture * light(picture.shape, 0.4, 1), page("1", width=3), page("8888\n8888", width=11)):
        assert looks_dark(255 - seen if invert else seen) == (not invert)
    assert looks_dark(bordered(picture, 60, 40))


@pytest.mark.parametrize("level", [40, 128, 255])
def test_nothing_is_written_on_empty_paper(level: int) -> None:
    for picture in (np.full((60, 90), level, np.uint8), grainy(np.full((300, 400), level), 5)):
        for dark in (True, False):
            found = ink_of(picture, dark)
            assert found.contrast == 0 and not found.mask.any() and not found.amount.any()


@pytest.mark.parametrize("depth", [20, 21, 22])
def test_pencil_on_a_faint_grid_is_found(depth: float) -> None:
    """The grid and the strokes on it are one piece of ink, most of which is too faint to be any."""
    shape = (300, 400)
    strokes = ink(written("20", 60, (150, 120)), shape, 5, 0.7)
    grid = ink([*level_lines(shape, 24), *upright_lines(shape, 24)], shape, 2, 0.5)
    found = ink_of(grainy(np.minimum(200 - depth * grid, 200 - 70 * strokes), 2))
    assert found.contrast > 50
    assert found.mask[strokes > 0.8].mean() > 0.95
