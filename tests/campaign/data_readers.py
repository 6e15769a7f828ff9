"""Data sets and picture files in front of their readers, see `readers.py`."""

from __future__ import annotations

import gzip
import io
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from campaign import mutate
from campaign.mutate import Mutator
from campaign.reader import Reader, behind_bar
from command import write_small_data
from handgrad import datasets
from handgrad.datasets.tables import load_pixels
from handgrad.errors import UserError
from handgrad.reading.reader import read_digit

Files = dict[str, bytes]


def _in_folder(folder: Path, files: Files, change: Mutator) -> Reader:
    """A data set in a folder: one of its files is changed."""
    place, names = folder / "set", [*files]

    def read(content: bytes) -> None:
        shutil.rmtree(place, ignore_errors=True)
        at, _, changed = content.partition(b"|")
        for i, (name, was) in enumerate(files.items()):
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(changed if i == int(at) else was)
        _use(datasets.load(place))

    return Reader([str(i).encode() + b"|" + files[name] for i, name in enumerate(names)], behind_bar(change), read)


def _use(found: datasets.Dataset) -> None:
    """What training and evaluation look at first."""
    assert found.train.pixels.size and len(found.checksum)
    found.split()
    assert found.test is None or len(found.test)


def idx(folder: Path) -> Reader:
    """IDX files, plain and gzipped."""
    made = write_small_data(folder / "data", 12, 5)
    plain = {path.name: path.read_bytes() for path in sorted(made.iterdir())}
    packed = {f"{name}.gz": gzip.compress(content) for name, content in plain.items() if name.startswith("t10k")}
    train = {name: content for name, content in plain.items() if name.startswith("train")}
    return _in_folder(folder, train | packed, mutate.flipped)


def cifar(folder: Path) -> Reader:
    """CIFAR-10's binary files."""
    draw = np.random.default_rng(0)
    records = bytes(5) + draw.bytes(3072 - 4), bytes([9]) + draw.bytes(3072)
    files = {f"data_batch_{i}.bin": b"".join(records) for i in range(1, 6)}
    names = b"\n".join(b"abcdefghij"[i : i + 1] for i in range(10))
    return _in_folder(folder, {**files, "test_batch.bin": records[1], "batches.meta.txt": names}, mutate.flipped)


def pictures(folder: Path) -> Reader:
    """A folder of pictures for each class."""
    digits = datasets.load("mnist").train.pixels
    files = {
        f"{label}/{i}.{kind.lower()}": picture_bytes(digits[5 * i + label], kind)
        for label in range(2) for i, kind in enumerate(("PNG", "BMP", "GIF"))
    }  # fmt: skip
    return _in_folder(folder, files, mutate.flipped)


def _file(folder: Path, name: str, examples: list[bytes], change: Mutator, read: Callable[[Path], object]) -> Reader:
    def written(content: bytes) -> None:
        path = folder / name
        path.write_bytes(content)
        read(path)

    return Reader(examples, change, written)


def npz(folder: Path) -> Reader:
    """NPZ archives."""
    train = datasets.load("mnist").train
    arrays = {"x_train": train.pixels[:9], "y_train": train.labels[:9], "x_test": train.pixels[9:12],
              "y_test": train.labels[9:12], "x_outliers": train.pixels[:3]}  # fmt: skip
    examples = []
    for chosen, save in (([*arrays], np.savez), (["x_train", "y_train"], np.savez_compressed)):
        out = io.BytesIO()
        save(out, **{name: arrays[name] for name in chosen})
        examples.append(out.getvalue())
    return _file(folder, "a.npz", examples, mutate.npz, lambda path: _use(datasets.load(path)))


def csv(folder: Path) -> Reader:
    """CSV tables, with labels and without."""
    draw = np.random.default_rng(1)
    rows = "\n".join(",".join(map(str, [i % 3, *draw.integers(0, 256, 16)])) for i in range(6))
    header = "label," + ",".join(f"p{i}" for i in range(16)) + "\n"

    def read(path: Path) -> None:
        for load in (lambda: _use(datasets.load(path)), lambda: load_pixels(path)):
            with suppress(UserError):
                load()

    return _file(folder, "a.csv", [rows.encode(), (header + rows).encode()], mutate.table, read)


def parquet(folder: Path) -> Reader:
    """Parquet tables of pictures, and of pixels; columns of other types are made here, as bytes cannot say them."""
    import pyarrow as pa
    from pyarrow import parquet as written

    digits = datasets.load("mnist").train
    shown = [{"bytes": picture_bytes(each, "PNG"), "path": None} for each in digits.pixels[:4]]
    labels = digits.labels[:4].tolist()
    odd: list[dict[str, Any]] = [
        {"image": shown, "label": labels}, {"image": shown, "label": [None, 1, 2, 3]},
        {"image": [b"", None, b"x", b"y"], "label": labels}, {"label": [["a"]] * 4, "p": [1] * 4},
        {"label": labels, "p": [0, 1, None, 3]},
        {"label": [1.5, float("nan"), 1e300, -1.0], "p": [1] * 4}, {"class": [10**18] * 4, "p": [1] * 4},
        {"label": [True] * 4, "p": [0.5] * 4}, {"label": ["1"] * 4, "p": [0] * 4}, {"label": labels, "p": [b"1"] * 4},
        {"label": labels, "image": ["a"] * 4}, {"label": [], "p": []}, {"Label": labels, "LABEL": labels, "p": labels},
    ]  # fmt: skip
    tables = [pa.table(each) for each in odd]
    tables.append(pa.table([pa.array(labels)] * 3, names=["label", "p", "p"]))
    tables.append(
        pa.table({"label": pa.array(labels).dictionary_encode(), "p": pa.array([1, 2, 3, 4], pa.decimal128(5))})
    )
    examples = []
    for each in tables:
        out = io.BytesIO()
        written.write_table(each, out)
        examples.append(out.getvalue())

    return _file(folder, "a.parquet", examples, mutate.flipped, lambda path: _use(datasets.load(path)))


def picture_bytes(pixels: Any, kind: str, **options: Any) -> bytes:
    """The file of a picture."""
    out = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(out, kind, **options)
    return out.getvalue()


def pictures_of(kind: str, modes: str, change: Mutator = mutate.flipped, **options: Any) -> Callable[[Path], Reader]:
    def made(folder: Path) -> Reader:
        grey = Image.fromarray(255 - np.pad(datasets.load("mnist").train.pixels[0], 6))
        examples = [
            picture_bytes(grey.convert(mode), kind, **extra) for mode in modes.split() for extra in (options, {})
        ]
        return Reader(examples, change, lambda content: read_digit(content, "tiny"))

    return made
