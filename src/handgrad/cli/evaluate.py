from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from handgrad.cli.options import dataset_option, json_option, newest_model
from handgrad.cli.text import print_json, printable
from handgrad.model.shipped import FOLDER, model_file

if TYPE_CHECKING:
    from handgrad.evaluation.metrics import Evaluation
    from handgrad.training.data import Source


@click.command()
@click.argument("model", required=False)
@dataset_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder for pictures and report.  [default: the run's]")
@json_option
def evaluate(model: str | None, dataset: Source, out: Path | None, as_json: bool) -> None:
    """Say how good MODEL is: a run folder, a model file, or one that comes along; else the newest in ./runs.

    It is judged by the test images of what it was trained on, or of --data. Where there are none, by a tenth of the
    images, which training keeps back. Writes confusion.png, mistakes.png, mistakes.csv, evaluation.html and
    evaluation.json. In mistakes.csv, index counts the images of the data set's file or folder, from 0.
    """
    from handgrad.report.style import can_draw
    from handgrad.training.evaluate import evaluate_file, source_of_run

    path = model_file(model) if model else newest_model()
    if click.get_current_context().get_parameter_source("dataset") == ParameterSource.DEFAULT:
        dataset = source_of_run(path) or dataset
    folder = out or _beside(path)
    found, part = evaluate_file(path, dataset, folder)
    _show(found, f"{part} images of {dataset.dataset}", as_json)
    if can_draw():
        click.echo(f"report {folder / 'evaluation.html'}", err=as_json)
    else:
        click.echo(f"mistakes {folder / 'mistakes.csv'}; for pictures and a report, pip install matplotlib", err=True)
    if as_json:
        print_json(found.to_json())


def _beside(model: Path) -> Path:
    """The model's folder, but never the package's own."""
    return Path(f"{model.stem}-evaluation") if model.parent == FOLDER else model.parent


def _show(found: Evaluation, images: str, as_json: bool) -> None:
    low, high, classes = *found.interval, [printable(name) for name in found.classes]
    part = images.split()[0]
    lines = [
        f"{part} accuracy {found.accuracy:.2%} of {found.n:,} {images}, 95 % interval {low:.2%} to {high:.2%}",
        f"negative log-likelihood {found.nll:.4f}, calibration error {found.ece:.2%}",
    ]
    wide = max(5, *(len(name) for name in classes))
    lines.append(f"\n{'':{wide}}  {'precision':>9}  {'recall':>7}  {'F1':>7}")
    for name, *rates in zip(classes, found.precision, found.recall, found.f1, strict=True):
        lines.append(f"{name:{wide}}  {rates[0]:>9.2%}  {rates[1]:>7.2%}  {rates[2]:>7.2%}")
    lines.append("\nconfusion: true classes down, predicted across")
    lines.append(f"{'':{wide}} " + "".join(f"{name:>{wide + 1}}" for name in classes))
    for name, row in zip(classes, found.confusion, strict=True):
        lines.append(f"{name:{wide}} " + "".join(f"{n or '.':>{wide + 1}}" for n in row.tolist()))
    click.echo("\n".join([*lines, ""]), err=as_json)
