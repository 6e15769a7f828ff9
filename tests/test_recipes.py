import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.errors import UserError
from handgrad.nn.layers import BatchNorm, Dense, Dropout, Flatten, ReLU
from handgrad.nn.network import Network
from handgrad.training.optim import SGD, Adam, AdamW
from handgrad.training.recipe import NAME, Recipe
from handgrad.training.recipes import RECIPES, recipe

PLAIN = Recipe("plain")


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("lr", 1, 1.0),
        ("hidden", [100, 200], (100, 200)),
        ("hidden", 64, (64,)),
        ("dropout", 0, (0.0,)),
        ("dropout", [0.5], (0.5,)),
        ("epochs", 3, 3),
        ("batch_norm", True, True),
        ("name", "mine", "mine"),
    ],
)
def test_values_become_the_fields_type(name: str, given: Any, wanted: Any) -> None:
    found = getattr(PLAIN.change(**{name: given}), name)
    assert found == wanted
    assert type(found) is type(wanted)
    if isinstance(wanted, tuple):
        assert [type(v) for v in found] == [type(v) for v in wanted]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", "0.1"), ("lr", True), ("lr", None), ("lr", [0.1]), ("epochs", 3.0), ("epochs", True), ("epochs", "3"),
        ("hidden", [1.5]), ("hidden", ["a"]), ("hidden", [[3]]), ("hidden", {"a": 1}), ("batch_norm", 1),
        ("batch_norm", "yes"), ("name", 3), ("dropout", "0.5"), ("flip", 0), ("init", 3),
    ],
)  # fmt: skip
def test_wrong_types(name: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"{name} is .*: expected (int|float|bool|str)") as caught:
        PLAIN.change(**{name: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"dropout": 1.0}, {"dropout": -0.1}, {"dropout": [0.1, 0.1]}, {"dropout": []}, {"input_dropout": 1.0},
        {"lr": 0}, {"lr": -1}, {"lr": float("nan")}, {"lr": float("inf")}, {"hidden": [0]}, {"hidden": [-5]},
        {"epochs": 0}, {"batch": 0}, {"batch": 10**9}, {"momentum": 1.0}, {"beta2": 1.0}, {"beta2": -0.5},
        {"weight_decay": -1}, {"warmup": 1.1}, {"label_smoothing": 1.0}, {"clip_norm": -1}, {"ema": 1.0},
        {"finetune_share": 2}, {"unsmoothed_tail": 1.1}, {"unsmoothed_tail": -0.1},
        {"lr_scales": [1.0]}, {"lr_scales": [1, 1, 1]}, {"lr_scales": [-1, 1]}, {"rotation": 181}, {"shift": -1},
        {"stroke": 2}, {"unaugmented_share": 1.5}, {"optimiser": "rmsprop"}, {"schedule": "linear"},
        {"normalise": "no"},
        {"outliers": 0.1, "teacher": "robust", "distillation": 0.5},
        {"init": "normal:-1"}, {"init": "xavier"}, {"nesterov": True}, {"dropout": 0.2, "hidden": []},
    ],
    ids=str,
)  # fmt: skip
def test_values_out_of_range(changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="expected") as caught:
        PLAIN.change(**changes)
    assert next(iter(changes)) in str(caught.value)


def test_values_that_have_no_text() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, [[10**5000]]):
        for field in ("features", "name"):
            with pytest.raises(UserError, match=f"{field} is a list too deep or long to show: expected str"):
                PLAIN.change(**{field: [value] if field == "features" else value})
    with pytest.raises(UserError, match="batch is a whole number of more than 18 digits: expected"):
        PLAIN.change(batch=-(10**5000))


@pytest.mark.parametrize(("name", "hint"), [("dropuot", "dropout"), ("epoch", "epochs"), ("optimizer", "optimiser")])
def test_an_unknown_field_suggests_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"no field '{name}': did you mean '{hint}'"):
        PLAIN.change(**{name: 1})


def test_an_unknown_field_like_none_lists_all() -> None:
    with pytest.raises(UserError, match="known: name, features, hidden"):
        PLAIN.change(qqq=1)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_toml(name: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECIPES[name].to_toml(), encoding="utf-8")
    assert recipe(path) == RECIPES[name] == recipe(name)
    assert RECIPES[name].name == name


