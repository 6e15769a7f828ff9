from __future__ import annotations

from pathlib import Path

import click

from handgrad.cli.options import json_option
from handgrad.cli.pictures import new_file
from handgrad.cli.text import print_json


@click.command()
@click.argument("model")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default="tuned.safetensors", show_default=True,
              help="Model file to write.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Of every random number.")
@json_option
def tune(model: str, folder: Path, out: Path, seed: int, as_json: bool) -> None:
    """Go on training MODEL on your own digits: pictures in FOLDER/0 to FOLDER/9, of any size.

    They are mixed with MNIST's, so that nothing is forgotten. A fifth of them is kept back; before and after are
    reported on that fifth and on MNIST's validation images. MODEL itself stays as it is.
    """
    from handgrad.datasets import load
    from handgrad.model.shipped import open_model
    from handgrad.training.progress import Epoch
    from handgrad.training.tune import accuracy, load_own, tuned, tuner

    new_file(out, (".safetensors",))
    before = open_model(model)
    own = load_own(folder, before)
    for message in own.failed:
        click.echo(f"left out {message}", err=True)
    click.echo(f"learning from {len(own.learn)} pictures, judging by {len(own.held)}", err=True)
    trainer = tuner(before, own.learn, seed)
    for event in trainer.run():
        if isinstance(event, Epoch):
            click.echo(f"epoch {event.epoch}/{trainer.recipe.epochs}  {event.seconds:.1f} s", err=True)
    after = tuned(trainer, before)
    after.save(out)
    valid = load("mnist").split()[1]
    found = {
        "own": [accuracy(before, own.held), accuracy(after, own.held)],
        "mnist": [accuracy(before, valid), accuracy(after, valid)],
    }
    for name, what in (("own", "your pictures, kept back"), ("mnist", "MNIST, validation images")):
        old, new = found[name]
        click.echo(f"{what:<26}{old:8.2%} before{new:8.2%} after", err=as_json)
    click.echo(f"model {out}", err=as_json)
    if as_json:
        print_json({**found, "learnt_from": len(own.learn), "held": len(own.held), "model": str(out)})
