import numpy as np
import pytest

from handgrad.images import deskew as module
from handgrad.images.deskew import deskew


def bar(lean: float, channels: int = 1) -> np.ndarray:
    """A bar two columns wide, each row `lean` columns further to the right."""
    image = np.zeros((1, 20, 30, channels), np.uint8)
    for row in range(4, 16):
        column = 14 + round(lean * (row - 10))
        image[0, row, column : column + 2] = 200
    return image


def width(image: np.ndarray) -> int:
    """How many columns the ink takes, faint traces aside."""
    return int((image[0, :, :, 0] > 60).any(axis=0).sum())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("lean", [-1.0, -0.5, 0.5, 1.0])
def test_a_slanted_bar_is_set_upright(lean: float, channels: int) -> None:
    slanted = bar(lean, channels)
    upright = deskew(slanted)
    assert upright.dtype == np.uint8
    assert upright.shape == slanted.shape
    assert width(slanted) >= 7
    assert width(upright) <= 4


def test_upright_bars_and_empty_images_stay() -> None:
    images = np.concatenate([bar(0), np.zeros_like(bar(0))])
    np.testing.assert_array_equal(deskew(images), images)


def test_images_do_not_depend_on_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.concatenate([bar(lean) for lean in (-1, 0.3, 0, 0.7, 1)])
    together = deskew(images)
    monkeypatch.setattr(module, "CHUNK", 2)
    np.testing.assert_array_equal(deskew(images), together)


def test_the_given_images_are_not_changed() -> None:
    images = bar(1)
    before = images.copy()
    assert not np.shares_memory(deskew(images), images)
    np.testing.assert_array_equal(images, before)


def test_no_images() -> None:
    assert deskew(np.zeros((0, 5, 5, 1), np.uint8)).shape == (0, 5, 5, 1)
