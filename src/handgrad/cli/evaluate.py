import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli.options import dataset_option, find_model, json_option, newest_model
from handgrad.model.model import SHIPPED

if TYPE_CHECKING:
    from handgrad.evaluation.metrics import Evaluation


@click.command()
@click.argument("model", type=click.Path(path_type=Path), required=False)
@dataset_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder for pictures and report.  [default: the run's]")
@json_option
def evaluate(model: Path | None, dataset: str, out: Path | None, as_json: bool) -> None:
    """How good MODEL is on the test images: a file, a run folder, or cnn, mlp, robust, tiny; else the newest in ./runs.

    Writes confusion.png, mistakes.png, evaluation.html and evaluation.json.
    """
    from handgrad.training.run import judge

    path = find_model(model) if model else newest_model()
    folder = out or _beside(path)
    found = judge(path, dataset, folder)
    _show(found)
    click.echo(f"report {folder / 'evaluation.html'}")
    if as_json:
        click.echo(json.dumps(found.to_json()))


def _beside(model: Path) -> Path:
    """The model's folder, but never the package's own."""
    return Path(f"{model.stem}-evaluation") if model.parent == SHIPPED else model.parent


def _show(found: "Evaluation") -> None:
    low, high, classes = *found.interval, found.classes
    click.echo(f"test accuracy {found.accuracy:.2%} of {found.n:,} images, 95 % interval {low:.2%} to {high:.2%}")
    click.echo(f"negative log-likelihood {found.nll:.4f}, calibration error {found.ece:.2%}")
    wide = max(5, *(len(name) for name in classes))
    click.echo(f"\n{'':{wide}}  {'precision':>9}  {'recall':>7}  {'F1':>7}")
    for name, *rates in zip(classes, found.precision, found.recall, found.f1, strict=True):
        click.echo(f"{name:{wide}}  {rates[0]:>9.2%}  {rates[1]:>7.2%}  {rates[2]:>7.2%}")
    click.echo("\nconfusion: true classes down, predicted across")
    click.echo(f"{'':{wide}} " + "".join(f"{name:>{wide + 1}}" for name in classes))
    for name, row in zip(classes, found.confusion, strict=True):
        click.echo(f"{name:{wide}} " + "".join(f"{n or '.':>{wide + 1}}" for n in row.tolist()))
    click.echo()
