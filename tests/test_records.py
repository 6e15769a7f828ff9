"""Files that are damaged, foreign or made to harm: each is refused in one line, and costs no more than its size."""

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pytest

from command import run
from handgrad.datasets import Images, folder, load
from handgrad.errors import UserError
from handgrad.files import MAX_RECORD, check_regular, checked, read_json, read_text
from handgrad.model.model import FORMATS, Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.tensors import read_tensors, tensor_bytes, write_tensors
from handgrad.nn.layers import Dense, Flatten
from handgrad.nn.network import Network
from handgrad.training import checkpoint
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.data import Source
from handgrad.training.evaluate import source_of_run
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe
from handgrad.training.trainer import Trainer


@pytest.fixture(scope="module")
def digits() -> tuple[Images, Images]:
    train = load("mnist").train
    return train[:200], train[50_000:50_100]


class Sample(TypedDict):
    name: str
    shares: list[float]


def small(classes: tuple[str, ...] = ("a", "b"), record: dict[str, Any] | None = None) -> Model:
    one = np.ones((28, 28, 1), np.float32)
    return Model(Network([Flatten(), Dense(len(classes))], (28, 28, 1)), Preprocess(one, one), classes, record)


def with_header(path: Path, **changes: Any) -> Path:
    """The file of a small model whose header says something else."""
    small().save(path)
    tensors, header = read_tensors(path, FORMATS, "model")
    write_tensors(path, tensors, {**header, **changes})
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "a"}', "missing required field `shares`"),
        ('{"name": 1, "shares": []}', "Expected `str`, got `int`"),
        ('{"name": "a", "shares": [0.5, "x"]}', r"at `\$.shares\[1\]`"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "Expected `object`"),
        ("{", "Expecting property name"),
        ('{"name": "a", "shares": [1' + "0" * 400 + "]}", "401 digits"),
        ("1" * 5000, "whole number of 5000 digits"),
        ("9223372036854775808", "whole number of 19 digits"),
    ],
    ids=lambda text: text[:20],
)
def test_json_that_is_not_what_it_must_be(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_json(text, Sample)


def test_json_as_it_must_be() -> None:
    assert read_json('{"name": "a", "shares": [1, 0.5], "more": 1}', Sample) == {"name": "a", "shares": [1.0, 0.5]}
    assert checked([-(1 << 63)], list[int]) == read_json(f"[{-(1 << 63)}]", list[int]) == [-(1 << 63)]


def test_a_record_of_any_length_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    with path.open("wb") as file:
        file.truncate(MAX_RECORD + 1)
    with pytest.raises(UserError, match=r"long\.json: more than 64 MB"):
        read_text(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    for name in ("r.toml", "source.json", "train-images-idx3-ubyte", "data_batch_1.bin"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "train-labels-idx1-ubyte").symlink_to("/dev/zero")
    for read in (
        lambda: recipe(tmp_path / "r.toml"), lambda: source_of_run(tmp_path / "model.safetensors"),
        lambda: folder.load(tmp_path), lambda: folder.load_idx(tmp_path, "a"),
        lambda: check_regular(tmp_path / "train-labels-idx1-ubyte"),
    ):  # fmt: skip
        with pytest.raises(UserError, match="a pipe or a device, expected a file"):
            read()
    check_regular(tmp_path)
    check_regular(tmp_path / "nothing")


@pytest.mark.parametrize("half", [False, True])
def test_a_flipped_bit_of_a_weight_is_noticed(half: bool, tmp_path: Path) -> None:
    path, content = tmp_path / "m", bytearray(small().to_bytes(half))
    for place in range(len(content) - 1000, len(content), 97):
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(UserError, match="weights differ from its checksum"):
            Model.load(path)
        content[place] ^= 1
    path.write_bytes(content)
    assert Model.load(path).classes == ("a", "b")


def test_a_file_without_a_checksum_is_read(tmp_path: Path) -> None:
    path, content = tmp_path / "m", small().to_bytes()
    begin = content.index(b', \\"blake2b\\"')
    cut = content[begin : content.index(b"}", begin)]
    path.write_bytes(content.replace(cut, b" " * len(cut)))  # spaces between the parts of JSON mean nothing
    assert "blake2b" not in str(path.read_bytes()) and Model.load(path).classes == ("a", "b")


def test_a_flipped_bit_of_a_checkpoint_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "c"
    content = bytearray(tensor_bytes({"theta": np.ones(9, np.float32)}, {"format": checkpoint.FORMAT}))
    content[-1] ^= 64
    path.write_bytes(content)
    with pytest.raises(UserError, match="the checkpoint's weights differ from its checksum"):
        Checkpoint.read(path)


def nested(depth: int) -> list[Any]:
    layer: list[Any] = ["Flatten", {}]
    for _ in range(depth):
        layer = ["Sequential", {"layers": [layer]}]
    return [layer, ["Dense", {"units": 2}]]


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": nested(9)}, {"layers": nested(300)}, {"layers": [["Flatten", {}], ["Dense", {"units": "2"}]]},
        {"layers": [["Flatten", {}], ["Dense", {"units": 2, "lr_scale": True}]]}, {"layers": [["Dense", {"x": 1}]]},
        {"layers": [["Flatten", {}], ["Dense", {"units": 1 << 40}]]}, {"in_shape": [1 << 30, 1 << 30, 1]},
        {"record": {"recipe": []}}, {"record": {"recipe": "cnn"}}, {"record": {"recipe": {"name": 1}}}, {"deskew": 2},
        {"record": {"recipe": {"dropout": 10**400}}}, {"classes": "ab"}, {"temperature": "1"}, {"pictures": "x"},
    ],
    ids=lambda changes: str(changes)[:60],
)  # fmt: skip
def test_a_model_with_a_damaged_header(changes: dict[str, Any], tmp_path: Path) -> None:
    path = with_header(tmp_path / "m", **changes)
    with pytest.raises(UserError, match="header is damaged"):
        Model.load(path)


