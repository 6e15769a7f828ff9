"""A page turned upright keeps all its ink, and boxes find their way back."""

import numpy as np
import pytest
from scipy import ndimage

from handgrad.reading.turn import Turn

from .drawings import ink, on, turned, written

SLOPES = [-0.9, -0.3, 0.2, 0.75, 1.0]


def marked(shape: tuple[int, int], boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    grey = np.full(shape, 230, np.uint8)
    for left, top, width, height in boxes:
        grey[top : top + height, left : left + width] = 20
    return grey


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("shape", [(200, 300), (301, 150)])
def test_a_box_comes_back_around_what_it_was(slope: float, shape: tuple[int, int]) -> None:
    box = (60, 120, 30, 20)
    turn = Turn(marked(shape, [box]), slope)
    upright = turn.picture()
    ((rows, columns),) = ndimage.find_objects((upright < 120).astype(int))
    found = (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
    left, top, width, height = turn.back(found, upright.shape)
    assert left <= box[0] + 2 and top <= box[1] + 2
    assert left + width >= box[0] + box[2] - 2 and top + height >= box[1] + box[3] - 2
    middle = left + width / 2, top + height / 2
    assert middle == pytest.approx((box[0] + box[2] / 2, box[1] + box[3] / 2), abs=2.5)


@pytest.mark.parametrize("slope", SLOPES)
def test_boxes_stay_inside_the_picture(slope: float) -> None:
    turn = Turn(marked((100, 160), []), slope)
    height, width = turn.picture().shape
    for box in ((0, 0, width, height), (0, 0, 5, 5), (width - 5, height - 5, 5, 5)):
        left, top, wide, high = turn.back(box, (height, width))
        assert 0 <= left <= left + wide <= 160 and 0 <= top <= top + high <= 100
    assert turn.back((0, 0, width, height), (height, width)) == (0, 0, 160, 100)


@pytest.mark.parametrize("degrees", [-37, -15, 20, 37])
def test_lines_are_level_afterwards_and_no_ink_is_lost(degrees: float) -> None:
    strokes = turned(written("1111", 40, (120, 150)), degrees, (150, 150))
    grey = on(ink(strokes, (320, 320), 5))
    upright = Turn(grey, float(np.tan(np.radians(degrees)))).picture()
    tops = [rows.start for rows, _ in ndimage.find_objects(ndimage.label(upright < 140)[0])]
    assert len(tops) == 4 and np.ptp(tops) <= 2
    assert (235 - upright.astype(float)).sum() == pytest.approx((235 - grey.astype(float)).sum(), rel=0.05)
    assert upright[0, 0] == 235, "the corners are paper"


def test_no_slope_changes_nothing() -> None:
    grey = marked((40, 60), [(5, 6, 7, 8)])
    turn = Turn(grey, 0.0)
    assert (turn.picture() == grey).all() and turn.back((5, 6, 7, 8), (40, 60)) == (5, 6, 7, 8)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("shape", [(200, 300), (301, 150)])
def test_a_mask_is_turned_with_the_picture(slope: float, shape: tuple[int, int]) -> None:
    turn = Turn(marked(shape, [(60, 120, 30, 20)]), slope)
    mask, picture = turn.mask(turn.grey < 120), turn.picture()
    assert mask.shape == picture.shape and turn.mask(None).shape == picture.shape
    inside = picture < 120
    assert (mask & inside).sum() > 0.9 * max(mask.sum(), inside.sum())
    assert turn.mask(None).sum() == pytest.approx(turn.grey.size, rel=0.02)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("shape", [(200, 300), (57, 88), (301, 150), (64, 301)])
def test_levels_go_on_beyond_the_border(slope: float, shape: tuple[int, int]) -> None:
    grey = np.linspace(100, 100 + shape[1] / 4, shape[1])[None].repeat(shape[0], axis=0).astype(np.uint8)
    turn = Turn(grey, slope)
    rise = np.abs(np.diff(turn.picture().astype(float), axis=1))
    assert rise.max() < 8, "no edge is seen where the picture ends"
    assert turn.picture().min() > 95 and turn.picture().max() < 105 + shape[1] / 4


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("shape", [(12, 400), (400, 10), (1, 40), (4, 200), (1, 1)])
def test_thin_pictures_are_turned(slope: float, shape: tuple[int, int]) -> None:
    turn = Turn(np.full(shape, 200, np.uint8), slope)
    assert (turn.picture() == 200).all()
    assert turn.mask(None).shape == turn.picture().shape
