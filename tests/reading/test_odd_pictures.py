"""No picture makes reading fail or wait, whatever is on it."""

from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.model.shipped import pretrained
from handgrad.reading import Page, read_digit, read_page

from .drawings import box, ink, level_lines, on, page

MODEL = pretrained("robust")
LONGEST = 5.0  # seconds, on a machine that is busy


def read(grey: np.ndarray, longest: float = LONGEST) -> Page:
    """Both ways to read, with what always holds."""
    start = perf_counter()
    answer, found = read_digit(grey, MODEL), read_page(grey, MODEL)
    assert perf_counter() - start < longest
    height, width = grey.shape
    boxes = [answer.box, *found.words, *(each.box for line in found.lines for each in line)]
    assert all(x >= 0 <= y and w >= 0 <= h and x + w <= width and y + h <= height for x, y, w, h in boxes)
    assert sum(answer.probabilities) == pytest.approx(1, abs=1e-3) or answer.reason
    assert found.text.replace("\n", "").replace("?", "0").isdigit() or not found.text
    return found


def one_pixel(shape: tuple[int, int], level: int, paper: int) -> np.ndarray:
    grey = np.full(shape, paper, np.uint8)
    grey[shape[0] // 2, shape[1] // 2] = level
    return grey


SIDES = [(4, 4), (5, 40), (28, 28), (300, 200), (4, 2000), (2000, 4), (30, 1500)]


@pytest.mark.parametrize("shape", SIDES)
def test_flat_pictures_have_no_lines(shape: tuple[int, int]) -> None:
    for level in (0, 1, 128, 255):
        assert read(np.full(shape, level, np.uint8)).lines == ()


@pytest.mark.parametrize("shape", SIDES)
def test_one_pixel_is_no_digit(shape: tuple[int, int]) -> None:
    for level, paper in ((0, 255), (255, 0), (120, 130)):
        read(one_pixel(shape, level, paper))


@pytest.mark.parametrize("shape", [(4, 4), (5, 9), (28, 28), (64, 65), (150, 200), (4, 700), (500, 6)])
@pytest.mark.parametrize("seed", [0, 1])
def test_noise(shape: tuple[int, int], seed: int) -> None:
    random = np.random.default_rng(seed)
    read(random.integers(0, 256, shape).astype(np.uint8))
    read((random.random(shape) < 0.02).astype(np.uint8) * 255)


@pytest.mark.parametrize("cell", [1, 3, 16])
def test_checkerboards_and_stripes(cell: int) -> None:
    y, x = np.indices((96, 144)) // cell
    for pattern in ((x + y) % 2, x % 2, y % 2):
        read((pattern * 255).astype(np.uint8))


def test_halves_and_large_areas() -> None:
    shape = (200, 150)
    y, x = np.indices(shape)
    for part in (x < 75, y < 5, (x > 50) & (y > 50), (x - 75) ** 2 + (y - 100) ** 2 < 50**2, x + y < 150):
        read(np.where(part, 20, 230).astype(np.uint8))
        read(np.where(part, 230, 20).astype(np.uint8))


def test_lines_and_empty_boxes_alone_are_no_digits() -> None:
    shape = (170, 370)
    assert not read(on(ink(level_lines(shape, 40), shape, 2))).text
    assert not read(on(ink([box(40 + 80 * i, 60, 80, 80) for i in range(4)], shape, 2))).text
    assert read(on(ink([box(40, 60, 80, 90)], shape, 2))).text in ("", "?")


def test_a_page_cut_anywhere() -> None:
    whole = page("2048\n3579", tall=30, width=3)
    for cut in (10, 33, 60):
        read(np.ascontiguousarray(whole[cut:-cut, cut:-cut]))


@settings(max_examples=15, deadline=None)
@given(st.integers(4, 60), st.integers(4, 60), st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_any_small_picture(height: int, width: int, seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    coarse = random.choice(random.integers(0, 256, levels), (-(-height // 4), -(-width // 4)))
    read(np.kron(coarse, np.ones((4, 4), int))[:height, :width].astype(np.uint8))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(4, 400), st.integers(4, 400), st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 40))
def test_any_picture(height: int, width: int, seed: int, levels: int, cell: int) -> None:
    random = np.random.default_rng(seed)
    coarse = random.choice(random.integers(0, 256, levels), (-(-height // cell), -(-width // cell)))
    grey = np.kron(coarse, np.ones((cell, cell), int))[:height, :width]
    read((grey + random.normal(0, random.choice([0, 3, 30]), grey.shape)).clip(0, 255).astype(np.uint8), 30)
