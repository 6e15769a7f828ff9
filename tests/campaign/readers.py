"""What handgrad reads from files and requests: for each a few sound examples, how to change them, and the reader."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from campaign import mutate
from campaign.mutate import Mutator
from command import write_small_data
from handgrad import datasets
from handgrad.bulk import part
from handgrad.bulk.work import Work
from handgrad.datasets.tables import load_pixels
from handgrad.errors import UserError
from handgrad.evaluation.choice import choose
from handgrad.files import replace_file
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.nn.network import Network
from handgrad.reading.reader import read_digit
from handgrad.sweeps import Sweep
from handgrad.training import checkpoint
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.data import Source
from handgrad.training.evaluate import source_of_run, unseen_images
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import fits, recipe
from handgrad.training.run import Run
from handgrad.training.trainer import Trainer

Read = Callable[[bytes], object]
Files = dict[str, bytes]
SIDE = 28


@dataclass(frozen=True)
class Reader:
    """A reader, its examples, and how they are changed.

    `read` returns for what it accepts, and raises a UserError for what it refuses. `memory` is what a file may take
    beside its own size, in MB.
    """

    examples: list[bytes]
    change: Mutator
    read: Read
    memory: int = 250


def _network_model(made: Recipe, classes: int = 10) -> Model:
    ones = np.ones((SIDE, SIDE, 1), np.float32)
    names = [str(i) for i in range(classes)]
    network = Network(made.layers(classes), (SIDE, SIDE, 1), 1)
    return Model(network, Preprocess(0 * ones, ones / 255), names, {"recipe": made.to_json(), "seed": 1, "data": "0"})


RECIPES = (
    Recipe("small", hidden=(4,), batch=16, epochs=1),
    Recipe("conv", features=("3x3-2", "pool", "residual", "average"), hidden=(), batch_norm=True, batch=16, epochs=2),
    Recipe("pair", hidden=(3,), members=2, batch_norm=True, dropout=0.5, ema=0.9, batch=32, epochs=1, rotation=5),
)


def model(folder: Path) -> Reader:
    """Model files, and the answers of those that load."""
    data = datasets.load(write_small_data(folder / "data", 60, 20))

    def read(content: bytes) -> None:
        path = folder / "m.safetensors"
        path.write_bytes(content)
        made = Model.load(path)
        made.kernels = "naive"
        scores = made.scores(np.full((2, *made.network.in_shape), 200, np.uint8))
        assert np.isfinite(scores).all()
        assert repr(made)
        made.answered(scores)
        unseen_images(data, made)

    made = [_network_model(each).to_bytes(half) for each in RECIPES for half in (False, True)]
    return Reader(made, mutate.tensors, read, 64)


def checkpoints(folder: Path) -> Reader:
    """Checkpoints, a few steps of those that load, and what is told of them."""
    data = datasets.load(write_small_data(folder / "data", 60, 20))
    parts, source = data.split(), Source(str(folder / "data"))
    path, made = folder / "checkpoint.safetensors", []
    for each, steps in ((RECIPES[0], 5), (RECIPES[1], 4), (RECIPES[2], 1)):
        trainer = Trainer(each, *parts, 0)
        for _ in islice(trainer.run(), steps):
            pass
        checkpoint.save(trainer, path, source, data.checksum)
        made.append(path.read_bytes())

    def read(content: bytes) -> None:
        path.write_bytes(content)
        left = Checkpoint.read(path)
        assert left.checksum is not None
        trainer = left.trainer(*parts)
        for _ in islice(trainer.run(), 3):
            pass
        run = Run(folder, trainer, left.source, left.checksum)
        if trainer.progress.history:
            assert json.dumps([run._facts(), run._note(), run.epochs])

    return Reader(made, mutate.tensors, read, 64)


def sweep(folder: Path) -> Reader:
    """Manifest, records and choice of a sweep."""
    data, out = write_small_data(folder / "data", 60, 20), folder / "out"
    asked = (out, RECIPES[0], {"dropout": [0.0, 0.5]}, 2, data)
    begun = Sweep.open(*asked)
    for _ in begun.run():
        pass
    begun.choose()
    names = [path.relative_to(out) for path in sorted(out.rglob("*.json"))]
    sound = {name: (out / name).read_bytes() for name in names}

    def read(content: bytes) -> None:
        name, _, text = content.partition(b"|")
        for each, was in sound.items():
            (out / each).write_bytes(was)
        (out / names[int(name)]).write_bytes(text)
        made = Sweep.open(*asked)
        made.compile_kernels()
        for _ in made.run():
            return
        made.rows()
        json.dumps(choose(made.tried()).to_json())
        made._facts()
        made.folder.by_level("history")
        for trial in made.failures:
            made.plan.describe(trial)

    examples = [str(i).encode() + b"|" + sound[name] for i, name in enumerate(names)]
    return Reader(examples, _behind_bar(mutate.json_text), read)


def _behind_bar(change: Mutator) -> Mutator:
    """What stands before the first bar names a file, and stays."""
    def changed(draw: Any, content: bytes) -> bytes:
        name, _, text = content.partition(b"|")
        return name + b"|" + change(draw, text)

    return changed


def recipes(folder: Path) -> Reader:
    """Recipes in TOML."""

    def read(content: bytes) -> None:
        path = folder / "r.toml"
        path.write_bytes(content)
        found = recipe(path)
        fits(found, 10, (SIDE, SIDE, 1))
        path.write_text(found.to_toml(), encoding="utf-8")
        assert recipe(path) == found

    texts = [each.to_toml().encode() for each in (*RECIPES, recipe("robust"))]
    return Reader([*texts, b'name = "cnn"\nepochs = 3\n'], mutate.toml_text, read)


def source(folder: Path) -> Reader:
    """What a run folder says of its data."""
    data = write_small_data(folder / "data", 20, 10)

    def read(content: bytes) -> None:
        (folder / "source.json").write_bytes(content)
        found = source_of_run(folder / "model.safetensors")
        assert found is not None
        found.load()

    examples = [json.dumps(Source(name).to_json()).encode() for name in (str(data), "mnist", "fashion")]
    return Reader(examples, mutate.json_text, read)


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

    return Reader([str(i).encode() + b"|" + files[name] for i, name in enumerate(names)], _behind_bar(change), read)


def _use(found: datasets.Dataset) -> None:
    """What training and evaluation look at first."""
    assert found.train.pixels.size and len(found.checksum)
    found.split()
    assert found.test is None or len(found.test)


def idx(folder: Path) -> Reader:
    """IDX files, plain and gzipped."""
    made = write_small_data(folder / "data", 12, 5)
    plain = {path.name: path.read_bytes() for path in sorted(made.iterdir())}
    import gzip

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
        f"{part}{label}/{i}.{kind.lower()}": picture_bytes(digits[5 * i + label], kind)
        for part in ("train/", "test/") for label in range(2) for i, kind in enumerate(("PNG", "BMP", "GIF"))
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
            try:
                load()
            except UserError:
                pass

    return _file(folder, "a.csv", [rows.encode(), (header + rows).encode()], mutate.table, read)


def parquet(folder: Path) -> Reader:
    """Parquet tables of pictures, and of pixels; columns of other types are made here, as bytes cannot say them."""
    import pyarrow as pa
    from pyarrow import parquet as written

    digits = datasets.load("mnist").train
    shown = [{"bytes": picture_bytes(each, "PNG"), "path": None} for each in digits.pixels[:4]]
    labels = digits.labels[:4].tolist()
    odd: list[dict[str, Any]] = [
        {"image": shown, "label": labels}, {"image": shown, "label": [None, 1, 2, 3]}, {"image": [b"", None, b"x", b"y"],
        "label": labels}, {"label": [["a"]] * 4, "p": [1] * 4}, {"label": labels, "p": [0, 1, None, 3]},
        {"label": [1.5, float("nan"), 1e300, -1.0], "p": [1] * 4}, {"class": [10**18] * 4, "p": [1] * 4},
        {"label": [True] * 4, "p": [0.5] * 4}, {"label": ["1"] * 4, "p": [0] * 4}, {"label": labels, "p": [b"1"] * 4},
        {"label": labels, "image": ["a"] * 4}, {"label": [], "p": []}, {"Label": labels, "LABEL": labels, "p": labels},
    ]  # fmt: skip
    tables = [pa.table(each) for each in odd]
    tables.append(pa.table([pa.array(labels)] * 3, names=["label", "p", "p"]))
    tables.append(pa.table({"label": pa.array(labels).dictionary_encode(), "p": pa.array([1, 2, 3, 4], pa.decimal128(5))}))
    examples = []
    for each in tables:
        out = io.BytesIO()
        written.write_table(each, out)
        examples.append(out.getvalue())

    return _file(folder, "a.parquet", examples, mutate.flipped, lambda path: _use(datasets.load(path)))


def journal(folder: Path) -> Reader:
    """The journal of a table under way."""
    work, settings = Work(("a.png", "b.png", "c.png"), ("a",), 1), {"pictures": ["a"], "text": False}
    out = folder / "a.csv"
    rows = b"path,page\n" + b"a.png,1\n" * 2
    begun = part.first_line(settings, work) + b'{"pictures": 0, "size": 10, "failed": 0}\n{"pictures": 2, "size": 26, "failed": 1}\n'

    def read(content: bytes) -> None:
        part.part_of(out).write_bytes(rows)
        part.journal_of(out).write_bytes(content)
        with part.opened(out, settings, lambda: work) as found:
            total = len(found.work.paths)
            assert 0 <= found.mark.pictures <= total and isinstance(found.work.passed_over, int)
            assert all(isinstance(path, str) for path in (*found.work.paths, *found.work.folders))

    return Reader([begun, begun[: begun.index(b"\n") + 1]], mutate.json_lines, read)


def picture_bytes(pixels: Any, kind: str, **options: Any) -> bytes:
    """The file of a picture."""
    out = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(out, kind, **options)
    return out.getvalue()


def _pictures_of(kind: str, modes: str, change: Mutator = mutate.flipped, **options: Any) -> Callable[[Path], Reader]:
    def made(folder: Path) -> Reader:
        grey = Image.fromarray(255 - np.pad(datasets.load("mnist").train.pixels[0], 6))
        examples = [picture_bytes(grey.convert(mode), kind, **extra) for mode in modes.split() for extra in (options, {})]
        return Reader(examples, change, lambda content: read_digit(content, "tiny"))

    return made


def server(folder: Path) -> Reader:
    """Bodies of JSON as the server takes them."""
    from starlette.testclient import TestClient

    from handgrad.web.app import build
    from handgrad.web.settings import Settings

    client = TestClient(build(Settings(("tiny",))), base_url="http://localhost")
    client.__enter__()
    tensor = {"name": "pixels", "datatype": "UINT8", "shape": [1, 784], "data": [0] * 784, "parameters": {"a": 1}}
    inference = {"inputs": [tensor], "outputs": [{"name": "digit"}], "parameters": {"b": True}, "id": "1"}
    paths = ("/api/predict", "/api/explain", "/v2/models/tiny/infer")
    bodies = ({"pixels": [0] * 784}, {"pixels": [[0.5] * 28] * 28, "class": "3"}, inference)

    def read(content: bytes) -> None:
        at, _, body = content.partition(b"|")
        said = client.post(paths[int(at)], content=body, headers={"content-type": "application/json"})
        if said.status_code >= 400:
            assert said.status_code < 500, said.text
            raise UserError(said.json()["detail"])
        said.json()

    return Reader([f"{i}|{json.dumps(body)}".encode() for i, body in enumerate(bodies)], _behind_bar(mutate.json_text), read)


READERS: dict[str, Callable[[Path], Reader]] = {
    "model": model, "checkpoint": checkpoints, "sweep": sweep, "recipe": recipes, "source": source, "idx": idx, "npz": npz,
    "csv": csv, "parquet": parquet, "cifar": cifar, "pictures": pictures, "journal": journal, "server": server,
    "png": _pictures_of("PNG", "L RGBA P 1 I;16", mutate.png), "jpeg": _pictures_of("JPEG", "L RGB CMYK", progressive=True),
    "gif": _pictures_of("GIF", "L P"), "bmp": _pictures_of("BMP", "L RGB P 1"), "webp": _pictures_of("WEBP", "RGB RGBA", lossless=True),
    "tiff": _pictures_of("TIFF", "L RGB 1 I;16", compression="tiff_lzw"), "pdf": _pictures_of("PDF", "L RGB"),
}  # fmt: skip
