from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli.options import json_option, model_option
from handgrad.cli.pictures import each_picture, finish, new_drawing, shown
from handgrad.cli.text import printable

if TYPE_CHECKING:
    from handgrad.reading import Answer
    from handgrad.reading.views import Normalised

MAX_STEPS = 40  # pictures whose steps are drawn


@click.command()
@click.argument("images", nargs=-1, required=True)
@model_option
@click.option("--show-steps", "steps", type=click.Path(path_type=Path), help="Draw what became of each image, to here.")
@json_option
def predict(images: tuple[str, ...], model: str, steps: Path | None, as_json: bool) -> None:
    """Say which digit each of IMAGES shows, and how sure the model is; or that it is not sure, and why.

    IMAGES are pictures of one digit each, of any size, light or dark, or folders of them, or - for standard input. One
    that cannot be read is named and the others are still answered; the exit code is then 1.
    """
    from handgrad.model.shipped import open_model
    from handgrad.reading.reader import inspect_digit

    new_drawing(steps)
    trained = open_model(model)
    found = []
    failed: list[str] = []
    seen: list[tuple[str, Normalised, Answer]] = []
    for path, (answer, normalised) in each_picture(
        images, lambda source, name: inspect_digit(source, trained, name), failed
    ):
        click.echo(printable(f"{shown(path)}: {_line(answer, trained.classes)}"), err=as_json)
        found.append({"path": path, **answer.to_json()})
        if steps and len(seen) < MAX_STEPS:
            seen.append((shown(path), normalised, answer))
    if steps and seen:
        from handgrad.report.reading import draw_steps

        draw_steps(seen, steps)
        click.echo(f"steps {steps}", err=as_json)
    finish(found, failed, as_json)


def _line(answer: "Answer", classes: tuple[str, ...]) -> str:
    """An answer for people: "7  99.9%   (then 2 0.0%  3 0.0%)", or "?" with the reason and the likeliest digit."""
    if answer.reason:
        return f"?  not sure: {answer.reason}" + (f" ({answer.likeliest})" if answer.likeliest else "")
    ranked = sorted(zip(answer.probabilities, classes, strict=True), reverse=True)[:3]
    others = "  ".join(f"{digit} {p:.1%}" for p, digit in ranked[1:])
    return f"{answer.digit}  {ranked[0][0]:.1%}   (then {others})"
