"""A user's own data: pictures seen in one way by all commands, names before paths, files of arrays."""

import csv
import json
import re
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import TINY, refused, run, write_small_data
from handgrad.datasets import load
from handgrad.model.model import Model
from handgrad.model.shipped import pretrained, shipped_names
from handgrad.reading.normalise import Digits
from handgrad.training.recipes import recipe
from handgrad.training.run import Run

QUICK = ("--recipe", "mlp", "--hidden", "32", "--epochs", "12", "--batch", "20")


def write_digits(folder: Path, count: int, first: int = 0) -> Path:
    """Black digits on white paper of many sizes, off-centre, as people draw and scan them."""
    train, random = load("mnist").train, np.random.default_rng(first)
    for digit in "0147":
        (folder / digit).mkdir(parents=True)
        for number, image in enumerate(train.pixels[train.labels == int(digit)][first : first + count]):
            height, width = (int(side) for side in random.integers(60, 90, 2))
            paper = Image.new("L", (width, height), 255)
            paper.paste(
                Image.fromarray(255 - image), (int(random.integers(0, width - 28)), int(random.integers(0, 30)))
            )
            paper.save(folder / digit / f"{number}.png")
    return folder


def write_colours(folder: Path, count: int) -> Path:
    """Pictures of mixed sizes that only their colour tells apart."""
    random = np.random.default_rng(count)
    for channel, name in enumerate(("red", "green", "blue")):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 90, (*random.integers(20, 40, 2), 3), np.uint8)
            pixels[..., channel] += np.uint8(120)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def answers(folder: Path, *words: object) -> list[tuple[str, str]]:
    """(class folder, answer) of each picture below a folder."""
    lines = run("predict", *sorted(folder.iterdir()), *words, "--json").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    return [(Path(each["path"]).parent.name, each["digit"]) for each in found]


def test_predict_sees_pictures_as_training_saw_them(tmp_path):
    own, others = write_digits(tmp_path / "own", 60), write_digits(tmp_path / "others", 10, 200)
    found = json.loads(run("train", *QUICK, "--data", own, "--out", tmp_path / "run", "--json").stdout)
    right = np.mean([true == answer for true, answer in answers(others, "--model", tmp_path / "run")])
    assert found["valid_accuracy"] > 0.85 and right > 0.85
    assert Model.load(tmp_path / "run" / "model.safetensors").pictures == "digits"
    kept_back = load(own, Digits()).test
    told = run("evaluate", tmp_path / "run").stdout
    assert f"of {len(kept_back)} kept-back images of {own}" in told, "its own data set, and what was kept back of it"
    table = list(csv.DictReader((tmp_path / "run" / "mistakes.csv").read_text().splitlines()))
    found = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert len(table) == found["n"] - np.trace(found["confusion"])
    assert all(Path(row["path"]).parent.name == row["label"] != row["digit"] for row in table)


def test_whole_pictures_in_colour(tmp_path):
    own, others = write_colours(tmp_path / "own", 30), write_colours(tmp_path / "others", 5)
    assert "expected pictures of one size" in refused("train", "--data", own, "--as", "pictures", cwd=tmp_path)
    words = ("--data", own, "--as", "pictures", "--size", 12, "--no-deskew", "--out", tmp_path / "run")
    run("train", *QUICK, *words)
    model = Model.load(tmp_path / "run" / "model.safetensors")
    assert (model.pictures, model.network.in_shape) == ("pictures", (12, 12, 3))
    found = answers(others, "--model", tmp_path / "run")
    assert all(true == answer for true, answer in found)
    assert re.search(
        r"of (9|1\d) kept-back images", run("evaluate", tmp_path / "run").stdout
    )  # a tenth, by their pixels
    assert "sees whole pictures" in refused("tune", tmp_path / "run", own, "--out", tmp_path / "t.safetensors")
    assert "size is 12 for digits" in refused("train", "--data", own, "--size", 12, "--out", tmp_path / "other")


def test_a_run_on_pictures_goes_on_with_the_same_pixels(tmp_path):
    own = write_colours(tmp_path / "own", 20)
    words = ("--recipe", "mlp", "--hidden", "8", "--epochs", "1", "--batch", "10", "--no-deskew")
    words = (*words, "--data", own, "--as", "pictures", "--size", 8, "--out", tmp_path / "run")
    run("train", *words)
    source = json.loads((tmp_path / "run" / "source.json").read_text())
    assert source == {"dataset": str(own), "pictures": "pictures", "size": 8}


