"""Whatever a user hands over becomes grey levels, or one line that says what is wrong."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import UserError
from handgrad.reading.picture import WORK_SIDE, open_picture

from .scenes import png

RAMP = (np.arange(12 * 20).reshape(12, 20) % 256).astype(np.uint8)


def grey(source: object) -> np.ndarray:
    return open_picture(source).grey


def test_path_bytes_image_and_array_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ramp.png"
    path.write_bytes(png(RAMP))
    for source in (path, str(path), png(RAMP), Image.fromarray(RAMP), RAMP, RAMP[:, :, None], RAMP.astype(int)):
        assert (grey(source) == RAMP).all()


def test_floats_bools_and_sixteen_bits() -> None:
    assert (grey(RAMP / 255) == RAMP).all()
    assert (grey(RAMP.astype(np.float64)) == RAMP).all()
    assert (grey(RAMP.astype(np.uint16) * 257) == RAMP).all()
    assert set(np.unique(grey(RAMP > 100))) == {0, 255}


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "F"])
def test_modes(mode: str) -> None:
    picture = Image.fromarray(np.where(RAMP > 100, 255, 0).astype(np.uint8))
    if mode == "I;16":
        picture = Image.fromarray(np.where(RAMP > 100, 65535, 0).astype(np.uint16))
    else:
        picture = picture.convert(mode)
    assert np.abs(grey(picture).astype(int) - np.where(RAMP > 100, 255, 0)).max() <= 2


def test_white_ink_on_nothing_is_still_seen() -> None:
    """A drawing program's transparent canvas, with a white pen."""
    layer = np.zeros((20, 20, 4), np.uint8)
    layer[5:15, 9:11] = 255
    assert np.ptp(grey(layer)) == 255
    layer[5:15, 9:11, :3] = 0
    assert np.ptp(grey(layer)) == 255


def test_exif_orientation_is_applied() -> None:
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter, clockwise
    Image.fromarray(RAMP).save(buffer, "PNG", exif=exif)
    assert (grey(buffer.getvalue()) == np.rot90(RAMP, -1)).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_large_pictures_are_shrunk_and_know_by_how_much(kind: str) -> None:
    found = open_picture(png(np.full((1000, 5000), 77, np.uint8), kind))
    assert max(found.grey.shape) <= WORK_SIDE and (np.abs(found.grey.astype(int) - 77) <= 1).all()
    assert found.grey.shape[1] * found.scale == 5000


def animation() -> bytes:
    buffer = BytesIO()
    frames = [Image.fromarray(RAMP + i) for i in range(3)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "not a readable picture"),
        (b"<svg></svg>", "not a readable picture"),
        (png(np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8))[:800], "not a readable picture"),
        (animation(), "animated, 3 pictures in one"),
        (png(np.zeros((2, 50_000), np.uint8)), "too large"),
        (png(np.zeros((8000, 8000), np.uint8)), "too large"),
        (np.zeros((1, 1), np.uint8), "1x1 pixels, expected 4 or more a side"),
        (np.zeros((0, 5), np.uint8), "of shape"),
        (np.zeros((5, 5, 2), np.uint8), "of shape"),
        (np.full((5, 5), np.nan), "values from nan"),
        (np.full((5, 5), -1), "values from -1"),
        (np.array([["a"]]), "expected numbers"),
        (Path("nowhere.png"), "no such file"),
        (Path("/"), "not a readable picture"),
    ],
    ids=range(14),
)
def test_what_is_no_picture(source: object, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        open_picture(source, "it")
    assert "\n" not in str(caught.value)
