from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import idx, load, resolve, shadowed
from handgrad.datasets.catalog import CATALOG
from handgrad.errors import UserError

MNIST_TRAIN = 60_000


@pytest.fixture
def own_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two images that is called `mnist` and lies in the current folder."""
    path = tmp_path / "mnist"
    path.mkdir()
    idx.write(path / "train-images-idx3-ubyte", np.zeros((2, 4, 4), np.uint8))
    idx.write(path / "train-labels-idx1-ubyte", np.array([0, 1], np.uint8))
    monkeypatch.chdir(tmp_path)
    return path


def test_a_name_goes_before_a_folder_of_that_name(own_mnist: Path) -> None:
    assert len(load("mnist").train) == MNIST_TRAIN
    for path in ("./mnist", "mnist/", str(own_mnist), Path("mnist"), own_mnist):
        assert len(load(path).train) == 2


def test_what_is_recorded_is_what_was_loaded(own_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("mnist", "./mnist", "mnist/", Path("mnist"), own_mnist):
        loaded = load(given).checksum
        recorded = resolve(given)
        with monkeypatch.context() as patch:
            patch.chdir("/")
            assert load(recorded).checksum == loaded
    assert resolve("mnist") == "mnist"
    assert resolve("./mnist") == resolve(Path("mnist")) == str(own_mnist.resolve())


def test_the_home_folder_is_found(own_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(own_mnist.parent))
    assert len(load("~/mnist").train) == 2
    assert resolve("~/mnist") == str(own_mnist.resolve())


def test_what_a_name_shadows(own_mnist: Path) -> None:
    assert shadowed("mnist") == own_mnist
    for given in ("kmnist", "./mnist", "mnist/", Path("mnist"), str(own_mnist)):
        assert shadowed(given) is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("minst", "did you mean mnist"),
        ("fashion_mnist", "did you mean fashion-mnist"),
        ("/no/where", "an existing folder"),
        ("no.csv", "or file"),
    ],
)
def test_unknown_names_get_the_list_and_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError, match=hint) as caught:
        load(name)
    assert all(known in str(caught.value) for known in CATALOG)


@pytest.mark.parametrize(
    "url", ["https://example.org/data/mnist.npz?a=1&b=2", "http://x.org/", "s3://bucket/digits.csv", "HTTPS://X/y"]
)
def test_a_url_is_shown_whole_and_refused(url: str) -> None:
    with pytest.raises(UserError, match="download it first") as caught:
        load(url)
    assert str(caught.value).startswith(f"{url}: ")


def test_a_folder_without_a_data_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no data set found"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["file", "digits.zip", "x.npy", "digits.csv.xz", "train-images-idx3-ubyte.gz"])
def test_other_files_are_told_what_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(UserError, match=r"or a file whose name ends in \.npz, \.csv, \.csv\.gz or \.parquet"):
        load(str(tmp_path / name))


def test_a_name_that_no_disk_takes() -> None:
    with pytest.raises(UserError, match=r"x{200}: cannot be read \(File name too long\); give another path"):
        load("x" * 5000)
