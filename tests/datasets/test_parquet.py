import io
import re
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from handgrad.datasets import load
from handgrad.errors import UserError

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 6), np.uint8)
LABELS = np.array([2, 0, 1, 0])


def write(path: Path, **columns: object) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def png(pixels: np.ndarray) -> dict[str, object]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


def flat(pixels: np.ndarray) -> dict[str, np.ndarray]:
    return {f"pixel{i}": column for i, column in enumerate(pixels.reshape(len(pixels), -1).T)}


def test_pictures_as_the_hub_has_them(tmp_path: Path) -> None:
    found = load(write(tmp_path / "t.parquet", image=[png(each) for each in PIXELS], label=LABELS))
    np.testing.assert_array_equal(found.train.pixels, PIXELS)
    assert (found.name, found.train.labels.tolist(), found.train.classes) == ("t", [2, 0, 1, 0], ("0", "1", "2"))


@pytest.mark.parametrize("scale", [1, 255])
def test_columns_of_pixels(tmp_path: Path, scale: int) -> None:
    pixels = PIXELS if scale == 1 else (PIXELS / scale).astype(np.float32)
    found = load(write(tmp_path / "T.PARQUET", **flat(pixels), Class=LABELS)).train
    np.testing.assert_array_equal(found.pixels, PIXELS)
    assert found.labels.tolist() == [2, 0, 1, 0]


def test_one_picture_in_colour_makes_all_of_them_so(tmp_path: Path) -> None:
    red = np.zeros((6, 6, 3), np.uint8)
    red[..., 0] = 200
    found = load(write(tmp_path / "t.parquet", image=[png(PIXELS[0]), png(red)], label=[0, 1])).train
    assert found.shape == (6, 6, 3)
    np.testing.assert_array_equal(found.pixels[1], red)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"image": [png(PIXELS[0])]}, "expected images with a column label or class"),
        ({"image": [], "label": []}, "got 0 rows"),
        ({"image": [{"bytes": b"no", "path": None}], "label": [0]}, "row 0: not a readable picture"),
        ({"image": ["a.png"], "label": [0]}, "row 0: got no picture file"),
        ({"image": [png(PIXELS[0]), png(PIXELS[1][:5])], "label": [0, 1]}, "row 1: got pictures of 6x6 and 6x5 pixels"),
        ({**flat(PIXELS[:, :5]), "label": LABELS}, "got 30 columns of pixels, expected a square number"),
        ({"label": LABELS}, "got 0 columns of pixels"),
        ({"a": ["x"], "label": [0]}, "got no numbers in column 'a'"),
        ({"a": [1.0], "label": ["cat"]}, "got no numbers in column 'label'"),
        ({"a": [None, 3.0], "label": [0, 1]}, "missing values (NaN)"),
        ({"a": [300], "label": [0]}, "300"),
    ],
)
def test_what_is_no_table_of_images_is_one_line(tmp_path: Path, columns: dict[str, object], says: str) -> None:
    path = write(tmp_path / "t.parquet", **columns)
    with pytest.raises(UserError, match=re.escape(says)) as caught:
        load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table([pa.array([0, 1])] * 3, names=["label", "p", "p"]), path)
    with pytest.raises(UserError, match="got several columns 'p', expected one; rename the others"):
        load(path)


def test_text_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    images = pa.Array.from_buffers(pa.utf8(), 1, [None, *map(pa.py_buffer, (np.array([0, 1], "<i4"), b"\xff"))])
    parquet.write_table(pa.table([pa.array([0]), images], names=["label", "image"]), path)
    with pytest.raises(UserError, match="cannot be read"):
        load(path)


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    whole = write(tmp_path / "t.parquet", **flat(PIXELS), label=LABELS).read_bytes()
    for content in (b"", b"no parquet", whole[: len(whole) // 2], whole[:4] + bytes(len(whole) - 8) + whole[-4:]):
        (tmp_path / "t.parquet").write_bytes(content)
        with pytest.raises(UserError, match=r"t\.parquet: cannot be read"):
            load(tmp_path / "t.parquet")


def test_without_pyarrow_a_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "t.parquet", **flat(PIXELS), label=LABELS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match="pip install pyarrow"):
        load(path)
