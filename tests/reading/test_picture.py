"""Whatever a user hands over becomes grey levels, or one line that says what is wrong."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import UserError
from handgrad.reading.picture import Picture
from handgrad.reading.source import WORK_SIDE, open_picture

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
        (
            "https://example.org/a//b.png",
            "^https://example.org/a//b.png: an address, expected a file; download it first",
        ),
        ("FTP://example.org/b.png", "download it first"),
        (Path("/"), "not a file"),
    ],
    ids=range(16),
)
def test_what_is_no_picture(source: object, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        open_picture(source, "it")
    assert "\n" not in str(caught.value)


def test_a_phones_jpeg_with_a_second_picture_in_it_is_one_picture() -> None:
    buffer, other = BytesIO(), Image.fromarray(RAMP[:6, :10])
    Image.fromarray(RAMP).save(buffer, "MPO", save_all=True, append_images=[other], quality=100)
    assert grey(buffer.getvalue()).shape == RAMP.shape


def test_odd_exif_does_not_hide_the_orientation() -> None:
    buffer = BytesIO()
    odd = b"\x01\x00\x00\x02\x00\x00\x00\x04abc\x00"  # ImageWidth as text
    turned = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"  # Orientation 6
    block = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02" + odd + turned + bytes(4)
    Image.fromarray(RAMP).save(buffer, "JPEG", exif=block, quality=100)
    assert grey(buffer.getvalue()).shape == RAMP.T.shape


@pytest.mark.parametrize("ink", [20, 230])
def test_an_opaque_card_with_transparent_margins_keeps_its_paper(ink: int) -> None:
    layer = np.zeros((60, 60, 4), np.uint8)
    layer[10:50, 10:50] = (*[250 - ink] * 3, 255)
    layer[20:40, 28:32, :3] = ink
    seen = grey(layer)
    assert abs(int(seen[0, 0]) - (250 - ink)) < 60 and abs(int(seen[30, 30]) - ink) < 5


def test_values_that_overshoot_and_small_values_keep_their_scale() -> None:
    assert (grey(RAMP / 255 * 1.0000002) == RAMP).all()
    assert (grey(Image.fromarray((RAMP > 100).astype(np.float32), "F")) == np.where(RAMP > 100, 255, 0)).all()
    assert (grey(Image.fromarray(RAMP.astype(np.int32))) == RAMP).all()
    assert set(np.unique(grey((RAMP > 100).astype(np.uint8)))) == {0, 255}


def test_pillow_images_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(png(np.random.default_rng(0).integers(0, 256, (90, 90), np.uint8))[:3000])
    with Image.open(tmp_path / "cut.png") as cut, pytest.raises(UserError, match="not a readable picture"):
        open_picture(cut)
    with pytest.raises(UserError, match="too large"):
        open_picture(Image.new("1", (10_000, 9_000)))


def test_what_is_no_file_is_no_picture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UserError, match="not a file"):
        open_picture(tmp_path / "pipe.png")


def test_a_strip_that_shrinks_to_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="16000x5 pixels, expected 32 or more a side"):
        open_picture(np.zeros((5, 16_000), np.uint8))


PICTURE = Picture("p", (np.arange(40 * 60).reshape(40, 60) % 251).astype(np.uint8), 2.0)  # 120 x 80 in the original


def test_a_part_knows_its_place_in_the_original() -> None:
    part = PICTURE.part((20, 10, 40, 30))
    assert (part.grey == PICTURE.grey[5:20, 10:30]).all() and part.corner == (20, 10) and part.scale == 2.0
    assert part.in_original((0, 0, 20, 15)) == (20, 10, 40, 30)
    inner = part.part((30, 20, 12, 10))
    assert (inner.grey == PICTURE.grey[10:15, 15:21]).all() and inner.in_original((1, 1, 2, 2)) == (32, 22, 4, 4)
    assert part.grey.flags.c_contiguous


def test_a_part_that_reaches_beyond_the_picture_is_what_lies_in_it() -> None:
    part = PICTURE.part((-20, -20, 60, 50))
    assert part.corner == (0, 0) and part.grey.shape == (15, 20)
    part = PICTURE.part((100, 60, 500, 500))
    assert part.corner == (100, 60) and part.grey.shape == (10, 10)
    assert (PICTURE.part((0, 0, 120, 80)).grey == PICTURE.grey).all()


@pytest.mark.parametrize("region", [(0, 0, 2, 50), (0, 0, 0, 0), (200, 0, 50, 50), (-50, -50, 40, 40), (5, 5, -9, 20)])
def test_a_part_without_pixels_is_refused(region: tuple[int, int, int, int]) -> None:
    with pytest.raises(UserError, match=r"^p: region .* of 120x80 pixels") as caught:
        PICTURE.part(region)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (3, 2), (7, 3), (11, 7)])
def test_cells_cover_the_picture_in_order(columns: int, rows: int) -> None:
    cells = PICTURE.cells(columns, rows)
    assert len(cells) == rows and {len(row) for row in cells} == {columns}
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            assert cell.corner == pytest.approx((120 / columns * j, 80 / rows * i), abs=2)
            assert cell.grey.shape == pytest.approx((40 / rows, 60 / columns), abs=1.01)
    inner = PICTURE.part((40, 20, 60, 40)).cells(2, 2)
    assert [cell.corner for row in inner for cell in row] == [(40, 20), (70, 20), (40, 40), (70, 40)]
    with pytest.raises(UserError, match="region"):
        PICTURE.cells(30, 2)