def test_layers_inside_layers_are_read(tmp_path: Path) -> None:
    assert Model.load(with_header(tmp_path / "m", layers=nested(8))).network.out_shape == (2,)


def test_a_record_of_the_users_own_is_kept(tmp_path: Path) -> None:
    record = {"recipe": {"name": "mine", "notes": {"a": [1, None]}}, "seed": None, "by": "me"}
    small(record=record).save(tmp_path / "m")
    assert Model.load(tmp_path / "m").record == record


def test_a_checkpoint_promises_no_more_than_it_holds(digits: Any, tmp_path: Path) -> None:
    path, small_recipe = tmp_path / "c", Recipe("small", hidden=(8,), batch=16, epochs=1)
    checkpoint.save(Trainer(small_recipe, *digits), path, Source("mnist"), "sum")
    tensors, header = read_tensors(path, (checkpoint.FORMAT,), "checkpoint")
    write_tensors(path, tensors, {**header, "recipe": small_recipe.change(hidden=(20_000, 20_000)).to_json()})
    tracemalloc.start()
    with pytest.raises(UserError, match="weights, where the file holds"):
        Checkpoint.read(path).trainer(*digits)
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    "epoch",
    [["a", 0, 0.0], [0.0, 0, [1]], [0.0, 0, 1e308], [0.0, 10**30, 0.0], [0.0, -1, 0.0], [0.0, 0, 5.0]],
    ids=str,
)
def test_progress_that_cannot_be(epoch: list[Any], digits: Any, tmp_path: Path) -> None:
    path = tmp_path / "c"
    checkpoint.save(Trainer(Recipe("small", hidden=(8,), batch=16), *digits), path, Source("mnist"), "sum")
    tensors, header = read_tensors(path, (checkpoint.FORMAT,), "checkpoint")
    write_tensors(path, tensors, {**header, "epoch": epoch})
    with pytest.raises(UserError, match="header is damaged"):
        Checkpoint.read(path).trainer(*digits)


@pytest.mark.parametrize(
    "text",
    ["self = 1", "lr = 1" + "0" * 400, "epochs = 1" + "0" * 5000, f'features = ["3x3-{"9" * 5000}"]',
     "hidden = " + "[" * 5000, 'name = ["cnn"]', "dropout = [[0.1]]", "lr = nan"],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_recipes_that_are_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        recipe(path)
    assert len(str(error.value)) < 1000


def test_names_and_answers_of_a_strange_model(tmp_path: Path) -> None:
    model = small(("\x1b[31m0", "\x1b]0;owned\x07", "3\n"))
    model.network.state[:], model.network.theta[:] = 0, 0
    model.save(tmp_path / "m.safetensors")
    picture = np.full((60, 60), 255, np.uint8)
    picture[10:50, 25:35] = 0
    from PIL import Image

    Image.fromarray(picture).save(tmp_path / "a.png")
    done = run("predict", tmp_path / "a.png", "--model", tmp_path / "m.safetensors")
    assert "\x1b" not in done.stdout and r"\x1b[31m0" in done.stdout and done.stdout.count("\n") == 1
    model.network.theta[:] = 3e38
    model.save(tmp_path / "m.safetensors")
    done = run("predict", tmp_path / "a.png", "--model", tmp_path / "m.safetensors", "--json", code=2)
    assert "answers are no numbers" in done.stderr and "NaN" not in done.stdout


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    from handgrad.cli.text import print_json

    print_json({"a": [1.5, float("nan")], "b": (float("inf"), "NaN"), "c": 1})
    assert json.loads(capsys.readouterr().out) == {"a": [1.5, None], "b": [None, "NaN"], "c": 1}
