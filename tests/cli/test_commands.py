import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import TINY, refused, run
from handgrad.datasets import idx


def test_train_evaluate_predict(trained, data, digit):
    found = json.loads(run("evaluate", trained, "--data", data, "--json").stdout)
    assert {"accuracy", "n", "confusion", "nll", "ece"} <= set(found)
    assert found["n"] == np.sum(found["confusion"]) == 60
    assert {"confusion.png", "mistakes.png", "evaluation.html"} <= {path.name for path in trained.iterdir()}
    answer = json.loads(run("predict", digit, "--model", trained, "--json").stdout)
    assert {"path", "digit", "probability", "probabilities", "reason", "box"} <= set(answer)
    assert answer["probability"] == max(answer["probabilities"])
    assert answer["digit"] == str(np.argmax(answer["probabilities"]))


def test_without_a_model_the_newest_run_is_taken(trained, data, digit, tmp_path):
    for name in ("mlp-1", "mlp-3"):
        shutil.copytree(trained, tmp_path / "runs" / name)
    run("train", *TINY, "--data", data, cwd=tmp_path)
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["mlp-1", "mlp-2", "mlp-3"]
    assert "runs/mlp-2" in run("evaluate", "--data", data, cwd=tmp_path).stdout
    assert "seven.png" in run("predict", digit, cwd=tmp_path).stdout


def test_no_picture_is_written_over(digit, tmp_path):
    before = digit.read_bytes()
    for words in (
        ("predict", digit, "--show-steps", digit), ("read", digit, "--out", digit), ("augment", "--out", digit),
        ("lr-find", "--out", digit),
    ):  # fmt: skip
        assert "exists; choose another file" in refused(*words)
    assert "no such folder" in refused("read", digit, "--out", tmp_path / "none" / "o.png")
    assert "read them one by one" in refused("read", tmp_path, "--out", tmp_path / "o.png")
    assert "no such folder" in refused("tune", "tiny", tmp_path, "--out", tmp_path / "none" / "m.safetensors")
    assert "File name too long" in refused("predict", "a" * 300 + ".png")
    assert digit.read_bytes() == before and list(tmp_path.iterdir()) == [digit]


BAD_RECIPES = {
    "dropout 1.0": (["--dropout", "1.0"], "dropout is 1.0"),
    "negative rate": (["--lr", "-0.1"], "lr is -0.1"),
    "unknown recipe": (["--recipe", "mpl"], "did you mean 'mlp'"),
    "unknown option": (["--epoch", "3"], "--epochs"),
    "no number": (["--epochs", "many"], "many"),
    "no optimiser": (["--optimiser", "lion"], "sgd, adam, adamw"),
    "no data set": (["--data", "mnits"], "mnist"),
    "widths and rates": (["--hidden", "8,8", "--dropout", "0.1,0.2,0.3"], "dropout has 3 numbers"),
}


@pytest.mark.parametrize("case", BAD_RECIPES)
def test_a_bad_recipe_is_refused_and_leaves_nothing(case, tmp_path):
    words, expected = BAD_RECIPES[case]
    assert expected in refused("train", *words, "--out", "run", cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_toml_recipe_and_its_mistakes(data, tmp_path):
    (tmp_path / "r.toml").write_text('name = "mlp"\nhidden = [12]\nepochs = 1\nbatch = 20\n')
    run("train", "--recipe", "r.toml", "--data", data, "--out", "run", cwd=tmp_path)
    assert "hidden = [12]" in (tmp_path / "run" / "recipe.toml").read_text()
    run("train", "--recipe", "run/recipe.toml", "--data", data, "--out", "again", cwd=tmp_path)
    (tmp_path / "r.toml").write_text('name = "mlp"\ndropuot = 0.2\n')
    assert "did you mean 'dropout'" in refused("train", "--recipe", "r.toml", cwd=tmp_path)
    (tmp_path / "r.toml").write_text("name = ")
    assert "not a TOML file" in refused("train", "--recipe", "r.toml", cwd=tmp_path)


def spoil(folder: Path, case: str) -> None:
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    if case == "missing":
        labels.unlink()
    elif case == "truncated":
        images.write_bytes(images.read_bytes()[:5000])
    elif case == "swapped":
        a, b = images.read_bytes(), labels.read_bytes()
        images.write_bytes(b)
        labels.write_bytes(a)
    elif case == "too few labels":
        idx.write(labels, idx.read(labels)[:-1])
    elif case == "cut gzip":
        images.write_bytes(gzip.compress(images.read_bytes())[:-500])
    elif case == "not idx":
        images.write_bytes(b"these are no images")


@pytest.mark.parametrize("case", ["missing", "truncated", "swapped", "too few labels", "cut gzip", "not idx"])
def test_bad_data_is_refused_and_left_as_it_was(case, data, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    spoil(folder, case)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    refused("train", *TINY, "--data", folder, "--out", tmp_path / "run")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert not (tmp_path / "run").exists()


def test_a_network_larger_than_the_memory_is_one_line(data):
    words = ("--features", "3x3-100000000000", "--batch", "1")
    assert "handgrad: not enough memory (" in refused("inspect", "--data", data, *words)


def test_an_output_folder_in_use_is_refused(data, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    assert "not empty" in refused("train", *TINY, "--data", data, "--out", tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "three years"


def test_a_folder_that_cannot_be_made_is_one_line(trained, data, digit):
    refused("evaluate", trained, "--data", data, "--out", digit)
    refused("augment", "--data", data, "--out", digit / "grid.png")


def test_a_bad_model_is_one_line(trained, digit, tmp_path):
    whole = (trained / "model.safetensors").read_bytes()
    bad = tmp_path / "m.safetensors"
    for content in (whole[: len(whole) // 2], whole[:4], b"", b"PK\x03\x04 not a model", bytes(1000)):
        bad.write_bytes(content)
        refused("predict", digit, "--model", bad)
        refused("evaluate", bad)
    refused("predict", digit, "--model", tmp_path / "none.safetensors")
    assert "handgrad train" in refused("evaluate", cwd=tmp_path)
    assert "expected one of cnn, mlp, robust, tiny" in refused("predict", digit, "--model", "resnet", cwd=tmp_path)


def test_predict_needs_no_training(digit, tmp_path):
    answers = [run("predict", digit, *model, cwd=tmp_path).stdout for model in ([], ["--model", "robust"])]
    assert answers[0] == answers[1]
    assert list(tmp_path.iterdir()) == [digit]


def test_evaluating_a_pretrained_model_writes_here_and_not_into_the_package(data, tmp_path):
    run("evaluate", "tiny", "--data", data, cwd=tmp_path)
    assert (tmp_path / "tiny-evaluation" / "evaluation.json").is_file()


def test_augment_inspect_and_lr_find(data, tmp_path):
    run("augment", "--data", data, "--out", "grid.png", "--elastic", "1", cwd=tmp_path)
    run("lr-find", *TINY, "--data", data, "--steps", "40", "--out", "lr.png", cwd=tmp_path)
    for name in ("grid.png", "lr.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 200
    shown = run("inspect", "--recipe", "assignment", "--data", data).stdout
    assert "Dense(100)" in shown and "140,910 parameters" in shown and "MiB for a training step" in shown
    assert "Conv(48)" in run("inspect", "--data", data).stdout
    assert "279,947 parameters" in run("inspect", "--recipe", "robust", "--data", data).stdout, (
        "with the output for no digit"
    )
    assert "built in" in run("data", "list").stdout
    assert "as published" in run("data", "verify", "mnist").stdout
