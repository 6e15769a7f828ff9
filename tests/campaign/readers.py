"""What handgrad reads from files and requests: for each a few sound examples, how to change them, and the reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from campaign import mutate
from campaign.data_readers import cifar, csv, idx, npz, parquet, pictures, pictures_of
from campaign.reader import Reader, behind_bar
from command import wait_for, write_small_data
from handgrad import datasets
from handgrad.bulk import part
from handgrad.bulk.work import Work
from handgrad.errors import UserError
from handgrad.evaluation.choice import choose
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.nn.network import Network
from handgrad.sweeps import Sweep
from handgrad.training import checkpoint
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.compare import differing, pairs, read_run, to_json
from handgrad.training.data import Source
from handgrad.training.evaluate import evaluate_file, source_of_run, unseen_images
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import fits, recipe
from handgrad.training.run import Run
from handgrad.training.trainer import Trainer

SIDE = 28


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
    return Reader(examples, behind_bar(mutate.json_text), read)


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

    examples = [json.dumps(Source(name).to_json()).encode() for name in (str(data), "fashion")]
    return Reader(examples, mutate.json_text, read)


def compared(folder: Path) -> Reader:
    """History and evaluation in a run folder."""
    run = Run.begin(
        folder / "run", RECIPES[1].change(features=(), hidden=(4,)), write_small_data(folder / "data", 60, 20)
    )
    for _ in run.events():
        pass
    evaluate_file(run.finish(), run.source)
    names = ("history.jsonl", "evaluation.json")
    sound = {name: (run.folder / name).read_bytes() for name in names}
    other = read_run(run.folder)

    def read(content: bytes) -> None:
        name, _, text = content.partition(b"|")
        for each, was in sound.items():
            (run.folder / each).write_bytes(was)
        (run.folder / names[int(name)]).write_bytes(text)
        found = read_run(run.folder)
        json.dumps([to_json(found), differing([found, other])])
        assert all(pair.reason or 0 <= pair.p <= 1 for pair in pairs([found, other]))

    examples = [str(i).encode() + b"|" + sound[name] for i, name in enumerate(names)]
    return Reader(examples, behind_bar(mutate.json_lines), read)


def journal(folder: Path) -> Reader:
    """The journal of a table under way."""
    work, settings = Work(("a.png", "b.png", "c.png"), ("a",), 1), {"pictures": ["a"], "text": False}
    out = folder / "a.csv"
    rows = b"path,page\n" + b"a.png,1\n" * 2
    begun = (
        part.first_line(settings, work)
        + b'{"pictures": 0, "size": 10, "failed": 0}\n{"pictures": 2, "size": 26, "failed": 1}\n'
    )

    def read(content: bytes) -> None:
        part.part_of(out).write_bytes(rows)
        part.journal_of(out).write_bytes(content)
        with part.opened(out, settings, lambda: work) as found:
            total = len(found.work.paths)
            assert 0 <= found.mark.pictures <= total and isinstance(found.work.passed_over, int)
            assert all(isinstance(path, str) for path in (*found.work.paths, *found.work.folders))

    return Reader([begun, begun[: begun.index(b"\n") + 1]], mutate.json_lines, read)


def server(folder: Path) -> Reader:
    """Bodies of JSON as the server takes them."""
    from starlette.testclient import TestClient

    from handgrad.web.app import build
    from handgrad.web.settings import Settings

    client = TestClient(build(Settings(("tiny",))), base_url="http://localhost")
    client.__enter__()
    wait_for(lambda: client.get("/health/ready").status_code == 200)
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

    return Reader(
        [f"{i}|{json.dumps(body)}".encode() for i, body in enumerate(bodies)], behind_bar(mutate.json_text), read
    )


READERS: dict[str, Callable[[Path], Reader]] = {
    "model": model, "checkpoint": checkpoints, "sweep": sweep, "recipe": recipes, "source": source, "journal": journal,
    "compared": compared, "server": server, "idx": idx, "npz": npz, "csv": csv, "parquet": parquet, "cifar": cifar,
    "pictures": pictures,
    "png": pictures_of("PNG", "L RGBA P 1 I;16", mutate.png),
    "jpeg": pictures_of("JPEG", "L RGB CMYK", progressive=True),
    "gif": pictures_of("GIF", "L P"),
    "bmp": pictures_of("BMP", "L RGB P 1"),
    "webp": pictures_of("WEBP", "RGB RGBA", lossless=True),
    "tiff": pictures_of("TIFF", "L RGB 1 I;16", compression="tiff_lzw"),
    "pdf": pictures_of("PDF", "L RGB"),
}  # fmt: skip
