"""Options that several commands share."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import click

from handgrad.errors import UserError
from handgrad.model.model import shipped
from handgrad.training.recipe import RECIPES, Recipe, recipe

if TYPE_CHECKING:
    from handgrad.model.model import Model

Command = TypeVar("Command", bound=Callable[..., Any])

RUNS = Path("runs")
MODEL_FILE = "model.safetensors"

HELP = {
    "features": "Convolutional part, a word a layer, as 3x3-32,pool,3x3-64,residual,average.",
    "hidden": "Units of each hidden layer, as 512,512,512.",
    "columns": "Networks of these layers side by side, that learn apart and answer together.",
    "batch_norm": "Batch normalisation before each ReLU.",
    "dropout": "Dropout rate behind each hidden layer: one number, or one each.",
    "input_dropout": "Dropout rate of the pixels.",
    "init": "Start of the weights: he, glorot, lecun or normal:DEVIATION.",
    "layer_lr": "Share of the learning rate for each dense layer, as 0.1,0.2,0.1,0.1.",
    "epochs": "Passes over the training images.",
    "batch": "Images in a mini-batch.",
    "optimiser": "sgd, adam or adamw.",
    "lr": "Learning rate, the highest of the schedule.",
    "momentum": "Momentum of sgd, beta1 of adam and adamw.",
    "nesterov": "Nesterov's form of momentum, for sgd.",
    "beta2": "Of adam and adamw.",
    "decay": "Weight decay, on weights only.",
    "schedule": "constant, step, cosine or one-cycle.",
    "warmup": "Share of the steps in which the rate rises.",
    "smoothing": "Label smoothing.",
    "sharp": "Share of the epochs, the last, without label smoothing.",
    "clip": "Largest norm of the gradient, 0 for no limit.",
    "average": "Decay of the running average of the weights, 0 for none.",
    "normalise": "range (0 to 1), image (one mean and deviation) or pixel (one each).",
    "deskew": "Set slanted digits upright first.",
    "rotation": "Augmentation: largest rotation, degrees.",
    "shear": "Augmentation: largest slant, degrees.",
    "scale": "Augmentation: largest stretch of an axis, 0.1 for 10 %.",
    "shift": "Augmentation: largest shift, pixels.",
    "elastic": "Augmentation: elastic displacement, pixels.",
    "stroke": "Augmentation: largest change of stroke width, 0 to 1.",
    "flip": "Augmentation: mirror half of the images (never for digits).",
    "clean": "Augmentation: share of images left as they are.",
    "blur": "Augmentation: largest blur, 0 to 1.",
    "noise": "Augmentation: largest noise, 0 to 1.",
    "contrast": "Augmentation: largest loss of contrast, 0 to 1.",
    "clutter": "Augmentation: share of images with lines, patches, contours or specks.",
    "outliers": "Share of each batch that shows no digit, for a network that can tell.",
    "calm": "Share of the epochs, the last, with half the distortion.",
    "focus": "Share of the images drawn by how hard they are, 0 to draw each once an epoch.",
    "teacher": "A model whose answers are learnt beside the labels: cnn, say, or a model file.",
    "distillation": "Share of the target that is the teacher's, 0 to 1.",
    "all_data": "Learn from the validation images too.",
    "temperature": "Of the probabilities, where no validation images are kept back to find it.",
}


def recipe_options(command: Command) -> Command:
    """--recipe, and an option for each field of a recipe; collect with `chosen_recipe`."""
    kinds = get_type_hints(Recipe)
    for field in reversed(fields(Recipe)):
        if field.name != "name":
            command = _option(field.name, kinds[field.name])(command)
    names = ", ".join(RECIPES)
    return click.option("--recipe", "name", default="cnn", show_default=True, help=f"{names}, or a .toml file.")(
        command
    )


def _option(name: str, kind: Any) -> Callable[[Command], Command]:
    flag = name.replace("_", "-")
    if kind is bool:
        return click.option(f"--{flag}/--no-{flag}", name, default=None, help=HELP[name])
    simple = {int: (int, "N"), float: (float, "X"), str: (str, "NAME")}
    parse, metavar = simple.get(kind) or (_list_of(get_args(kind)[0]), "X,X,...")
    return click.option(f"--{flag}", name, type=parse, metavar=metavar, default=None, help=HELP[name])


def _list_of(kind: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    def items(text: str) -> tuple[Any, ...]:
        return tuple(kind(part) for part in text.split(",") if part)

    items.__name__ = f"{'words' if kind is str else 'numbers'} separated by commas"
    return items


def chosen_recipe(name: str, overrides: dict[str, Any]) -> Recipe:
    """The named recipe with the options that were given."""
    return recipe(name).change(**{field: value for field, value in overrides.items() if value is not None})


def find_model(given: Path) -> Path:
    """The model file of a run folder, the file itself, or that of a pretrained model called so."""
    if given.is_dir():
        return given / MODEL_FILE
    return given if given.exists() or given.suffix or given.parent != Path() else shipped(str(given))


def newest_model() -> Path:
    """The model of the newest run in ./runs."""
    models = sorted(RUNS.glob(f"*/{MODEL_FILE}"), key=lambda file: file.stat().st_mtime)
    if not models:
        raise UserError("no model in ./runs: train one with 'handgrad train', or give a model file")
    return models[-1]


def model_option(command: Command) -> Command:
    return click.option(
        "--model", metavar="MODEL", default="robust", show_default=True,
        help="robust, cnn, mlp or tiny, which come with handgrad, a model file or a run folder.",
    )(command)  # fmt: skip


def reader_model(given: Path) -> "Model":
    """The model to read digits with."""
    from handgrad.model.model import Model

    return Model.load(find_model(given))


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON as the last line.")(command)


def dataset_option(command: Command) -> Command:
    return click.option(
        "--data", "dataset", default="mnist", show_default=True,
        help="A data set's name, or a folder; see 'handgrad data list'.",
    )(command)  # fmt: skip