@given(
    st.from_regex(NAME, fullmatch=True),
    st.lists(st.integers(1, 65536), max_size=4),
    st.floats(1e-12, 1e6),
    st.booleans(),
)
def test_any_recipe_survives_toml(name: str, hidden: list[int], lr: float, flip: bool) -> None:
    made = PLAIN.change(name=name, hidden=hidden, lr=lr, flip=flip, weight_decay=lr / 1e4)
    assert PLAIN.change(**tomllib.loads(made.to_toml())) == made


def test_a_file_changes_the_recipe_that_it_names(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "mlp"\nepochs = 2\n')
    assert recipe(path) == dataclasses.replace(RECIPES["mlp"], epochs=2)
    path.write_text('name = "new"\nhidden = [7]\n')
    assert recipe(str(path)) == Recipe("new", hidden=(7,))
    path.write_text("epochs = 2\n")
    assert recipe(path) == Recipe("custom", epochs=2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"epochs = ", "not a TOML file"),
        (b"\xff\xfe", "not a TOML file"),
        (b"dropuot = 0.1", "did you mean 'dropout'"),
        (b"epochs = 1.5", "epochs is 1.5: expected int"),
        (b"name = []", "name is .*: expected str"),
        (b"name = {}", "name is .*: expected str"),
        (b"name = ''", "name is '': expected str of letters, digits"),
        (b'name = "../mine"', "name is '../mine': expected str of letters, digits"),
        (b'name = "a\\u0000b"', "name is .*: expected str of letters, digits"),
        (b"hidden = " + b"[" * 3000 + b"]" * 3000, "not a TOML file"),
        (b"ema = 1.0", "ema is 1.0: expected a number from 0 to 1, not including it"),
        (b"lr = 2024-01-01", "lr is .*: expected float"),
        (b"lr = nan", "lr is nan: expected"),
        (b"[hidden]\na = 1", "hidden is .*: expected int"),
    ],
    ids=str,
)
def test_bad_files(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        recipe(path)


def test_missing_recipes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no recipe 'mpl': did you mean 'mlp'"):
        recipe("mpl")
    with pytest.raises(UserError, match="no recipe 'zzz': expected assignment, mlp"):
        recipe("zzz")
    with pytest.raises(UserError, match="cannot be read"):
        recipe(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        recipe(tmp_path / "folder.toml")


def test_layers() -> None:
    made = PLAIN.change(hidden=[30, 20], batch_norm=True, dropout=[0.2, 0.3], input_dropout=0.1, lr_scales=[1, 2, 3])
    assert made.layers(10) == [
        Dropout(0.1), Flatten(),
        Dense(30, lr_scale=1.0), BatchNorm(), ReLU(), Dropout(0.2),
        Dense(20, lr_scale=2.0), BatchNorm(), ReLU(), Dropout(0.3),
        Dense(10, lr_scale=3.0),
    ]  # fmt: skip
    assert PLAIN.change(hidden=[8, 8], dropout=0.5).layers(2)[1:] == [
        Dense(8), ReLU(), Dropout(0.5), Dense(8), ReLU(), Dropout(0.5), Dense(2)
    ]  # fmt: skip
    assert PLAIN.change(hidden=[]).layers(3) == [Flatten(), Dense(3)]
    assert PLAIN.change(init="normal:0.01").layers(3)[1] == Dense(256, "normal:0.01")


@pytest.mark.parametrize(("name", "count"), [("assignment", 140_910), ("mlp", 935_434), ("mlp-best", 4_773_898)])
def test_parameter_counts_of_named_recipes(name: str, count: int) -> None:
    assert Network(RECIPES[name].layers(10), (28, 28, 1)).layout.count == count


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"optimiser": "sgd", "momentum": 0.5, "nesterov": True}, SGD(0.5, True)),
        ({"optimiser": "adam", "momentum": 0.8, "beta2": 0.99}, Adam(0.8, 0.99)),
        ({"optimiser": "adamw"}, AdamW(0.9, 0.999)),
    ],
)
def test_rules(changes: dict[str, Any], rule: object) -> None:
    assert PLAIN.change(**changes).rule() == rule


def test_learning_rate_warms_up_over_its_share() -> None:
    schedule = PLAIN.change(schedule="constant", lr=1, warmup=0.4).learning_rate(10)
    assert [schedule(step) for step in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
