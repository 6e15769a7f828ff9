"""Recipes: every number that training depends on, named and frozen."""

import difflib
import json
import re
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from handgrad.errors import UserError
from handgrad.images.augment import Augment
from handgrad.model.renamed import RECIPE_FIELDS, renamed
from handgrad.nn.features import feature_layers
from handgrad.nn.init import spread
from handgrad.nn.layers import BatchNorm, Dense, Dropout, Flatten, Layer, ReLU, Sequential, Vote
from handgrad.training.optim import SGD, Adam, AdamW, Rule
from handgrad.training.schedules import SCHEDULES, Schedule, warm_up

OPTIMISERS = ("sgd", "adam", "adamw")
NORMALISE = ("range", "image", "pixel")


@dataclass(frozen=True)
class Recipe:
    """How to build and train a network.

    features: the convolutional part, a word a layer, see `feature_layers`; empty for none. hidden: units of each
    hidden layer behind it. columns: so many networks of these layers side by side, which learn each from its own
    share of every batch and answer together, see `Vote`. dropout: rate behind each hidden layer, one or one each.
    layer_lr: each dense layer's share of the learning rate, empty for equal. momentum: of SGD, and beta1 of Adam.
    warmup: share of the steps over which the rate rises. smoothing: of labels; sharp: share of the epochs, the last,
    without it. clip: largest gradient norm, 0 for none. average: decay of the weight average, 0 for none. normalise:
    `range` (to 0..1), `image` (one mean and deviation for all pixels) or `pixel` (one for each). deskew: set slanted
    digits upright first, in training and in predicting. rotation to clutter: see `Augment`. outliers: share of each
    batch that shows no digit, for which the network then has an output of its own, see `outliers.py`. calm: share of
    the epochs, the last, with half the distortion. focus: share of the images that are drawn by how hard they are, see
    `Sampler`; training accuracy is that of the images drawn. teacher: a model, called as in the package or by its path,
    whose answers to the distorted images are learnt; distillation: their share of the target, the rest is the label's;
    see `Teacher`. all_data: learn from the validation images too (final runs of a settled recipe). temperature: of the
    model then, as validation images gave it before; a run that keeps them back finds its own.
    """

    name: str
    features: tuple[str, ...] = ()
    hidden: tuple[int, ...] = (256,)
    columns: int = 1
    batch_norm: bool = False
    dropout: tuple[float, ...] = (0.0,)
    input_dropout: float = 0.0
    init: str = "he"
    layer_lr: tuple[float, ...] = ()
    epochs: int = 10
    batch: int = 128
    optimiser: str = "adamw"
    lr: float = 1e-3
    momentum: float = 0.9
    nesterov: bool = False
    beta2: float = 0.999
    decay: float = 0.0
    schedule: str = "cosine"
    warmup: float = 0.0
    smoothing: float = 0.0
    sharp: float = 0.0
    clip: float = 0.0
    average: float = 0.0
    normalise: str = "image"
    deskew: bool = False
    rotation: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    flip: bool = False
    clean: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    contrast: float = 0.0
    clutter: float = 0.0
    outliers: float = 0.0
    calm: float = 0.0
    focus: float = 0.0
    teacher: str = ""
    distillation: float = 0.0
    all_data: bool = False
    temperature: float = 1.0

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(Recipe).items():
            object.__setattr__(self, name, _coerce(name, kind, getattr(self, name)))
        for name, (low, high) in RANGES.items():
            values = getattr(self, name)
            for value in values if isinstance(values, tuple) else (values,):
                if not low <= value <= high:
                    top = "1, not including it" if high == ONE else f"{high:g}"
                    raise UserError(f"{name} is {value}: expected a number from {low:g} to {top}")
        if not NAME.fullmatch(self.name):
            raise UserError(f"name is {self.name!r}: expected letters and digits, spaces, dots and dashes among them")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UserError(f"{name} is '{getattr(self, name)}': expected one of {', '.join(choices)}")
        for name, allowed in (("dropout", {1, len(self.hidden)}), ("layer_lr", {0, len(self.hidden) + 1})):
            if len(getattr(self, name)) not in allowed:
                expected = " or ".join(map(str, sorted(allowed)))
                raise UserError(f"{name} has {len(getattr(self, name))} numbers: expected {expected}")
        if not self.hidden and any(self.dropout):
            raise UserError(
                f"dropout is {self.dropout[0]:g} without a hidden layer to put it behind: expected 0, or set hidden"
            )
        if bool(self.teacher) != bool(self.distillation):
            raise UserError(
                f"teacher is '{self.teacher}' and distillation {self.distillation:g}: expected both of them, or neither"
            )
        if self.nesterov and self.optimiser != "sgd":
            raise UserError(f"nesterov with optimiser '{self.optimiser}': expected it with sgd, or leave it out")
        if self.teacher and self.outliers:
            raise UserError("outliers with a teacher: expected one of them, a teacher cannot say what is no digit")
        spread(self.init, 1, 1)
        feature_layers(self.features, self.batch_norm, self.init)
        self.augment()

    def augment(self) -> Augment:
        return Augment(**{f.name: getattr(self, f.name) for f in fields(Augment)})

    def layers(self, classes: int) -> list[Layer]:
        """The features, Flatten, Dense (BatchNorm) ReLU (Dropout) for each hidden width, Dense for the logits; where
        there are several columns, a Vote of them.
        """
        column = self._column(classes)
        return column if self.columns == 1 else [Vote((Sequential(tuple(column)),) * self.columns)]

    def _column(self, classes: int) -> list[Layer]:
        dropout = self.dropout * len(self.hidden) if len(self.dropout) == 1 else self.dropout
        shares = self.layer_lr or (1.0,) * (len(self.hidden) + 1)
        layers: list[Layer] = [Dropout(self.input_dropout)] if self.input_dropout else []
        layers += [*feature_layers(self.features, self.batch_norm, self.init), Flatten()]
        for units, rate, share in zip(self.hidden, dropout, shares, strict=False):
            layers.append(Dense(units, self.init, share))
            layers += [BatchNorm()] if self.batch_norm else []
            layers.append(ReLU())
            layers += [Dropout(rate)] if rate else []
        return [*layers, Dense(classes, self.init, shares[-1])]

    def rule(self) -> Rule:
        if self.optimiser == "sgd":
            return SGD(self.momentum, self.nesterov)
        return (AdamW if self.optimiser == "adamw" else Adam)(self.momentum, self.beta2)

    def learning_rate(self, steps: int) -> Schedule:
        """The schedule over so many steps."""
        return warm_up(SCHEDULES[self.schedule](self.lr, steps), round(self.warmup * steps))

    def change(self, **changes: Any) -> "Recipe":
        """A copy with other values; unknown names, wrong types and bad values are errors."""
        for name in changes:
            reject_unknown(name)
        return replace(self, **changes)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Recipe":
        """The recipe that a file holds, under present or earlier names; fields that it lacks came later."""
        return cls("custom").change(**renamed(values, RECIPE_FIELDS))

    def to_toml(self) -> str:
        lines = [f"{name} = {_toml(value)}" for name, value in asdict(self).items()]
        return "\n".join(lines) + "\n"


