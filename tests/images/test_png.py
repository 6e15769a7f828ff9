"""PNGs without what is not needed, and in bands of rows: the same pixels as Pillow's, from less memory."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import UserError
from handgrad.images import png
from handgrad.images.decode import grey_or_colour, shrunk
from handgrad.images.opening import opened
from handgrad.images.png import CHANNELS, SIGNATURE, PixelsOnly

WIDTH, HEIGHT = 37, 53
KINDS = [(depth, colour) for colour in CHANNELS for depth in (1, 2, 4, 8, 16) if depth >= 8 or colour in (0, 3)]
KINDS.remove((16, 3))
LIMIT = 1 << 22


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def file_of(depth: int, colour: int, before: bytes = b"", cut: int = 0) -> bytes:
    """A PNG of random pixels, whose rows are stored as all five kinds of differences."""
    random = np.random.default_rng(depth + colour)
    rows = random.integers(0, 256, (HEIGHT, 1 + (WIDTH * CHANNELS[colour] * depth + 7) // 8), np.uint8)
    rows[:, 0] = np.arange(HEIGHT) % 5
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, 0)
    palette = chunk(b"PLTE", random.bytes(3 * 2 ** min(depth, 8))) if colour == 3 else b""
    data = zlib.compress(rows.tobytes())
    data = data[: len(data) - cut]
    middle = len(data) // 2  # the pixels may lie in several chunks
    pixels = chunk(b"IDAT", data[:middle]) + chunk(b"IDAT", data[middle:])
    return SIGNATURE + chunk(b"IHDR", header) + before + palette + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("rows", [1, 7, HEIGHT, 100])
@pytest.mark.parametrize(("depth", "colour"), KINDS)
def test_bands_are_what_pillow_decodes(depth: int, colour: int, rows: int) -> None:
    content = file_of(depth, colour)
    picture, whole = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(content))
    assert png.can_be_banded(picture)
    bands = list(png.bands(picture, rows))
    assert {band.height for band in bands[:-1]} <= {rows} and {band.mode for band in bands} == {whole.mode}
    found = np.concatenate([np.asarray(band.convert("RGBA") if band.mode == "P" else band) for band in bands])
    expected = np.asarray(whole.convert("RGBA") if whole.mode == "P" else whole)
    assert (found == expected).all()
    assert (np.asarray(picture) == np.asarray(whole)).all(), "the picture itself stays as it was"


@pytest.mark.parametrize("transparent", [b"\0\x40", b"\0\x10\0\x20\0\x30", b"\0\x80\xff"])
def test_transparency_is_kept(transparent: bytes) -> None:
    colour = {2: 0, 6: 2, 3: 3}[len(transparent)]
    content = file_of(8, colour)
    at = content.index(b"IDAT") - 4
    content = content[:at] + chunk(b"tRNS", transparent) + content[at:]
    picture, whole = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(content)).convert("RGBA")
    found = np.concatenate([np.asarray(band.convert("RGBA")) for band in png.bands(picture, 8)])
    assert (found == np.asarray(whole)).all()


def test_a_cut_file_is_an_error() -> None:
    with pytest.raises(OSError, match="truncated"):
        list(png.bands(Image.open(io.BytesIO(file_of(8, 2, cut=1000))), 8))


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"tEXt", b"parameters\0" + b"x" * 2_000_000),
        chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * 3_000_000)),
        chunk(b"iTXt", b"XML\0\1\0\0\0" + zlib.compress(b"x" * 3_000_000)),
        chunk(b"iCCP", b"scanner\0\0" + zlib.compress(os.urandom(2_000_000))),
        b"".join(chunk(b"tEXt", b"%d\0" % i + b"x" * 1_000_000) for i in range(70)),
    ],
    ids=["text", "compressed", "international", "profile", "many"],
)
def test_large_texts_and_profiles_are_left_out(extra: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(file_of(8, 0, extra))
    expected = np.asarray(Image.open(io.BytesIO(file_of(8, 0))))
    with opened(path, path, LIMIT) as picture:
        assert (grey_or_colour(picture) == expected).all()
    with opened("bytes", io.BytesIO(path.read_bytes()), LIMIT) as picture:
        assert (np.asarray(shrunk(picture, 1)) == expected).all()


def test_what_is_left_reads_like_a_file() -> None:
    plain = file_of(8, 2)
    found = io.BufferedReader(PixelsOnly(io.BytesIO(file_of(8, 2, chunk(b"tEXt", b"a\0" + b"x" * 5000)))))
    assert found.read() == plain
    assert found.seek(-4, io.SEEK_END) == len(plain) - 4 and found.read() == plain[-4:]
    assert found.seek(9) == 9 and found.read(20) == plain[9:29]


def test_orientation_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.png"
    Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20)).save(path, exif=exif)
    with opened(path, path, LIMIT) as picture:
        assert grey_or_colour(shrunk(picture, 2)).shape == (10, 5)


def test_a_file_of_countless_chunks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SIGNATURE + chunk(b"aaAa", b"") * (png.MAX_CHUNKS + 1))
    with pytest.raises(UserError, match="not a readable picture"), opened(path, path, LIMIT):
        pass
