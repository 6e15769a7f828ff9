from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.options import form_options, model_option
from handgrad.cli.pictures import Unreadable, each_picture, finish, new_drawing, new_file, shown
from handgrad.cli.text import print_json, printable
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.model.model import Model
    from handgrad.reading import Answer
    from handgrad.reading.views import Normalised

MAX_STEPS = 40  # pictures whose steps are drawn
COLUMNS = ("path", "digit", "probability", "reason")
KAGGLE_COLUMNS = ("ImageId", "Label")
TABLES = (".csv", ".csv.gz")  # endings of tables of images


@click.command()
@click.argument("images", nargs=-1, required=True)
@model_option
@click.option("--show-steps", "steps", type=click.Path(path_type=Path), help="Draw what became of each image, to here.")
@click.option("--out", type=click.Path(path_type=Path), help="For a table of images: the .csv to write the answers to.")
@form_options
def predict(images: tuple[str, ...], model: str, steps: Path | None, out: Path | None, form: str) -> None:
    """Say which digit each of IMAGES shows, and how sure the model is; or that it is not sure, and why.

    IMAGES are pictures of one digit each, of any size, light or dark, or folders of them, or - for standard input. One
    that cannot be read is named, in JSON and CSV with its reason, and the others are still answered; the exit code is
    then 1, or 2 if none could be read.

    Instead of pictures, IMAGES can be one table as Kaggle's test.csv, with the pixels of an image a line. Its answers
    are a table too, with the columns ImageId and Label.
    """
    from handgrad.model.shipped import open_model

    if images[0].lower().endswith(TABLES):
        if len(images) > 1 or steps or form == "json":
            raise UserError(f"{images[0]}: a table is answered by a table; give it alone, with --out or --csv")
        new_file(out, TABLES[:1])
        _answer_table(Path(images[0]), open_model(model), out)
        return
    if out:
        raise UserError(f"--out {out} is for the answers to a table of images; for pictures, write --csv > {out}")
    new_drawing(steps)
    _answer_pictures(images, open_model(model), steps, form)


def _answer_pictures(images: tuple[str, ...], model: "Model", steps: Path | None, form: str) -> None:
    from handgrad.reading.reader import inspect_digit

    found, failed = 0, list[str]()
    seen: list[tuple[str, Normalised, Answer]] = []
    if form == "csv":
        _print_row(*COLUMNS)
    for path, made in each_picture(images, lambda source, name: inspect_digit(source, model, name), failed):
        if isinstance(made, Unreadable):
            _print_record({**dict.fromkeys(COLUMNS), "path": path, "reason": made.reason}, form)
            continue
        answer, normalised = made
        click.echo(printable(f"{shown(path)}: {_line(answer, model.classes)}"), err=bool(form))
        _print_record({"path": path, **answer.to_json()}, form)
        found += 1
        if steps and len(seen) < MAX_STEPS:
            seen.append((shown(path), normalised, answer))
    if steps and seen:
        from handgrad.report.reading import draw_steps

        draw_steps(seen, steps)
        click.echo(f"steps {steps}", err=bool(form))
    finish(found, failed)


def _print_record(values: dict[str, Any], form: str) -> None:
    """What other programs read of an answer: nothing where people do."""
    if form == "json":
        print_json(values)
    elif form == "csv":
        _print_row(*(values[name] for name in COLUMNS))


def _print_row(*cells: object) -> None:
    from handgrad.bulk.rows import csv_lines

    click.echo(csv_lines([cells]).decode(), nl=False)


def _answer_table(path: Path, model: "Model", out: Path | None) -> None:
    """Answer the images of a CSV table, as Kaggle wants the answers."""
    from handgrad.bulk.rows import csv_lines
    from handgrad.datasets.tables import load_pixels
    from handgrad.files import replace_file
    from handgrad.images.arrays import as_pixels

    height, width, channels = model.network.in_shape
    pixels = as_pixels(load_pixels(path), (height, width, channels), str(path))
    answers = [(i, model.classes[label]) for i, label in enumerate(model.predict(pixels), 1)]
    table = csv_lines([KAGGLE_COLUMNS, *answers])
    if not out:
        click.echo(table.decode(), nl=False)
        return
    replace_file(out, table)
    click.echo(f"{len(answers)} answers: {out}", err=True)


def _line(answer: "Answer", classes: tuple[str, ...]) -> str:
    """An answer for people: "7  99.9%   (then 2 0.0%  3 0.0%)", or "?" with the reason and the likeliest digit."""
    if answer.reason:
        return f"?  not sure: {answer.reason}" + (f" ({answer.likeliest})" if answer.likeliest else "")
    ranked = sorted(zip(answer.probabilities, classes, strict=True), reverse=True)[:3]
    others = "  ".join(f"{digit} {p:.1%}" for p, digit in ranked[1:])
    return f"{answer.digit}  {ranked[0][0]:.1%}   (then {others})"
