"""The models that come with the package: they load, answer as their cards say, and leave room in the wheel."""

import json
import re
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import yaml

import handgrad
from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.evaluation.metrics import evaluate
from handgrad.model.shipped import FOLDER, pretrained, shipped_file

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"
NAMES = ("cnn", "mlp", "robust", "tiny")


def test_each_model_has_a_card() -> None:
    assert {path.stem for path in FOLDER.glob("*.safetensors")} == set(NAMES)
    assert {path.stem for path in FOLDER.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize(
    "name", [*("mlp", "tiny"), *(pytest.param(n, marks=pytest.mark.slow) for n in ("cnn", "robust"))]
)
def test_it_is_as_good_as_its_card_says(name: str) -> None:
    test = load("mnist").test
    assert test is not None
    found = evaluate(pretrained(name).predict_proba(test.pixels), test.labels, test.classes)
    card = (FOLDER / f"{name}.md").read_text()
    quoted = re.search(r"seed 0: ([\d.]+)%", card)
    assert quoted is not None
    # another processor may round its sums otherwise, and an image on the border change sides
    assert 100 * found.accuracy == pytest.approx(float(quoted[1]), abs=0.025)
    assert found.nll < 0.05 and found.ece < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_its_card_begins_with_what_the_hub_reads(name: str) -> None:
    before, front, text = (FOLDER / f"{name}.md").read_text().split("---\n", 2)
    values = yaml.safe_load(front)
    assert before == "" and text.startswith(f"# {name}: a digit classifier\n")
    assert (values["library_name"], values["pipeline_tag"]) == ("handgrad", "image-classification")
    assert values["license"] == "mit" and values["datasets"] == ["ylecun/mnist"] and "mnist" in values["tags"]
    (entry,) = values["model-index"]
    (result,) = entry["results"]
    assert entry["name"] == name and result["task"]["type"] == values["pipeline_tag"]
    assert result["dataset"] == {"type": "ylecun/mnist", "name": "MNIST", "split": "test"}
    assert {metric["type"] for metric in result["metrics"]} == {"accuracy"}
    measured = json.loads((RESULTS / f"accuracy-{name}.json").read_text())
    expected = [measured["seeds"][0]["accuracy"], measured["mean"]][: len(measured["seeds"])]
    assert [metric["value"] for metric in result["metrics"]] == pytest.approx(expected, abs=1e-6)


def test_the_default_is_the_one_that_the_command_takes() -> None:
    assert handgrad.pretrained().record["recipe"]["name"] == "robust"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="no pretrained model 'resnet': expected one of cnn, mlp, robust, tiny"):
        shipped_file("resnet")


def test_data_and_models_fit_into_a_wheel_of_16_megabytes() -> None:
    packed, root = BytesIO(), FOLDER.parent
    with ZipFile(packed, "w", ZIP_DEFLATED) as wheel:
        for path in root.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                wheel.write(path)
    assert packed.tell() < 15.9e6  # and its metadata
