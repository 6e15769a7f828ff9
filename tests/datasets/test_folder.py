from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import folder, idx
from handgrad.errors import UserError

PIXELS = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)
LABELS = np.array([0, 1, 2, 1, 0], np.uint8)
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def put(path: Path, *names: str) -> Path:
    path.mkdir(exist_ok=True)
    for name in names:
        idx.write(path / name, PIXELS if "images" in name else LABELS)
    return path


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        tuple(f"{name}.gz" for name in NAMES),
        tuple(name.replace("-idx", ".idx") for name in NAMES),
        tuple(name.replace("-idx", ".idx") + ".gz" for name in NAMES),
        tuple(name.replace("t10k", "test") for name in NAMES),
        tuple(f"letters-{name}" for name in NAMES),
        (*NAMES[:2], *(f"{name}.gz" for name in NAMES)),
    ],
)
def test_spellings_of_idx(tmp_path: Path, names: tuple[str, ...]) -> None:
    dataset = folder.load(put(tmp_path / "mine", *names))
    assert dataset.name == "mine"
    assert dataset.train.classes == ("0", "1", "2")
    np.testing.assert_array_equal(dataset.train.pixels, PIXELS)
    np.testing.assert_array_equal(dataset.train.labels, LABELS)
    assert dataset.test is not None
    assert len(dataset.test) == 5


def test_train_alone_will_do(tmp_path: Path) -> None:
    assert folder.load(put(tmp_path, *NAMES[:2])).test is None


def test_emnist_is_turned_back(tmp_path: Path) -> None:
    names = [f"emnist-digits-{name.replace('t10k', 'test')}.gz" for name in NAMES]
    dataset = folder.load(put(tmp_path, *names))
    np.testing.assert_array_equal(dataset.train.pixels, PIXELS.transpose(0, 2, 1))
    assert dataset.train.pixels.flags.c_contiguous
    assert dataset.test is not None
    assert dataset.test.shape == (3, 2, 1)


def test_test_images_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, *NAMES)
    (tmp_path / NAMES[2]).write_bytes(b"rubbish")
    dataset = folder.load(tmp_path)
    dataset.split()
    with pytest.raises(UserError, match=NAMES[2]):
        _ = dataset.test


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (NAMES[:1], "no train labels, expected train-labels-idx1-ubyte"),
        (NAMES[1:2], "no train images, expected train-images-idx3-ubyte"),
        (NAMES[2:], "no train images"),
        ((*NAMES[:2], f"emnist-letters-{NAMES[0]}"), "several data sets"),
        ((), "no data set found"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, names: tuple[str, ...], says: str) -> None:
    with pytest.raises(UserError, match=says):
        folder.load(put(tmp_path, *names))


def test_a_test_label_that_training_lacks(tmp_path: Path) -> None:
    idx.write(put(tmp_path, *NAMES) / NAMES[3], np.array([0, 0, 0, 0, 3], np.uint8))
    with pytest.raises(UserError, match="got the label 3, expected 0 to 2"):
        _ = folder.load(tmp_path).test


def test_no_images_and_no_folder(tmp_path: Path) -> None:
    idx.write(tmp_path / NAMES[0], np.zeros((0, 2, 3), np.uint8))
    idx.write(tmp_path / NAMES[1], np.zeros(0, np.uint8))
    with pytest.raises(UserError, match="at least one image"):
        folder.load(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        folder.load(tmp_path / NAMES[0])
