"""What an earlier version wrote still loads: a model, a run's recipe, a checkpoint that goes on to the same bytes."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.renamed import LAYER_FIELDS, MODEL_HEADER, RECIPE_FIELDS, RECIPES
from handgrad.model.shipped import open_model, pretrained
from handgrad.model.tensors import read_tensors, write_tensors
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe
from handgrad.training.run import Run
from tolerance import assert_close

BEFORE = Path(__file__).parent / "before"
FACTS = json.loads((BEFORE / "facts.json").read_text())
FORMATS = ("handgrad-1",)


def test_a_model_answers_as_before() -> None:
    model = Model.load(BEFORE / "run" / "model.safetensors")
    pixels = load("mnist").train.pixels[-64:]
    assert_close(model.scores(pixels)[:8].astype(np.float64), np.array(FACTS["answers"]), times=1e5)
    assert model.preprocess.deskew and len(set(model.thresholds)) == 1 and model.thresholds[0] > 0
    assert Recipe.from_json(model.record["recipe"]) == recipe(BEFORE / "run" / "recipe.toml")


def test_a_recipe_file_has_its_values_under_the_new_names() -> None:
    found = recipe(BEFORE / "checkpoint" / "recipe.toml")
    assert (found.members, found.label_smoothing, found.unsmoothed_tail, found.ema) == (2, 0.05, 0.5, 0.9)
    assert (found.weight_decay, found.clip_norm, found.finetune_share, found.unaugmented_share) == (0.02, 1.0, 0.5, 0.1)


def test_a_run_goes_on_to_the_bytes_that_the_earlier_version_would_have_reached(tmp_path: Path) -> None:
    """The file of an ensemble (its layer was called Vote), left after 70 of 110 steps."""
    pytest.importorskip("PIL", "13", reason="earlier ones draw the letters that are no digits differently")
    shutil.copytree(BEFORE / "checkpoint", tmp_path / "run")
    run = Run.resume(tmp_path / "run")
    assert run.trainer.progress.step == 70 and run.source.pictures == "pictures"
    for _ in run.events():
        pass
    network = Model.load(run.finish()).network
    assert hashlib.sha256(network.theta.tobytes() + network.state.tobytes()).hexdigest() == FACTS["resumed"]


def test_recipes_and_models_are_found_by_their_earlier_names() -> None:
    for old, new in RECIPES.items():
        assert recipe(old) == recipe(new)
        assert open_model(old) is open_model(new)
    assert pretrained("robust").record["recipe"]["name"] == "robust"


def rewritten(path: Path, **header: object) -> Path:
    tensors, before = read_tensors(BEFORE / "run" / "model.safetensors", FORMATS, "model")
    write_tensors(path, tensors, {**before, **header})
    return path


def test_every_earlier_name_is_read_and_an_unknown_one_is_one_line(tmp_path: Path) -> None:
    _, header = read_tensors(BEFORE / "run" / "model.safetensors", FORMATS, "model")
    assert set(MODEL_HEADER) <= {*header, "threshold"} and set(RECIPE_FIELDS) <= set(header["record"]["recipe"])
    dense = next(values for name, values in header["layers"] if name == "Dense")
    assert set(LAYER_FIELDS) <= set(dense)
    assert len(set(Model.load(rewritten(tmp_path / "same.safetensors")).thresholds)) == 1
    name = header["layers"][0][0]
    for strange in ([["Transformer", {}]], [[name, {"strange": 1}]]):
        with pytest.raises(UserError, match="header is damaged") as caught:
            Model.load(rewritten(tmp_path / "m.safetensors", layers=strange))
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="got both"):
        Recipe.from_json({"smoothing": 0.1, "label_smoothing": 0.2})
    with pytest.raises(UserError, match="no field 'smoothings'"):
        Recipe.from_json({"smoothings": 0.1})
