"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from handgrad.errors import UserError
from handgrad.model.shipped import MODEL_FILE, shipped_names
from handgrad.training.data import PICTURES, Source, source_of
from handgrad.training.options import Named, options
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import RECIPES, recipe

if TYPE_CHECKING:
    from handgrad.reading.picture import Box

Command = TypeVar("Command", bound=Callable[..., Any])

RUNS = Path("runs")
DEFAULT_RECIPE = "cnn"
REGION = re.compile(r"([0-9]{1,8}),([0-9]{1,8}),0*([1-9][0-9]{0,7}),0*([1-9][0-9]{0,7})")
GRID = re.compile(r"0*([1-9][0-9]{0,3})[xX]0*([1-9][0-9]{0,3})")


class RecipeOption(click.Option):
    """An option for a field of a recipe; its help shows the value that the chosen recipe has."""

    def __init__(self, *args: Any, named: Named, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.named = named

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        if record is None:
            return None
        o = self.named.option
        choices = f"{', '.join(o.choices)}; " if o.choices else ""
        return record[0], f"{o.help}  [{choices}{shown(getattr(_recipe_for_help(ctx), self.named.name))}]"


class RecipeCommand(click.Command):
    """A command with an option for each field of a recipe, listed in groups."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The recipe is looked up first, since `--help` shows its values."""
        for at, word in enumerate(args):
            if word == "--recipe" and args[at + 1 :]:
                ctx.meta["recipe"] = args[at + 1]
            elif word.startswith("--recipe="):
                ctx.meta["recipe"] = word.partition("=")[2]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        fields = [param for param in self.params if isinstance(param, RecipeOption)]
        others = [param for param in self.params if not isinstance(param, RecipeOption)]
        _write_options(ctx, formatter, "Options", [*others, self.get_help_option(ctx)])
        name = _recipe_for_help(ctx).name
        formatter.write_paragraph()
        formatter.write_text(f"The recipe's options change one value each; in brackets: what {name} has.")
        for group, members in groupby(fields, key=lambda param: param.named.option.group):
            _write_options(ctx, formatter, group.capitalize(), list(members))


def _write_options(ctx: click.Context, formatter: click.HelpFormatter, title: str, params: list[Any]) -> None:
    records = [record for param in params if param and (record := param.get_help_record(ctx))]
    if records:
        with formatter.section(title):
            formatter.write_dl(records)


def _recipe_for_help(ctx: click.Context) -> Recipe:
    return recipe(str(ctx.meta.get("recipe", DEFAULT_RECIPE)))


def shown(value: Any) -> str:
    """A field's value as one writes it on the command line."""
    if isinstance(value, tuple):
        return ",".join(map(shown, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def recipe_options(command: Command) -> Command:
    """--recipe, and an option for each field of a recipe; collect with `chosen_recipe`."""
    for named in reversed(options(Recipe).values()):
        command = _option(named)(command)
    names = ", ".join(RECIPES)
    return click.option(
        "--recipe", "name", default=DEFAULT_RECIPE, show_default=True, help=f"{names}, or a .toml file."
    )(command)


def _option(named: Named) -> Callable[[Command], Command]:
    flag = f"--{named.name.replace('_', '-')}"
    shared: dict[str, Any] = {"cls": RecipeOption, "named": named, "default": None, "help": named.option.help}
    if named.kind is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", named.name, **shared)
    metavar = {int: "N", float: "X", str: "NAME"}[named.kind]
    parse, metavar = (_list_of(named.kind), f"{metavar},...") if named.many else (named.kind, metavar)
    return click.option(flag, named.name, type=parse, metavar=metavar, **shared)


def _list_of(kind: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    def items(text: str) -> tuple[Any, ...]:
        return tuple(kind(part) for part in text.split(",") if part)

    items.__name__ = f"{'words' if kind is str else 'numbers'} separated by commas"
    return items


def chosen_recipe(name: str, overrides: dict[str, Any]) -> Recipe:
    """The named recipe with the options that were given."""
    return recipe(name).change(**{field: value for field, value in overrides.items() if value is not None})


def newest_model() -> Path:
    """The model of the newest run in ./runs."""
    models = sorted(RUNS.glob(f"*/{MODEL_FILE}"), key=lambda file: file.stat().st_mtime)
    if not models:
        raise UserError("no model in ./runs: train one with 'handgrad train', or give a model file")
    return models[-1]


def model_option(command: Command) -> Command:
    """--model, as text: a `pathlib.Path` would turn ./robust into robust, and a name goes before a path."""
    return click.option(
        "--model", default="robust", show_default=True,
        help=f"{', '.join(shipped_names())}, which come with handgrad, a model file or a run folder.",
    )(command)  # fmt: skip


def json_option(command: Command) -> Command:
    """--json: standard output carries JSON and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON alone; text goes to standard error.")(
        command
    )


def form_options(command: Command) -> Command:
    """--json and --csv, of commands that answer pictures: the name of the form, or nothing for text."""
    wrapped = click.option(
        "--csv", "form", flag_value="csv", help="Print a CSV table alone; text goes to standard error."
    )(command)
    return click.option(
        "--json", "form", flag_value="json", default="",
        help="Print JSON alone, a line a picture; text goes to standard error.",
    )(wrapped)  # fmt: skip


def place_options(command: Command) -> Command:
    """--region and --grid: which part of a picture is read, and its cells."""
    wrapped = click.option(
        "--grid", type=_grid, metavar="COLUMNSxROWS", help="Read cells of one size, one digit each, as 8x1."
    )(command)
    return click.option(
        "--region", type=_region, metavar="X,Y,W,H",
        help="Read this part alone: left, top, width and height in pixels.",
    )(wrapped)  # fmt: skip


def _region(text: str) -> Box:
    found = REGION.fullmatch(text)
    if not found:
        raise UserError(
            f"--region {text}: expected left, top, width and height in pixels, four whole numbers as in 0,120,800,60"
        )
    left, top, width, height = map(int, found.groups())
    return left, top, width, height


def _grid(text: str) -> tuple[int, int]:
    found = GRID.fullmatch(text)
    if not found:
        raise UserError(f"--grid {text}: expected the numbers of columns and rows, 1 to 9999 each, as in 8x1")
    columns, rows = map(int, found.groups())
    return columns, rows


def dataset_option(command: Command) -> Command:
    """--data, --as and --size, which the command gets as one `Source` called dataset."""

    @wraps(command)
    def collected(*args: Any, dataset: str, pictures: str, size: int | None, **kwargs: Any) -> Any:
        _name_shadowed(dataset)
        return command(*args, dataset=source_of(Source(dataset, pictures, size or 0)), **kwargs)

    wrapped: Any = click.option(
        "--size", type=click.IntRange(1), metavar="N", help="Resize whole pictures to N x N pixels."
    )(collected)
    wrapped = click.option(
        "--as", "pictures", type=click.Choice(PICTURES), default="digits", show_default=True,
        help="Pictures of a folder: one digit each, whose ink is cut out and centred, or whole pictures.",
    )(wrapped)  # fmt: skip
    made: Command = click.option(
        "--data", "dataset", default="mnist", show_default=True,
        help="A data set's name ('handgrad data list'), a folder, or an .npz, .csv or .parquet file.",
    )(wrapped)  # fmt: skip
    return made


def _name_shadowed(dataset: str) -> None:
    """Say which of two was taken where a data set's name is also that of a file or folder here."""
    from handgrad.datasets import shadowed

    if path := shadowed(dataset):
        click.echo(f"data set {dataset}; write ./{path.name} for the folder or file called so", err=True)
