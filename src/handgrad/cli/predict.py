import json
from dataclasses import asdict
from pathlib import Path

import click

from handgrad.cli.options import json_option, model_option, reader_model
from handgrad.cli.pictures import DRAWINGS, each_picture, name_failed, new_file

SHOWN = 40  # images whose steps are drawn


@click.command()
@click.argument("images", type=click.Path(path_type=Path), nargs=-1, required=True)
@model_option
@click.option("--show-steps", "steps", type=click.Path(path_type=Path), help="Draw what became of each image, to here.")
@json_option
def predict(images: tuple[Path, ...], model: Path, steps: Path | None, as_json: bool) -> None:
    """Say which digit each of IMAGES shows, and how sure the model is; or that it is not sure, and why.

    IMAGES are pictures of one digit each, of any size, light or dark, or folders of them. One that cannot be read is
    named and the others are still answered; the exit code is then 1.
    """
    from handgrad.reading.normalise import BLANK, Normalised
    from handgrad.reading.reader import Answer, read_digit

    new_file(steps, DRAWINGS)
    trained = reader_model(model)
    found = []
    failed: list[str] = []
    seen: list[tuple[str, Normalised, Answer]] = []
    for path, (answer, normalised) in each_picture(images, lambda path: read_digit(trained, path), failed):
        ranked = sorted(zip(answer.probabilities, trained.classes, strict=True), reverse=True)[:3]
        if answer.reason:
            likeliest = "" if answer.reason == BLANK else f"   (likeliest {ranked[0][1]})"
            click.echo(f"{path}: ?  not sure: {answer.reason}{likeliest}")
        else:
            others = "  ".join(f"{digit} {p:.1%}" for p, digit in ranked[1:])
            click.echo(f"{path}: {answer.digit}  {ranked[0][0]:.1%}   (then {others})")
        probability = max(answer.probabilities)
        found.append({"path": str(path), **asdict(answer), "probability": probability})
        if steps and len(seen) < SHOWN:
            seen.append((str(path), normalised, answer))
    if steps and seen:
        from handgrad.report.reading import draw_steps

        draw_steps(seen, steps)
        click.echo(f"steps {steps}")
    if as_json:
        click.echo(json.dumps(found))
    name_failed(failed, bool(found))
