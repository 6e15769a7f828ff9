import io

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import UserError
from handgrad.images.decode import grey_or_colour
from handgrad.images.levels import grey_levels
from handgrad.images.opening import opened


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        ("?", [False, True], [0, 255]),
        ("u1", [0, 1], [0, 255]),
        ("u1", [0, 2], [0, 2]),
        ("i4", [7, 255], [7, 255]),
        ("u2", [255, 256], [0, 1]),
        ("u2", [0, 65535], [0, 255]),
        ("f4", [0, 0.5, 1], [0, 128, 255]),
        ("f4", [0.5, 1.5], [128, 255]),  # overshoot is clipped
        ("f4", [0.5, 1.6], [0, 2]),
        ("f4", [127.6, 255], [128, 255]),
        ("f8", [257, 65535], [1, 255]),
    ],
)
def test_the_largest_value_tells_the_range(dtype: str, values: list[float], expected: list[int]) -> None:
    levels = grey_levels(np.array(values, dtype))
    assert levels.dtype == np.uint8
    assert levels.tolist() == expected


def drawn(alpha: np.ndarray, grey: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([grey, alpha]).astype(np.uint8), "LA")


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_transparent_parts_become_the_ink_s_opposite(ink: int, paper: int) -> None:
    alpha = np.zeros((8, 8))
    alpha[2:4] = 255
    array = grey_or_colour(drawn(alpha, np.full((8, 8), ink)))
    assert array[3, 3].tolist() in (ink, [ink] * 3)
    assert array[7, 7].tolist() in (paper, [paper] * 3)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_transparent_parts_become_like_the_paper_that_shows(ink: int, paper: int) -> None:
    alpha, grey = np.full((8, 8), 255), np.full((8, 8), paper)
    grey[2] = ink
    alpha[7] = 0
    array = grey_or_colour(drawn(alpha, grey))
    assert array[7, 7] == paper


def test_libtiff_is_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    file = io.BytesIO()
    Image.fromarray(np.arange(1600, dtype=np.uint8).reshape(40, 40)).save(file, "TIFF", compression="tiff_lzw")
    damaged = bytearray(file.getvalue())
    damaged[300:400] = bytes(100)
    with pytest.raises(OSError, match=r"decoder error|-2"):
        Image.open(io.BytesIO(damaged)).load()
    assert "LZW" in capfd.readouterr().err
    with pytest.raises(UserError, match="not a readable picture"), opened("a", io.BytesIO(damaged), 10**6) as picture:
        grey_or_colour(picture)
    assert not capfd.readouterr().err