def reject_unknown(name: str) -> None:
    """UserError where recipes have no field of this name."""
    known = [field.name for field in fields(Recipe)]
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
        raise UserError(f"a recipe has no field '{name}': {hint}")


NAME = re.compile(r"\w[\w .-]*")  # run folders go by it
LISTS = MappingProxyType({tuple[int, ...]: int, tuple[float, ...]: float, tuple[str, ...]: str})
ONE = 1 - 1e-9  # the largest value of a rate that must stay below 1
RANGES = MappingProxyType(
    {
        "hidden": (1, 65536), "columns": (1, 64), "dropout": (0, 0.99), "input_dropout": (0, 0.99),
        "layer_lr": (0, 1e6), "epochs": (1, 100_000), "batch": (1, 65536), "lr": (1e-12, 1e6), "momentum": (0, ONE),
        "beta2": (0, ONE), "decay": (0, 1e3), "warmup": (0, 1), "smoothing": (0, ONE), "sharp": (0, 1),
        "clip": (0, 1e9), "average": (0, ONE), "outliers": (0, 0.9), "distillation": (0, 1), "calm": (0, 1),
        "focus": (0, ONE), "temperature": (0.05, 20),
    }
)  # fmt: skip
CHOICES = MappingProxyType({"optimiser": OPTIMISERS, "schedule": tuple(SCHEDULES), "normalise": NORMALISE})


def _coerce(name: str, kind: Any, value: Any) -> Any:
    """A value as the field's type: a list becomes a tuple, an int a float; any other difference is an error."""
    if kind in LISTS:
        each = LISTS[kind]
        many = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_coerce(name, each, v) for v in many)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise UserError(f"{name} is {value!r}: expected {kind.__name__}")
    return value


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


