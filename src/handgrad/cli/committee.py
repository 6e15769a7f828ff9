from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli.options import dataset_option, json_option
from handgrad.cli.text import print_json
from handgrad.cli.train import follow
from handgrad.errors import UserError
from handgrad.model.shipped import MODEL_FILE
from handgrad.signals import exit_code

if TYPE_CHECKING:
    from handgrad.training.data import Source


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default="committee", show_default=True,
              help="Folder for the members' runs and the model.")  # fmt: skip
@dataset_option
@json_option
def committee(out: Path, dataset: Source, as_json: bool) -> None:
    """Train the members of a committee, one after another, and join them into one model, in which they vote.

    After Ctrl-C the same command goes on where it was left. The model is used as any other: handgrad evaluate OUT.
    """
    from handgrad.files import is_free
    from handgrad.model.model import Model
    from handgrad.training.committee import members, vote
    from handgrad.training.run import Run

    dataset.load()  # before anything is made
    if not (out / "members").is_dir() and not is_free(out):
        raise UserError(f"{out}: exists and holds no committee; choose another folder")
    chosen = members()
    folders = [out / "members" / member.name for member in chosen]
    for i, (member, folder) in enumerate(zip(chosen, folders, strict=True)):
        click.echo(f"member {i + 1}/{len(chosen)}: {member.name}", err=True)
        run = Run.begin_or_resume(folder, member.recipe, dataset, member.seed)
        try:
            if run:
                follow(run)
        except KeyboardInterrupt as stop:
            click.echo("stopped and saved; give the same command to go on", err=True)
            sys.exit(exit_code(*stop.args))
    vote([Model.load(folder / MODEL_FILE) for folder in folders]).save(out / MODEL_FILE)
    click.echo(f"{len(chosen)} members joined; model {out / MODEL_FILE}", err=as_json)
    if as_json:
        found = {"members": [member.name for member in chosen], "model": str(out / MODEL_FILE)}
        print_json(found)
