import gzip
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handgrad.datasets import load, tables
from handgrad.errors import UserError

HEADER = "label,pixel0,pixel1,pixel2,pixel3\n"
ROWS = "3,0,1,2,255\n0,9,8,7,6\n"
EXPECTED = [[[0, 1], [2, 255]], [[9, 8], [7, 6]]]


def put(tmp_path: Path, text: str | bytes, name: str = "digits.csv") -> Path:
    path = tmp_path / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROWS,
        ROWS,
        ROWS.rstrip("\n"),
        HEADER + ROWS.replace("\n", "\r\n"),
        "\ufeff" + HEADER + ROWS,
        "\n" + HEADER + "\n" + ROWS.replace("\n", "\n\n"),
        HEADER.replace("label", '"Label"') + ROWS.replace(",", " , "),
        "digit,a,b,c,d\n" + ROWS,
        "label,0,1,2,3\n" + ROWS,
        "0,1,label,2,3\n0,1,3,2,255\n9,8,0,7,6\n",
        "a,b,c,d,class\n0,1,2,255,3\n9,8,7,6,0\n",
        "label,a,b,c,d\n3.0,0.0,1,2,255\n0,9,8,7.2,6e0\n",
    ],
)
@pytest.mark.parametrize("name", ["digits.csv", "digits.csv.gz", "DIGITS.CSV"])
def test_ways_to_write_a_table(tmp_path: Path, text: str, name: str) -> None:
    dataset = load(str(put(tmp_path, text, name)))
    assert dataset.name.lower() == "digits"
    assert dataset.train.classes == ("0", "1", "2", "3")
    assert dataset.train.labels.tolist() == [3, 0]
    assert dataset.train.pixels.tolist() == EXPECTED
    assert dataset.test is None


def test_what_pandas_writes(tmp_path: Path) -> None:
    table = pd.DataFrame(np.arange(18).reshape(2, 9), columns=[f"pixel{n}" for n in range(9)])
    table.insert(0, "label", [1, 0])
    table.to_csv(tmp_path / "digits.csv.gz", index=False)
    images = load(tmp_path / "digits.csv.gz").train
    assert images.labels.tolist() == [1, 0]
    assert images.pixels.ravel().tolist() == [*range(18)]


@pytest.mark.parametrize("row", ["1,0,1,1,0", "1,0.0,1.0,1.0,0"])
def test_values_up_to_1_are_from_0_to_1(tmp_path: Path, row: str) -> None:
    assert load(put(tmp_path, row)).train.pixels.tolist() == [[[0, 255], [255, 0]]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ": got no images"),
        ("\n \n", ": got no images"),
        (HEADER, ": got no images"),
        ("hello", ": got no images"),
        ("a,b,c,d,e,label\n" + ROWS, ": got 6 names in the header, 5 columns below it"),
        ("1,2,3\n", ": got 3 columns separated by commas, expected .* such as 785 = 1 "),
        ("1;2;3;4;5\n0;2;3;4;5\n", ": got 1 columns separated by commas"),
        (HEADER + ROWS + "1,2,3\n", ", line 4: got 3 columns, expected 5; the file may be cut"),
        (ROWS + "1,2,3,4,5,6\n", ", line 3: got 6 columns, expected 5"),
        (HEADER + "\n\n" + ROWS + "1,2,x,4,5\n", ", line 6: got 'x' in column 3, expected a number from 0 to 255"),
        (ROWS + "1,2,,4,5\n", ", line 3: got '' in column 3"),
        (HEADER + ROWS + "1,2,3,4,256\n" + ROWS, ", line 4: got '256' in column 5"),
        (HEADER + "\n" + ROWS + "\n1,2,-3,4,5\n", ", line 6: got '-3' in column 3"),
        ("1,2,nan,4,5\n", ", line 1: got 'nan' in column 3"),
        ("1,2,1e400,4,5\n", ", line 1: got '1e400' in column 3"),
        ("1,2,3x,4,5\n" + ROWS, ", line 1: got '3x' in column 3"),
        ("1,2,1_0,4,5\n", ", line 1: cannot be read as numbers"),
        ("1,2\r,3,4,5\n", ", line 1: cannot be read as numbers"),
        ("1,2,3.5,4,5\n0,1,2,3,300\n", ", line 2: got '300' in column 5"),
        ("0.5,0,1,2,3\n", ": got the label 0.5"),
        ("1,0,1.5,1,0\n", "floats up to 1.5"),
        (b"1,2,\xff\xfe,4,5\n", r", line 1: got '\\ufffd\\ufffd' in column 3"),
        (f"1,2,{'y' * 5000},4,5\n", f"got '{'y' * 40}' in column 3"),
        (b"1,2,3,4,5\r0,2,3,4,5\r", "got 9 columns"),
    ],
)
def test_faults(tmp_path: Path, text: str | bytes, says: str) -> None:
    path = put(tmp_path, text)
    with pytest.raises(UserError, match=says) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_numpy_s_warnings_are_faults_whatever_is_done_with_them(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(UserError, match="got '256' in column 3"):
            load(put(tmp_path, "1,2,256,4,5\n"))


def test_cut_gzip(tmp_path: Path) -> None:
    path = put(tmp_path, HEADER + ROWS, "digits.csv.gz")
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(UserError, match="damaged gzip"):
        load(path)


def test_the_length_of_lines_and_files_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="line 1: too long, expected at most 1048576 bytes a line"):
        load(put(tmp_path, bytes(50_000_000), "bomb.csv.gz"))
    monkeypatch.setattr(tables, "MAX_BYTES", 1000)
    with pytest.raises(UserError, match=r"line 101: too long, expected .* 1000 in all"):
        load(put(tmp_path, "1,2,3,4,5\n" * 1000, "many.csv.gz"))


CELLS = st.lists(st.sampled_from([*"0123456789,,,.\n-ex\"'", "\r", "\0", "25", "é", "label"]), max_size=40)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=CELLS, header=st.booleans())
def test_any_text_gives_images_or_one_line(tmp_path: Path, tail: list[str], header: bool) -> None:
    path = put(tmp_path, (HEADER if header else "") + ROWS + "".join(tail))
    try:
        assert load(path).train.shape == (2, 2, 1)
    except UserError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
