"""What a worker makes of a file, sound or not."""

import csv
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad import pretrained
from handgrad.bulk import worker
from handgrad.bulk.task import Task
from handgrad.bulk.worker import Item, load, read_chunk
from handgrad.datasets import load as load_data
from handgrad.model.model import Model

DIGIT = Image.fromarray(255 - load_data("mnist").test.pixels[0].reshape(28, 28))
BLANK = Image.fromarray(np.full((30, 30), 255, np.uint8))

TO_CSV = Task(".csv")


@pytest.fixture(scope="module")
def model() -> Model:
    return pretrained("tiny")


def rows(item: Item, model: Model, failed: bool = False, lost: bool = False, task: Task = TO_CSV) -> list[list[str]]:
    (read,) = read_chunk([item], model, task)
    assert (read.failed, read.lost) == (failed, lost)
    return [row[1:] for row in csv.reader(StringIO(read.data.decode()))]


def tiff(*pages: Image.Image) -> bytes:
    buffer = BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    return buffer.getvalue()


def test_every_page_has_its_rows(model: Model, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(DIGIT, BLANK))
    found = rows(Item(str(tmp_path / "a.tif")), model)
    assert [row[:3] for row in found] == [["1", "1", "7"], ["2", "", ""]]
    assert found[1][4] == "no digits" and 0.9 < float(found[0][3]) <= 1
    assert rows(Item("a.tif", tiff(DIGIT, BLANK)), model) == found, "its bytes are enough"


def test_a_region_and_a_grid_are_read(model: Model) -> None:
    two = Image.fromarray(255 - np.concatenate(load_data("mnist").test.pixels[:2].reshape(-1, 28, 28), axis=1))
    found = [
        rows(Item("a.tif", tiff(two)), model, task=task)[0][2]
        for task in (Task(".csv", grid=(2, 1)), Task(".csv", region=(0, 0, 28, 28)))
    ]
    assert found == ["72", "7"]
    ((*_, reason),) = rows(Item("a.tif", tiff(two)), model, failed=True, task=Task(".csv", region=(90, 0, 9, 9)))
    assert reason.startswith("region 90,0,9,9 of 56x28 pixels")


def test_pages_before_a_damaged_one_are_kept(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Image.fromarray(np.zeros((2, 2), np.uint8))
    found = rows(Item("a.tif", tiff(DIGIT, narrow, DIGIT)), model, failed=True)
    assert found[0][2] == "7"
    assert found[1] == ["2", "", "", "", "2x2 pixels, expected 4 or more a side; give a larger picture"]


def test_files_that_cannot_be_loaded_are_lost(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, message in ((tmp_path / "nowhere.png", "No such file"), (tmp_path, "not a file")):
        ((*_, reason),) = rows(Item(str(path)), model, failed=True, lost=True)
        assert message in reason and str(tmp_path) not in reason
    (tmp_path / "large.png").write_bytes(bytes(100))
    monkeypatch.setattr(worker, "MAX_BYTES", 99)
    assert load(str(tmp_path / "large.png")).fault == "100 bytes, expected at most 99; shrink it"
    monkeypatch.setattr(Path, "read_bytes", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    monkeypatch.setattr(worker, "MAX_BYTES", 1000)
    assert load(str(tmp_path / "large.png")).fault.startswith("cannot be read (Permission denied)")


@pytest.mark.parametrize(
    ("error", "reason"),
    [(MemoryError(), "not enough memory; shrink it"), (ValueError("odd"), "handgrad failed at it (ValueError: odd); ")],
)
def test_whatever_happens_is_a_row(
    model: Model, error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    for place in ("source.open_pages", "reader.read_ink"):
        with monkeypatch.context() as patched:
            patched.setattr(f"handgrad.reading.{place}", fail)
            ((*_, found),) = rows(Item("a.tif", tiff(DIGIT)), model, failed=True)
            assert found.startswith(reason)


@pytest.mark.parametrize("kernels", ["naive", "compiled"])
def test_pictures_side_by_side_have_the_rows_that_each_has_alone(kernels: str, model: Model) -> None:
    digits = [Image.fromarray(each) for each in load_data("mnist").test.pixels[:7].reshape(-1, 28, 28)]
    narrow = Image.fromarray(np.zeros((2, 2), np.uint8))
    files = [*map(tiff, digits), tiff(DIGIT, narrow, DIGIT), b"no picture", tiff(BLANK, DIGIT)]
    items = [Item(f"{i}.tif", file) for i, file in enumerate(files)]
    model.kernels = kernels
    together = read_chunk(items, model, TO_CSV)
    assert together == tuple(read_chunk([item], model, TO_CSV)[0] for item in items)
    assert [read.failed for read in together] == [False] * 7 + [True, True, False]


@pytest.mark.parametrize("kernels", ["naive", "compiled"])
def test_rows_do_not_depend_on_what_was_read_before(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = pretrained("tiny")
    model.kernels = kernels
    used = []
    real = model.network.workspace
    monkeypatch.setattr(model.network, "workspace", lambda n, **kind: used.append(kind) or real(n, **kind))
    for _ in range(2):
        read_chunk([Item("a.tif", tiff(DIGIT))], model, TO_CSV)
    assert used and all(kind["kernels"] == kernels for kind in used)
