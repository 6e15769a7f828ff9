"""A committee answers with the mean of its members' probabilities, from one file."""

import json
from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.nn.network import Network
from handgrad.training.committee import Member, members, vote
from handgrad.training.recipe import Recipe

SIDE = (12, 12, 1)


def made(seed: int, features: tuple[str, ...] = ("3x3-4", "pool", "3x3-8", "residual", "average"), **changes) -> Model:
    recipe = Recipe("small", features=features, hidden=(), batch_norm=True)
    network = Network(recipe.layers(3), SIDE, seed)
    network.state += np.random.default_rng(seed).random(network.state.size, np.float32)
    seen = {"mean": np.zeros(SIDE, np.float32), "scale": np.full(SIDE, 1 / 255, np.float32), "deskew": False}
    preprocess = Preprocess(**{name: changes.pop(name, value) for name, value in seen.items()})
    return Model(network, preprocess, changes.pop("classes", "abc"), **changes)


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return [made(0, temperature=0.5), made(1, ("5x5-6v", "average"), temperature=2.0), made(2)]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (300, 12, 12), np.uint8)


def test_the_answer_is_the_mean_of_the_members(models, pixels):
    wanted = np.mean([model.predict_proba(pixels) for model in models], axis=0)
    np.testing.assert_allclose(vote(models).predict_proba(pixels), wanted, atol=2e-6)
    np.testing.assert_allclose(vote(models).predict_proba(pixels[:1]), wanted[:1], atol=2e-6)
    np.testing.assert_allclose(vote(models[:1]).predict_proba(pixels), models[0].predict_proba(pixels), atol=2e-6)


def test_a_member_that_is_an_ensemble_has_one_voice(models, pixels):
    recipe = Recipe("ensemble", features=("3x3-4", "average"), hidden=(), members=2)
    model = Model(Network(recipe.layers(3), SIDE, 7), models[0].preprocess, "abc", temperature=0.5)
    found = vote([models[2], model]).predict_proba(pixels)
    for name in ("w", "b"):
        for member in range(2):
            model.network.layout.view(model.network.theta, f"0.{member}.4.{name}")[...] *= 2
    model.temperature = 1.0
    wanted = (models[2].predict_proba(pixels) + model.predict_proba(pixels)) / 2
    np.testing.assert_allclose(found, wanted, atol=2e-6)


def test_a_committee_is_one_file(models, pixels, tmp_path: Path):
    committee = vote(models)
    committee.save(tmp_path / "c.safetensors")
    loaded = Model.load(tmp_path / "c.safetensors")
    assert loaded.predict_proba(pixels).tobytes() == committee.predict_proba(pixels).tobytes()
    assert loaded.network.layout.count == sum(model.network.layout.count for model in models)
    assert len(loaded.record["members"]) == 3


@pytest.mark.parametrize(
    "changes", [{"classes": "abd"}, {"mean": np.ones(SIDE, np.float32)}, {"deskew": True}], ids=str
)
def test_members_that_see_or_name_things_differently_are_refused(models, changes):
    with pytest.raises(UserError, match="members of a committee differ"):
        vote([models[0], made(4, **changes)])


def test_the_members_are_fixed_and_fit_each_other():
    chosen = members()
    assert len({member.name for member in chosen}) == len(chosen) == 9
    assert len({member.recipe for member in chosen}) == 2
    assert all(Network(member.recipe.layers(10), (28, 28, 1)).out_shape == (10,) for member in chosen)
    assert all(member.recipe.all_data and not member.recipe.deskew for member in chosen)
    assert {member.recipe.normalise for member in chosen} == {"range"}


def test_the_command_trains_all_members_and_goes_on_where_it_was_left(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from command import write_small_data
    from handgrad.cli.committee import committee

    data, out = write_small_data(tmp_path / "data"), tmp_path / "committee"
    small = Recipe("small", hidden=(8,), epochs=1, batch=20, normalise="range")
    chosen = (Member(small, 0), Member(small, 1), Member(small.change(name="wide", hidden=(16,)), 0))
    monkeypatch.setattr("handgrad.training.committee.members", lambda: chosen[:2])
    words = ["--out", str(out), "--data", str(data), "--json"]
    first = CliRunner().invoke(committee, words)
    assert first.exit_code == 0, first.output
    kept = {path: path.stat().st_mtime_ns for path in out.glob("members/*/model.safetensors")}
    assert len(kept) == 2
    monkeypatch.setattr("handgrad.training.committee.members", lambda: chosen)
    done = CliRunner().invoke(committee, words)
    assert json.loads(done.stdout.splitlines()[-1])["members"] == ["small-0", "small-1", "wide-0"]
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    parts = [Model.load(out / "members" / member.name / "model.safetensors") for member in chosen]
    pixels = load("mnist").train.pixels[:50]
    wanted = np.mean([part.predict_proba(pixels) for part in parts], axis=0)
    np.testing.assert_allclose(Model.load(out / "model.safetensors").predict_proba(pixels), wanted, atol=2e-6)
