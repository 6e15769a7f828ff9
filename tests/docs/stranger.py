"""The folder in which a stranger tries the commands of the docs: pictures, tables and arrays, all of them small.

Digits are MNIST's. `mnist` itself is its first images, so that a training takes a second.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from handgrad.datasets import Dataset, Images, load

TRAIN, TEST = 480, 120  # images of the small MNIST
SEVEN = 21  # among MNIST's validation images
CLASSES = 12


def small_mnist() -> Dataset:
    """The first images of MNIST."""
    whole = load("mnist")
    assert whole.test is not None
    test = whole.test[:TEST]
    return Dataset("mnist", whole.train[:TRAIN], lambda: test)


def furnish(folder: Path) -> None:
    """Write all that the docs name as the reader's own."""
    valid = load("mnist").split()[1]
    digit(valid, SEVEN).save(folder / "seven.png")
    digit(valid, SEVEN).save(folder / "scan.jpg", quality=95)
    page = sheet(valid)
    for name in ("page.jpg", "photo.jpg", "form.png"):
        page.save(folder / name, quality=95)
    (folder / "scans").mkdir()
    for i in range(3):
        digit(valid, i).save(folder / "scans" / f"{i}.png")
    (folder / "photos").mkdir()
    shapes(folder / "photos")
    by_class(folder / "my-digits", valid, np.arange(40))
    by_class(folder / "rare", valid, few_of_one(valid))
    arrays(folder, valid)


def digit(images: Images, i: int) -> Image.Image:
    """Dark ink on light paper, four times as large."""
    return Image.fromarray(255 - images.pixels[i]).resize((112, 112), Image.Resampling.BICUBIC)


def sheet(images: Images) -> Image.Image:
    """A page of three lines of five digits."""
    page = Image.new("L", (900, 700), 255)
    for i in range(15):
        page.paste(digit(images, i), (60 + 150 * (i % 5), 60 + 200 * (i // 5)))
    return page


def shapes(folder: Path) -> None:
    """Photos of twelve classes, of mixed sizes: polygons on coloured ground."""
    random = np.random.default_rng(0)
    for k in range(CLASSES):
        (folder / f"class-{k:02}").mkdir()
        for i in range(8):
            width, height = random.integers(40, 90, 2)
            photo = Image.new("RGB", (int(width), int(height)), (40 + 15 * k, 200 - 12 * k, 30 * (k % 4)))
            ImageDraw.Draw(photo).regular_polygon((width / 2, height / 2, min(width, height) / 3), 3 + k % 6)
            photo.save(folder / f"class-{k:02}" / f"{i}.jpg")


def by_class(folder: Path, images: Images, rows: Any) -> None:
    """A sub-folder of pictures a class."""
    for i in rows:
        (folder / str(images.labels[i])).mkdir(parents=True, exist_ok=True)
        digit(images, int(i)).save(folder / str(images.labels[i]) / f"{i}.png")


def few_of_one(images: Images) -> Any:
    """Rows with fifty 1s for one 7."""
    return np.concatenate([np.flatnonzero(images.labels == k)[:n] for k, n in ((1, 100), (7, 2))])


def arrays(folder: Path, images: Images) -> None:
    """Kaggle's tables, and Keras' archive."""
    flat = images.pixels[:200].reshape(200, -1)
    names = [f"pixel{i}" for i in range(784)]
    for file, header, rows in (
        ("train.csv", ["label", *names], np.column_stack([images.labels[:200], flat])),
        ("test.csv", names, flat[:20]),
    ):
        with (folder / file).open("w", newline="") as out:
            csv.writer(out).writerows([header, *rows.tolist()])
    np.savez(
        folder / "mnist.npz", x_train=images.pixels[:200], y_train=images.labels[:200], x_test=images.pixels[200:240],
        y_test=images.labels[200:240],
    )  # fmt: skip