RECIPES = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("assignment", hidden=(100, 200, 200), layer_lr=(0.1, 0.2, 0.1, 0.1), lr=1.0, momentum=0.0,
                   optimiser="sgd", schedule="constant", batch=32, epochs=5, average=0.999),
            Recipe("mlp", hidden=(512, 512, 512), batch_norm=True, batch=128, epochs=8, lr=3e-3,
                   schedule="one-cycle", decay=0.02, smoothing=0.05, average=0.99, deskew=True, calm=0.25, rotation=8,
                   shear=6, scale=0.1, shift=1, elastic=0.8, clean=0.1),
            Recipe("mlp-best", hidden=(2048, 1024, 1024), batch_norm=True, dropout=(0.1,), batch=256, epochs=75,
                   lr=2e-3, beta2=0.99, warmup=0.05, decay=0.02, smoothing=0.05, average=0.999, deskew=True, calm=0.2,
                   rotation=12, shear=10, scale=0.15, shift=2, elastic=1.3, clean=0.1, focus=0.9,
                   teacher="cnn", distillation=1.0, all_data=True, temperature=0.55),
            Recipe("cnn", features=("5x5-16v", "pool", "3x3-48", "3x3-48", "pool", "3x3-96v", "3x3-96", "average"),
                   hidden=(), batch_norm=True, batch=128, epochs=10, lr=1e-2, beta2=0.99, schedule="one-cycle",
                   decay=0.02, smoothing=0.05, average=0.99, normalise="range", calm=0.25, rotation=8, shear=6,
                   scale=0.1, shift=1, elastic=0.8, clean=0.1),
            Recipe("quick", features=("5x5-16v", "pool", "3x3-48", "3x3-48", "pool", "3x3-96v", "3x3-96", "average"),
                   hidden=(), batch_norm=True, batch=128, epochs=4, lr=1e-2, beta2=0.99, schedule="one-cycle",
                   decay=0.02, smoothing=0.05, average=0.99, normalise="range", calm=0.25, rotation=8, shear=6,
                   scale=0.1, shift=1, elastic=0.8, clean=0.1, all_data=True, temperature=0.55),
            Recipe("cnn-best", features=("5x5-16v", "pool", "3x3-40", "3x3-40", "pool", "3x3-80v", "3x3-80", "average"),
                   hidden=(), columns=3, batch_norm=True, batch=384, epochs=120, lr=1e-2, beta2=0.99,
                   schedule="one-cycle", decay=0.02, smoothing=0.05, sharp=0.075, average=0.999, normalise="range",
                   calm=0.25, rotation=12, shear=9, scale=0.15, shift=1.5, elastic=1.2, clean=0.1, all_data=True,
                   temperature=0.67),
            Recipe("cnn-robust",
                   features=("5x5-32v", "pool", "3x3-64", "3x3-64", "pool", "3x3-128v", "3x3-128", "average"),
                   hidden=(), batch_norm=True, batch=128, epochs=24, lr=1e-2, beta2=0.99, schedule="one-cycle",
                   decay=0.02, smoothing=0.02, average=0.999, normalise="range", calm=0.25, rotation=15, shear=15,
                   scale=0.3, shift=3, elastic=1.0, stroke=0.5, clean=0.15, blur=0.6, noise=0.12, contrast=0.7,
                   clutter=0.4, outliers=0.14),
            Recipe("cnn-tiny", features=("3x3-8", "pool", "3x3-16", "3x3-16", "pool", "3x3-24", "average"), hidden=(),
                   batch_norm=True, batch=128, epochs=30, lr=1e-2, beta2=0.99, schedule="one-cycle", decay=0.02,
                   smoothing=0.02, average=0.999, normalise="range", deskew=True, calm=0.25, rotation=5, shear=4,
                   scale=0.08, shift=1, elastic=0.5, clean=0.1, all_data=True),
            Recipe("speed", features=("5x5-16v", "pool", "3x3-32", "pool", "3x3-64v"), hidden=(),
                   batch_norm=True, batch=128, epochs=1, lr=2e-2, beta2=0.99, schedule="one-cycle",
                   average=0.9, normalise="range", shift=1, all_data=True),
        )
    }
)  # fmt: skip


def recipe(name_or_path: str | Path) -> Recipe:
    """A named recipe, or one read from a TOML file: its `name` says which recipe the rest of the file changes."""
    if str(name_or_path) in RECIPES:
        return RECIPES[str(name_or_path)]
    path = Path(name_or_path)
    if path.suffix != ".toml":
        near = difflib.get_close_matches(str(name_or_path), RECIPES, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"expected {', '.join(RECIPES)} or a .toml file"
        raise UserError(f"no recipe '{name_or_path}': {hint}")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give the path of a recipe") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path}: not a TOML file: {error}") from None
    base = RECIPES.get(str(values.get("name", "")), Recipe("custom"))
    return base.change(**values)
