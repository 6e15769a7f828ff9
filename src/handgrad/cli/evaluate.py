import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli.options import dataset_option, find_model, json_option
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.evaluate import Evaluation


@click.command()
@click.argument("model", type=click.Path(path_type=Path), required=False)
@dataset_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder for pictures and report.  [default: the model's]")
@json_option
def evaluate(model: Path | None, dataset: str, out: Path | None, as_json: bool) -> None:
    """How good MODEL is on the test images; without MODEL, the newest run in ./runs.

    Writes confusion.png, mistakes.png and evaluation.html.
    """
    from handgrad import report
    from handgrad.datasets import load
    from handgrad.evaluate import evaluate as judge
    from handgrad.files import make_folder
    from handgrad.model import Model

    path = find_model(model)
    trained, data = Model.load(path), load(dataset)
    if data.test is None:
        raise UserError(f"{dataset}: has no test images, expected a 'test' part; choose another data set")
    if trained.classes != data.test.classes:
        raise UserError(f"{dataset}: its classes are {data.test.classes}, the model's are {trained.classes}")
    probabilities = trained.predict_proba(data.test.pixels)
    found = judge(probabilities, data.test.labels, trained.classes)
    folder = out or path.parent
    make_folder(folder)
    worst = report.mistakes(data.test.pixels, data.test.labels, probabilities, found.mistakes, trained.classes)
    report.save(report.confusion_matrix(found.confusion, trained.classes), folder / "confusion.png")
    report.save(worst, folder / "mistakes.png")
    facts = {
        "Model": path.name,
        "Recipe": str(trained.record.get("recipe", {}).get("name", "unknown")),
        "Data": dataset,
    }
    page = report.evaluation_page(f"{facts['Recipe']} on {dataset}", facts, found, worst)
    report.write_page(page, folder / "evaluation.html")
    _show(found, trained.classes)
    click.echo(f"report {folder / 'evaluation.html'}")
    if as_json:
        click.echo(json.dumps(found.to_json()))


def _show(found: "Evaluation", classes: tuple[str, ...]) -> None:
    low, high = found.interval
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
