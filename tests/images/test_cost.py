"""Pictures cost what their pixels are worth: what would take more is refused in a line, before it is decoded."""

import io
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import Resized
from handgrad.errors import UserError
from handgrad.images.decode import WORK_SIDE, at_work_size, grey_or_colour, shrunk
from handgrad.reading.source import open_picture, open_resized

SIDE = 7000
MOST = 250  # MB, of a whole process
PEAK = """
import sys
from handgrad.errors import UserError
from handgrad.reading.source import open_picture
try:
    print(open_picture(sys.argv[1]).grey.shape)
except UserError as error:
    print(error)
status = open("/proc/self/status").read()  # ru_maxrss would count what the parent had
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def repeated_scans(side: int, times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: each time, all coefficients are gone through."""
    file = io.BytesIO()
    Image.new("L", (side, side), 255).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data[data.rfind(b"\xff\xc4", 0, data.rfind(b"\xff\xda")) : -2]
    return data[:-2] + last * times + data[-2:]


def save(path: Path, mode: str, **options: object) -> Path:
    Image.new(mode, (SIDE, SIDE)).save(path, **options)
    return path


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux alone tells a process's peak")
@pytest.mark.parametrize(
    ("mode", "name", "read"),
    [
        ("RGBA", "a.png", True), ("P", "a.png", True), ("I;16", "a.png", True), ("LA", "a.png", True),
        ("1", "a.png", True), ("RGB", "a.jpg", True), ("CMYK", "a.jpg", True), ("L", "a.gif", True),
        ("RGB", "a.webp", False), ("F", "a.tif", False), ("RGBA", "a.tif", False),
    ],
)  # fmt: skip
def test_memory_is_bounded(mode: str, name: str, read: bool, tmp_path: Path) -> None:
    path = save(tmp_path / name, mode)
    done = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True, timeout=60)
    said, peak = done.stdout.splitlines()
    assert int(peak) < MOST
    assert (said == "(1750, 1750)") if read else said.startswith(f"{path}: a ")


def test_many_scans_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(repeated_scans(4096, 150))
    start = time.perf_counter()
    with pytest.raises(UserError, match=r"a\.jpg: a JPEG of 4096x4096 pixels in 1\d\d scans, expected at most 89"):
        open_picture(path)
    assert time.perf_counter() - start < 1


def test_a_thumbnail_is_no_scan(tmp_path: Path) -> None:
    thumbnail = io.BytesIO()
    Image.new("L", (40, 40)).save(thumbnail, "JPEG")
    exif = b"Exif\0\0" + thumbnail.getvalue() * 150
    path = tmp_path / "a.jpg"
    Image.new("L", (4096, 4096), 255).save(path, exif=exif)
    assert max(open_picture(path).grey.shape) <= WORK_SIDE


def test_progressive_pictures_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (4000, 3000), "white").save(path, progressive=True)
    assert open_picture(path).grey.shape == (1500, 2000)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_bands_are_shrunk_as_the_whole(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(0).integers(0, 256, (211, 97, 4)).astype(np.uint8)
    picture = Image.fromarray(array).convert("L" if mode in ("I;16", "F") else mode)
    if mode in ("I;16", "F"):
        picture = Image.fromarray(np.asarray(picture).astype({"I;16": np.uint16, "F": np.float32}[mode]) * 200)
    whole = np.asarray(shrunk(picture, 3))
    monkeypatch.setattr("handgrad.images.decode.BAND", 600)
    assert (np.asarray(shrunk(picture, 3)) == whole).all()
    expected = np.asarray(Image.fromarray(grey_or_colour(picture)).reduce(3)).astype(int)
    assert whole.shape[:2] == expected.shape[:2] == (71, 33)
    if mode in ("1", "L", "RGB", "F"):
        assert np.abs(whole - expected).max() <= 1


def test_whole_pictures_are_resized_from_a_size_to_work_with(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    ramp = np.repeat(np.linspace(0, 255, 6000).astype(np.uint8)[None], 4500, axis=0)
    Image.fromarray(ramp).convert("RGB").save(path, quality=95)
    small = Resized((30, 40), colour=False)(path)
    assert np.abs(small.astype(int) - np.asarray(Image.fromarray(ramp).resize((40, 30)))).max() <= 3
    assert (open_resized(path, (30, 40), colour=False)[1] == small).all()


def test_a_small_picture_is_left_alone() -> None:
    picture = Image.new("RGB", (WORK_SIDE, 20))
    assert at_work_size(picture) is picture
