import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import Dataset, idx, load, registry
from handgrad.datasets.catalog import CATALOG, Entry
from handgrad.datasets.download import Remote
from handgrad.errors import UserError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANDGRAD_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load("mnist")


def test_mnist_is_there(mnist: Dataset) -> None:
    assert mnist.train.pixels.shape == (60_000, 28, 28)
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.train.classes == tuple("0123456789")
    assert [len(part) for part in mnist.split()] == [50_000, 10_000]


def test_mnist_test_images(mnist: Dataset) -> None:
    assert mnist.test is not None
    assert np.bincount(mnist.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def link_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, but: str = "nothing") -> Path:
    """The package's files of MNIST in another folder, without those whose name starts with `but`."""
    path = tmp_path / "mnist"
    path.mkdir()
    for file in registry.where("mnist").iterdir():
        if not file.name.startswith(but):
            (path / file.name).symlink_to(file)
    monkeypatch.setattr(registry, "PACKAGE_FOLDER", tmp_path)
    return path


def test_training_never_reads_the_test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link_mnist(tmp_path, monkeypatch, but="t10k")
    dataset = load("mnist")
    dataset.split()
    with pytest.raises(UserError, match=r"t10k-images-idx3-ubyte\.gz: no such file"):
        _ = dataset.test


def test_a_changed_byte_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = link_mnist(tmp_path, monkeypatch) / "train-labels-idx1-ubyte.gz"
    labels = idx.read(path).copy()
    labels[123] = (labels[123] + 1) % 10
    path.unlink()
    idx.write(path, labels)
    for check in (load, registry.verify):
        with pytest.raises(UserError, match=r"train-labels.*got the SHA-256 [0-9a-f]{64}, expected 65a50cbb"):
            check("mnist")


def test_verify_mnist() -> None:
    assert len(registry.verify("mnist")) == 4


@pytest.mark.parametrize("call", [registry.fetch, registry.verify, registry.where])
def test_unknown_names_elsewhere(call: Callable[[str], object]) -> None:
    with pytest.raises(UserError, match="did you mean kmnist"):
        call("kmnits")


@pytest.mark.parametrize("name", [name for name in CATALOG if name != "mnist"])
def test_what_is_not_fetched_says_how(name: str, cache: Path) -> None:
    with pytest.raises(UserError, match=f"{name}: not on this machine .*run: handgrad data fetch {name}"):
        load(name)
    with pytest.raises(UserError, match=f"handgrad data fetch {name}"):
        registry.verify(name)


def test_mnist_cannot_be_fetched() -> None:
    with pytest.raises(UserError, match="part of the package"):
        registry.fetch("mnist")


def put_fashion(path: Path) -> None:
    """Four small files, uncompressed, as a user might put them there by hand."""
    path.mkdir(parents=True)
    for part, count in (("train", 6), ("t10k", 2)):
        idx.write(path / f"{part}-images-idx3-ubyte", np.zeros((count, 28, 28), np.uint8))
        idx.write(path / f"{part}-labels-idx1-ubyte", np.full(count, 9, np.uint8))


def test_files_put_there_by_hand_are_found(cache: Path) -> None:
    put_fashion(cache / "fashion-mnist")
    dataset = load("fashion-mnist")
    assert dataset.name == "fashion-mnist"
    assert dataset.train.classes[dataset.train.labels[0]] == "Ankle boot"
    assert dataset.test is not None
    assert len(dataset.test) == 2


def test_qmnist_has_its_labels_in_a_table(cache: Path) -> None:
    path = cache / "qmnist"
    path.mkdir(parents=True)
    for part in ("train", "test"):
        idx.write(path / f"qmnist-{part}-images-idx3-ubyte.gz", np.zeros((2, 28, 28), np.uint8))
        header = bytes.fromhex("00000c02 00000002 00000008")
        table = np.array([[7] + [300] * 7, [2] + [-1] * 7], ">i4")
        (path / f"qmnist-{part}-labels-idx2-int.gz").write_bytes(gzip.compress(header + table.tobytes()))
    assert load("qmnist").train.labels.tolist() == [7, 2]


def test_verify_tells_a_file_that_differs(cache: Path) -> None:
    put_fashion(cache / "fashion-mnist")
    with pytest.raises(UserError, match=r"got no .*train-images-idx3-ubyte\.gz from `fetch`"):
        registry.verify("fashion-mnist")
    for remote in CATALOG["fashion-mnist"].remotes:
        (cache / "fashion-mnist" / remote.name).write_bytes(b"other")
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte\.gz: got the SHA-256 .* expected 3aede38d"):
        registry.verify("fashion-mnist")


def test_status(cache: Path) -> None:
    put_fashion(cache / "fashion-mnist")
    (cache / "kmnist").mkdir()
    lines = {line.name: line for line in registry.status()}
    assert [*lines] == [*CATALOG]
    expected = dict.fromkeys(CATALOG, "not fetched") | {"mnist": "built in", "fashion-mnist": "fetched"}
    assert {name: line.state for name, line in lines.items()} == expected
    line = lines["emnist-digits"]
    assert (line.train, line.test, line.where) == (240_000, 40_000, cache / "emnist-digits")


def test_a_new_data_set_is_one_entry(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remotes, mirrors = (Remote("a", 1, "0" * 64),), ("http://mirror/",)
    entry = Entry("tiny", "us", 2026, "http://page/", "", ("x", "y"), 5, 1, remotes, mirrors, transposed=True)
    monkeypatch.setitem(CATALOG, "tiny-one", entry)
    assert registry.status()[-1].state == "not fetched"
    path = cache / "tiny-one"
    path.mkdir(parents=True)
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 3, 2)
    for part in ("train", "test"):
        idx.write(path / f"{part}-images-idx3-ubyte", pixels)
        idx.write(path / f"{part}-labels-idx1-ubyte", np.array([1, 0], np.uint8))
    assert registry.status()[-1].state == "fetched"
    dataset = load("tiny-one")
    assert (dataset.name, dataset.train.classes) == ("tiny-one", ("x", "y"))
    assert dataset.test is not None
    for images in (dataset.train, dataset.test):
        np.testing.assert_array_equal(images.pixels, pixels.transpose(0, 2, 1))


def test_the_entry_tells_what_is_transposed_not_the_name_of_a_file(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CATALOG, "emnist-digits", replace(CATALOG["emnist-digits"], transposed=False))
    path = cache / "emnist-digits"
    path.mkdir(parents=True)
    for member in CATALOG["emnist-digits"].members:
        idx.write(path / member, np.zeros((2, 3, 4) if "images" in member else 2, np.uint8))
    assert load("emnist-digits").train.shape == (3, 4, 1)


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert registry.where("kmnist") == tmp_path / "cache" / "kmnist"
    monkeypatch.delenv("HANDGRAD_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert registry.where("kmnist") == tmp_path / "handgrad" / "kmnist"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert registry.where("kmnist") == tmp_path / ".cache" / "handgrad" / "kmnist"


def test_the_catalogue_is_well_formed() -> None:
    for name, entry in CATALOG.items():
        assert 2 <= len(entry.classes) == len(set(entry.classes)) <= 256
        assert bool(entry.remotes) == bool(entry.mirrors) != entry.built_in
        assert not entry.built_in or registry.where(name).is_dir()
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in entry.mirrors)
        assert all(len(bytes.fromhex(remote.sha256)) == 32 for remote in entry.remotes)
        assert len(entry.files) == (4 if entry.remotes else 0)
