import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from handgrad.datasets import idx
from handgrad.errors import UserError

ARRAYS = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(array=ARRAYS, name=st.sampled_from(["a", "a.gz"]))
def test_what_is_written_is_read(tmp_path: Path, array: np.ndarray, name: str) -> None:
    idx.write(tmp_path / name, array)
    got = idx.read(tmp_path / name)
    assert got.dtype == np.uint8
    assert got.shape == array.shape
    np.testing.assert_array_equal(got, array)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.binary(max_size=40), start=st.sampled_from([b"", b"\0\0\x08", b"\0\0\x08\x02", b"\x1f\x8b\x08\0"]))
def test_any_bytes_give_an_array_or_a_user_error(tmp_path: Path, start: bytes, tail: bytes) -> None:
    (tmp_path / "a").write_bytes(start + tail)
    try:
        assert idx.read(tmp_path / "a").dtype == np.uint8
    except UserError as error:
        assert str(tmp_path / "a") in str(error)
        assert "\n" not in str(error)


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    idx.write(tmp_path / "a", np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    assert (tmp_path / "a").read_bytes() == bytes.fromhex("00000802 00000002 00000003 010203040506")


def test_content_decides_about_gzip(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.uint8)
    idx.write(tmp_path / "a", array)
    (tmp_path / "plain.gz").write_bytes((tmp_path / "a").read_bytes())
    idx.write(tmp_path / "b.gz", array)
    (tmp_path / "zipped").write_bytes((tmp_path / "b.gz").read_bytes())
    for name in ("plain.gz", "zipped"):
        np.testing.assert_array_equal(idx.read(tmp_path / name), array)


GOOD = struct.pack(">HBBII", 0, 8, 2, 2, 3) + b"abcdef"
ZIPPED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "expected IDX"),
        (b"\0\0", "expected IDX"),
        (b"hello world", "starting with 68656c6c, expected IDX"),
        (b"\0\0\x08\0", "expected IDX"),
        (b"\0\0\x08\xff" + bytes(4 * 255), "expected IDX"),
        (b"\0\0\x0d" + GOOD[3:], "type 0x0d, expected 0x08"),
        (GOOD[:9], "got 5 bytes of dimensions, expected 8"),
        (GOOD[:-1], "got 5 bytes after the header, expected 6"),
        (GOOD + b"!", "more than the 6 bytes"),
        (gzip.compress(GOOD[:-1], mtime=0), "got 5 bytes after the header, expected 6"),
        (gzip.compress(GOOD + b"!", mtime=0), "more than the 6 bytes"),
        (ZIPPED[:-9], "damaged gzip"),
        (ZIPPED[:-8] + bytes(8), "damaged gzip"),
        (ZIPPED[:12] + b"\xff\xff\xff" + ZIPPED[15:], "damaged gzip"),
        (ZIPPED[:2] + b"\x07" + ZIPPED[3:], "damaged gzip"),
        (struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"abc", "no memory can hold"),
        (struct.pack(">HBB2I", 0, 8, 2, 2**31, 2**31) + b"abc", "got 3 bytes"),
        (struct.pack(">HBB4I", 0, 8, 4, 0, 2**32 - 1, 2**32 - 1, 2**32 - 1), "no memory can hold"),
    ],
)
def test_bad_files_are_told_by_name(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "bad-idx"
    path.write_bytes(data)
    with pytest.raises(UserError, match=says) as caught:
        idx.read(path)
    assert str(path) in str(caught.value)


def test_missing_file_and_folder_instead(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing-here: no such file"):
        idx.read(tmp_path / "nothing-here")
    with pytest.raises(UserError, match="cannot be read"):
        idx.read(tmp_path)


def test_a_bomb_is_left_after_what_its_header_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bomb").write_bytes(gzip.compress(struct.pack(">HBBI", 0, 8, 1, 10) + bytes(50_000_000)))
    read, original = [], gzip.GzipFile.read

    def counting(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        data = original(self, size)
        read.append(len(data))
        return data

    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    with pytest.raises(UserError, match="more than the 10 bytes"):
        idx.read(tmp_path / "bomb")
    assert sum(read) == 8 + 11


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((), np.uint8)])
def test_only_arrays_of_bytes_are_written(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(UserError, match="expected uint8"):
        idx.write(tmp_path / "a", array)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    idx.write(tmp_path / "images", np.arange(24, dtype=np.uint8).reshape(4, 2, 3))
    idx.write(tmp_path / "labels", np.array([0, 1, 2, 1], np.uint8))
    return tmp_path / "images", tmp_path / "labels"


def test_pair(pair: tuple[Path, Path]) -> None:
    pixels, labels = idx.read_pair(*pair, classes=3)
    assert pixels.shape == (4, 2, 3)
    assert labels.tolist() == [0, 1, 2, 1]


def test_pair_swapped(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match=r"labels holds labels and .*images holds images: swap"):
        idx.read_pair(pair[1], pair[0])


def test_pair_of_wrong_dimensions(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match="labels: got labels, expected images"):
        idx.read_pair(pair[1], pair[1])
    with pytest.raises(UserError, match="images: got images, expected labels"):
        idx.read_pair(pair[0], pair[0])


def test_pair_of_other_counts(pair: tuple[Path, Path]) -> None:
    idx.write(pair[1], np.zeros(5, np.uint8))
    with pytest.raises(UserError, match=r"4 images but .*labels 5 labels"):
        idx.read_pair(*pair)


def test_pair_with_a_label_too_large(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match="labels: got the label 2, expected 0 to 1"):
        idx.read_pair(*pair, classes=2)


def write_int32(path: Path, table: np.ndarray) -> Path:
    header = struct.pack(f">HBB{table.ndim}I", 0, 0x0C, table.ndim, *table.shape)
    path.write_bytes(header + table.astype(">i4").tobytes())
    return path


def test_labels_of_qmnist(pair: tuple[Path, Path], tmp_path: Path) -> None:
    table = np.arange(32).reshape(4, 8)
    labels_path = write_int32(tmp_path / "labels-idx2-int", table)
    np.testing.assert_array_equal(idx.read_int32(labels_path), table)
    assert idx.read_pair(pair[0], labels_path)[1].tolist() == [0, 8, 16, 24]


@pytest.mark.parametrize(
    ("table", "says"),
    [(np.full((4, 8), 256), "from 256 to 256"), (np.zeros(4), r"shape \(4,\)"), (-np.ones((4, 8)), "from -1 to -1")],
)
def test_bad_labels_of_qmnist(pair: tuple[Path, Path], tmp_path: Path, table: np.ndarray, says: str) -> None:
    with pytest.raises(UserError, match=says):
        idx.read_pair(pair[0], write_int32(tmp_path / "labels-idx2-int", table))