def test_what_systems_leave_in_folders_is_passed_over(tmp_path):
    own = write_digits(tmp_path / "own", 4)
    for litter in ("Thumbs.db", "desktop.ini", ".DS_Store"):
        (own / "1" / litter).write_bytes(b"no picture")
    run("train", *QUICK, "--epochs", "1", "--batch", "4", "--data", own, "--out", tmp_path / "run")


def test_a_data_set_of_the_catalogue_goes_before_a_folder_of_its_name(tmp_path):
    """In a folder with a folder `mnist`, that name still means MNIST, for training, resuming and sweeps."""
    write_small_data(tmp_path / "mnist")
    done = run("augment", "--rows", 1, cwd=tmp_path)
    assert "data set mnist; write ./mnist for the folder or file called so" in done.stderr
    own = run("train", *TINY, "--data", "./mnist", "--out", "own", cwd=tmp_path)
    assert "data set mnist;" not in own.stderr
    assert json.loads((tmp_path / "own" / "source.json").read_text())["dataset"] == str(tmp_path / "mnist")
    with chdir(tmp_path):
        Run.begin("named", recipe("assignment"), "mnist")
    assert len(Run.resume(tmp_path / "named").trainer.data) == 50_000
    assert json.loads((tmp_path / "named" / "source.json").read_text())["dataset"] == "mnist"


def test_a_model_that_comes_along_goes_before_a_file_or_folder_of_its_name(trained, digit, tmp_path):
    (tmp_path / "robust").mkdir()
    (tmp_path / "tiny").write_text("no model")
    plain = run("predict", digit).stdout
    assert run("predict", digit, cwd=tmp_path).stdout == run("predict", digit, "--model", "robust").stdout == plain
    assert run("predict", digit, "--model", "tiny", cwd=tmp_path).stdout.startswith(f"{digit}: 7")
    assert "no such model file" in refused("predict", digit, "--model", "./robust", cwd=tmp_path)
    assert "not a whole safetensors file" in refused("predict", digit, "--model", "./tiny", cwd=tmp_path)


def test_a_model_is_called_like_its_recipe():
    for name in shipped_names():
        model, named = pretrained(name), recipe(name)
        assert model.record["recipe"]["name"] == named.name == name
        assert tuple(named.layers(*model.network.out_shape)) == model.network.layers


@pytest.mark.parametrize(
    "words",
    [("train", "--data", "https://example.org/digits.zip"), ("predict", "https://example.org/seven.png"),
     ("read", "https://example.org/page.png"), ("evaluate", "https://example.org/model.safetensors"),
     ("predict", "x.png", "--model", "https://example.org/model.safetensors")],
    ids=str,
)  # fmt: skip
def test_an_address_is_shown_whole_and_not_fetched(words, tmp_path):
    message = refused(*words, cwd=tmp_path)
    assert "https://example.org/" in message and "download it" in message


@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_files_of_arrays(kind, tmp_path):
    images = load("mnist").train[:60]
    if kind == "npz":
        arrays = {"x_train": images.pixels[:50], "y_train": images.labels[:50]}
        np.savez(tmp_path / "d.npz", **arrays, x_test=images.pixels[50:], y_test=images.labels[50:])
    else:
        table = np.column_stack([images.labels, images.pixels.reshape(60, -1)])
        header = ",".join(["label", *(f"pixel{i}" for i in range(784))])
        np.savetxt(tmp_path / "d.csv", table, fmt="%d", delimiter=",", header=header, comments="")
    run("train", *TINY, "--data", tmp_path / f"d.{kind}", "--out", tmp_path / "run")
    part = "10 test images" if kind == "npz" else "9 kept-back images"
    assert f"of {part} of {tmp_path / f'd.{kind}'}" in run("evaluate", tmp_path / "run").stdout


def test_images_that_a_recipe_does_not_fit_name_the_recipes_that_do(tmp_path):
    random = np.random.default_rng(0)
    np.savez(tmp_path / "small.npz", x=random.integers(0, 256, (50, 8, 8), np.uint8), y=np.arange(50) % 3)
    message = refused("train", "--data", tmp_path / "small.npz", "--out", tmp_path / "run")
    assert "recipe 'cnn' does not fit images of 8x8x1" in message
    assert "choose one that does: assignment, mlp, " in message and "robust" not in message.partition("choose")[2]
    assert not (tmp_path / "run").exists()
    run("train", *TINY, "--data", tmp_path / "small.npz", "--out", tmp_path / "run")


def test_json_is_alone_on_standard_output(data, digit, tmp_path):
    for words in (("train", *TINY, "--data", data, "--out", tmp_path / "run"), ("predict", digit), ("read", digit)):
        done = run(*words, "--json")
        json.loads(done.stdout)
        assert done.stdout.count("\n") == 1 and done.stderr
