import json
import sys
from pathlib import Path

import click

from handgrad.cli.options import find_model, json_option
from handgrad.errors import UserError


@click.command()
@click.argument("images", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--model", type=click.Path(path_type=Path), default="cnn", show_default=True,
    help="cnn, mlp or tiny, which come with handgrad, a model file or a run folder.",
)  # fmt: skip
@json_option
def predict(images: tuple[Path, ...], model: Path, as_json: bool) -> None:
    """Say which digit each of IMAGES shows, and how sure the model is.

    An image that cannot be read is named and the others are still answered; the exit code is then 1.
    """
    from handgrad.model import Model
    from handgrad.reading.normalise import normalise

    trained = Model.load(find_model(model))
    height, width, channels = trained.network.in_shape
    if channels != 1:
        raise UserError("this model sees colour images: expected one for grey images; predict takes digits")
    found, failed = [], []
    for path in images:
        try:
            pixels = normalise(path, height, width)
        except UserError as error:
            failed.append(str(error))
            continue
        probabilities = trained.predict_proba(pixels[None])[0]
        best = int(probabilities.argmax())
        answer = {"path": str(path), "digit": trained.classes[best], "probability": float(probabilities[best])}
        found.append(answer | {"probabilities": [float(p) for p in probabilities]})
        others = "  ".join(f"{trained.classes[k]} {probabilities[k]:.1%}" for k in (-probabilities).argsort()[1:3])
        click.echo(f"{path}: {answer['digit']}  {probabilities[best]:.1%}   (then {others})")
    for message in failed:
        click.echo(f"handgrad: {message}", err=True)
    if as_json:
        click.echo(json.dumps(found))
    if failed:
        sys.exit(1 if found else 2)
