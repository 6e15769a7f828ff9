import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handgrad.datasets import load, npz
from handgrad.errors import UserError

PIXELS = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(3, 4, 4)
LABELS = np.array([0, 2, 1], np.uint8)


def put(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path / "digits.npz", **arrays)
    return path / "digits.npz"


def test_keras_mnist(tmp_path: Path) -> None:
    dataset = load(put(tmp_path, x_train=PIXELS, y_train=LABELS, x_test=PIXELS[:2], y_test=LABELS[:2]))
    assert dataset.name == "digits"
    assert dataset.train.classes == ("0", "1", "2")
    np.testing.assert_array_equal(dataset.train.pixels, PIXELS)
    assert dataset.train.labels.tolist() == [0, 2, 1]
    assert dataset.test is not None
    assert dataset.test.labels.tolist() == [0, 2]


def test_outliers_go_to_the_images_to_learn_from(tmp_path: Path) -> None:
    dataset = load(
        put(tmp_path, x=np.tile(PIXELS, (4, 1, 1)), y=np.tile(LABELS, 4), x_outliers=PIXELS[:2].reshape(2, 16))
    )
    np.testing.assert_array_equal(dataset.train.outliers, PIXELS[:2])
    data, valid = dataset.split()
    assert data.outliers is not None and valid.outliers is None and (data + valid).outliers is not None
    assert dataset.checksum != load(put(tmp_path, x=np.tile(PIXELS, (4, 1, 1)), y=np.tile(LABELS, 4))).checksum
    with pytest.raises(UserError, match="x_outliers"):
        load(put(tmp_path, x=PIXELS, y=LABELS, x_outliers=PIXELS[:, :2]))


@pytest.mark.parametrize("names", npz.TRAIN)
def test_names_of_training_images(tmp_path: Path, names: tuple[str, str]) -> None:
    dataset = load(str(put(tmp_path, **dict(zip(names, (PIXELS, LABELS), strict=True)))))
    np.testing.assert_array_equal(dataset.train.pixels, PIXELS)
    assert dataset.test is None


@pytest.mark.parametrize(
    "pixels",
    [
        PIXELS[..., None],
        PIXELS.reshape(3, 16),
        PIXELS.astype(np.int64),
        PIXELS.astype(float),
        np.asfortranarray(PIXELS),
    ],
)
def test_forms_of_images(tmp_path: Path, pixels: np.ndarray) -> None:
    np.testing.assert_array_equal(load(put(tmp_path, x=pixels, y=LABELS.astype(float))).train.pixels, PIXELS)


def test_colour(tmp_path: Path) -> None:
    assert load(put(tmp_path, x=np.zeros((3, 4, 5, 3), np.uint8), y=LABELS)).train.shape == (4, 5, 3)


def test_test_images_are_read_when_asked_for(tmp_path: Path) -> None:
    dataset = load(put(tmp_path, x_train=PIXELS, y_train=LABELS, x_test=PIXELS, y_test=np.array([0, 3, 0])))
    dataset.split()
    with pytest.raises(UserError, match="y_test: got labels from 0 to 3 for 3 classes"):
        _ = dataset.test


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"a": PIXELS, "b": LABELS}, "got the arrays 'a', 'b', expected x_train and y_train or pixels and labels or"),
        ({"x": PIXELS}, "got the arrays 'x'"),
        ({}, r"got the arrays \(none\)"),
        ({f"a{n}": LABELS for n in range(20)}, r"'a15', \.\.\., expected"),
        ({"x_train": PIXELS, "y_train": LABELS, "x_test": PIXELS}, "got no y_test"),
        ({"x": PIXELS, "y": LABELS[:2]}, r"x has the shape \(3, 4, 4\), y has 2 labels"),
        ({"x": PIXELS[:0], "y": LABELS[:0]}, "at least one"),
        ({"x": PIXELS.reshape(3, 2, 8)[:, :, 0], "y": LABELS}, r"x: got an array of shape \(3, 2\)"),
        ({"x": PIXELS * 100.0, "y": LABELS}, "x: got values from 0 to 4700"),
        ({"x": PIXELS, "y": LABELS - 1.5}, "y: got the label -1.5"),
        ({"x": PIXELS, "y": np.array(["a", "b", "c"])}, "y: got labels of type <U1"),
        ({"x": PIXELS, "y": np.array([0, 300, 0])}, "y: got labels from 0 to 300"),
    ],
)
def test_faults(tmp_path: Path, arrays: dict[str, np.ndarray], says: str) -> None:
    path = put(tmp_path, **arrays)
    with pytest.raises(UserError, match=says) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


class Trap:
    """Ends the tests where somebody unpickles it."""

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise SystemExit('unpickled')",)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = put(tmp_path, x=np.array([Trap()], object), y=LABELS)
    with pytest.raises(UserError, match=r"cannot be read .*expected arrays of numbers"):
        load(path)
    path.write_bytes(b"\x80\x04cos\nsystem\n.")
    with pytest.raises(UserError, match="cannot be read"):
        load(path)


def test_an_array_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "MAX_BYTES", 100)
    with pytest.raises(UserError, match="x has 176 bytes, expected at most 100"):
        load(put(tmp_path, x=PIXELS, y=LABELS))


@pytest.mark.parametrize("shape", [(1 << 40, 1 << 10), (1 << 62, 4), (-1, 4), (5, 4, 4)])
def test_a_header_is_not_believed(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = put(tmp_path, y=LABELS)
    body = io.BytesIO()
    np.lib.format.write_array_header_1_0(body, {"descr": "|u1", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x.npy", body.getvalue() + bytes(64))
    with pytest.raises(UserError, match="cannot be read"):
        load(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 700), byte=st.integers(0, 255), cut=st.integers(0, 800))
def test_damaged_files_give_one_line(tmp_path: Path, place: int, byte: int, cut: int) -> None:
    path = put(tmp_path, x=PIXELS, y=LABELS)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = byte
    path.write_bytes(data[:cut] if cut % 2 else data)
    try:
        np.testing.assert_array_equal(load(path).train.pixels, PIXELS)
    except UserError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
