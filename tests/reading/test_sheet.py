"""The sheet on a picture: the table around it, a scanner's border and a gutter are left out, and no paper is."""

import numpy as np
import pytest
from scipy import ndimage

from handgrad.reading.sheet import find_sheet

from .drawings import bordered, box, ink, light, on, page, soft_spot

PAGE = page("2024\n3579")


def sheet_of(picture: np.ndarray, dark: bool = True) -> np.ndarray | None:
    return find_sheet(picture.astype(np.float32), dark)


def paper_of(picture: np.ndarray, border: int, sides: str) -> np.ndarray:
    return bordered(np.ones_like(picture), border, 0, sides).astype(bool)


@pytest.mark.parametrize("table", [20, 110])
@pytest.mark.parametrize("sides", ["l", "r", "t", "b", "lt", "rb", "lr", "ltr", "ltrb"])
def test_a_table_at_any_side_is_left_out(sides: str, table: int) -> None:
    found, paper = sheet_of(bordered(PAGE, 60, table, sides)), paper_of(PAGE, 60, sides)
    assert found is not None and not found[~paper].any()
    assert found[paper].mean() > 0.9


@pytest.mark.parametrize("border", [8, 25])
def test_a_scanners_black_border_and_a_gutter_are_left_out(border: int) -> None:
    for sides in ("ltrb", "l", "r"):
        found, paper = sheet_of(bordered(PAGE, border, 5, sides)), paper_of(PAGE, border, sides)
        assert found is not None and not found[~paper].any() and found[paper].mean() > 0.9


def test_a_grained_table_under_uneven_light_is_left_out() -> None:
    picture = bordered(PAGE, 70, 60).astype(float)
    picture *= light(picture.shape, 0.7, 1)
    picture += np.random.default_rng(0).normal(0, 6, picture.shape)
    found, paper = sheet_of(picture.clip(0, 255)), paper_of(PAGE, 70, "ltrb")
    assert found is not None and not found[~paper].any() and found[paper].mean() > 0.85


@pytest.mark.parametrize("paper", [235, 150, 90])
def test_a_page_without_a_border_is_all_paper(paper: int) -> None:
    assert sheet_of(page("2024\n3579", paper=paper)) is None
    assert sheet_of(page("8888\n8888", width=14, paper=paper)) is None
    assert sheet_of(np.full((80, 120), paper, np.uint8)) is None


def test_a_shadow_is_on_the_sheet() -> None:
    shape = PAGE.shape
    assert sheet_of(PAGE * light(shape, 0.5, 1)) is None
    assert sheet_of(PAGE * (1 - 0.4 * soft_spot(shape, 60, 200, 80))) is None


def test_a_printed_box_around_the_writing_is_no_edge_of_a_sheet() -> None:
    shape = PAGE.shape
    frame = ink([box(10, 10, shape[1] - 20, shape[0] - 20)], shape, 3)
    assert sheet_of(np.minimum(PAGE, on(frame))) is None


def test_a_light_wall_around_a_dark_board_is_left_out() -> None:
    board = 255 - PAGE
    found, inside = sheet_of(bordered(board, 60, 230), dark=False), paper_of(board, 60, "ltrb")
    assert found is not None and not found[~inside].any() and found[inside].mean() > 0.9


def test_a_sheet_in_shadow_on_a_dark_table() -> None:
    """Three levels: lit paper, paper in a shadow, and the table, which is darker than both."""
    level = np.full((300, 400), 40, np.float32)
    level[30:, 60:340] = 210
    level[30:, 60:340] -= 105 * np.clip((230 - np.arange(270)) / 80, 0, 1)[:, None]  # its edge is soft
    sheet = find_sheet(level, dark=True)
    assert sheet is not None
    assert sheet[40:290, 70:330].all() and not sheet[:25].any() and not sheet[:, :50].any()


def test_a_table_of_coarse_grain_is_no_part_of_the_sheet() -> None:
    """Closing brings the table to its lightest streaks, which are hardly darker than paper in shadow."""
    random = np.random.default_rng(0)
    streaks = np.repeat(random.choice([60.0, 130.0], 150, p=[0.7, 0.3]), 4)
    picture = np.repeat(streaks[:, None], 420, axis=1)
    picture[:, 50:370] = 195
    sheet = find_sheet(picture.astype(np.float32), dark=True)
    assert sheet is not None
    assert not sheet[:, :44].any() and not sheet[:, 376:].any()
    assert sheet[:, 60:360].mean() > 0.98


def test_a_shadow_over_sheet_and_table_does_not_cut_the_sheet() -> None:
    """The shaded part of the sheet is one dark area with the table, but passes softly into the rest of the sheet."""
    picture = np.full((600, 420), 60.0)
    picture[60:540, 50:370] = 200
    rows = np.where(np.arange(600) > 380, 0.5, 1.0)
    sheet = find_sheet((picture * ndimage.gaussian_filter1d(rows, 18)[:, None]).astype(np.float32), dark=True)
    assert sheet is not None
    assert sheet[430:530, 60:360].all() and sheet[70:350, 60:360].all()
    assert not sheet[:, :44].any() and not sheet[548:].any()


@pytest.mark.parametrize("table", [0.6, 0.7])
def test_a_bright_table_is_told_from_a_shadow_by_its_grain(table: float) -> None:
    picture, paper = bordered(PAGE, 70, int(table * 235), "l").astype(float), paper_of(PAGE, 70, "l")
    assert sheet_of(picture) is None, "so dark and even is a shadow"
    streaks = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 1, picture.shape), (1, 6))
    picture[~paper] += 12 * (streaks / streaks.std())[~paper]
    found = sheet_of(picture.clip(0, 255))
    assert found is not None and not found[~paper].any() and found[paper].mean() > 0.9
