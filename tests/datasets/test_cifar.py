from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import cifar, folder
from handgrad.errors import UserError


def record(label: int, rgb: tuple[int, int, int] = (1, 2, 3)) -> bytes:
    planes = np.empty((3, 32, 32), np.uint8)
    planes[:] = np.array(rgb, np.uint8)[:, None, None]
    planes[:, 0, 5] += 100  # row 0, column 5
    return bytes([label]) + planes.tobytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for number, name in enumerate(cifar.TRAIN_FILES):
        (tmp_path / name).write_bytes(record(number) + record(9))
    (tmp_path / cifar.TEST_FILE).write_bytes(record(7))
    return tmp_path


def test_planes_become_pixels(path: Path) -> None:
    dataset = folder.load(path)
    assert dataset.train.shape == (32, 32, 3)
    assert dataset.train.labels.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert dataset.train.pixels[0, 0, 5].tolist() == [101, 102, 103]
    assert dataset.train.pixels[0, 5, 0].tolist() == [1, 2, 3]
    assert dataset.train.classes[7] == "horse"
    assert dataset.test is not None
    assert dataset.test.labels.tolist() == [7]


def test_names_and_test_are_optional(path: Path) -> None:
    (path / cifar.TEST_FILE).unlink()
    (path / cifar.NAMES_FILE).write_text("\n".join("abcdefghij") + "\n\n")
    dataset = folder.load(path)
    assert dataset.train.classes == tuple("abcdefghij")
    assert dataset.test is None


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (cifar.TRAIN_FILES[2], record(0)[:-1], "data_batch_3.bin: got 3072 bytes, expected records of 3073"),
        (cifar.TRAIN_FILES[2], b"", "got 0 bytes"),
        (cifar.TRAIN_FILES[0], record(10), "label 10"),
        (cifar.NAMES_FILE, b"cat dog", "got 2 names"),
        (cifar.TRAIN_FILES[4], None, "data_batch_5.bin: cannot be read"),
    ],
)
def test_faults(path: Path, name: str, data: bytes | None, says: str) -> None:
    if data is None:
        (path / name).unlink()
    else:
        (path / name).write_bytes(data)
    with pytest.raises(UserError, match=says):
        folder.load(path)
