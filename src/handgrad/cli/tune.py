from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli.compile import progress as compiling
from handgrad.cli.options import json_option
from handgrad.cli.pictures import new_file
from handgrad.cli.text import print_json
from handgrad.files import remove_file
from handgrad.signals import exit_code, stop_signals

if TYPE_CHECKING:
    from handgrad.training.keeper import Keeper


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

    After Ctrl-C the same command goes on.
    """
    from handgrad.cli.terminal import console
    from handgrad.model.shipped import open_model
    from handgrad.training.compiling import compile_kernels
    from handgrad.training.tune import checkpoint_of, compared, kept, load_own, tuned, tuner

    if not checkpoint_of(out).exists():  # left beside a whole model where the disk failed last
        new_file(out, (".safetensors",))
    before = open_model(model)
    own = load_own(folder, before)
    for message in own.failed:
        click.echo(f"left out {message}", err=True)
    click.echo(f"learning from {len(own.learn)} pictures, judging by {len(own.held)}", err=True)
    trainer = tuner(before, own.learn, seed)
    keeper = kept(trainer, before, out)
    with compiling(console()) as report:
        compile_kernels(trainer.recipe, trainer.data, report)
    with stop_signals() as stopped:
        _train(keeper, stopped)
        after = tuned(trainer, before)
        found = compared(before, after, own.held)
        if not out.exists():
            after.save(out)  # last: once it is there, the command cannot be given again
        remove_file(keeper.path)
    for name, what in (("own", "your pictures, kept back"), ("mnist", "MNIST, validation images")):
        old, new = found[name]
        click.echo(f"{what:<26}{old:8.2%} before{new:8.2%} after", err=as_json)
    click.echo(f"model {out}", err=as_json)
    if as_json:
        print_json({**found, "learnt_from": len(own.learn), "held": len(own.held), "model": str(out)})


def _train(keeper: Keeper, stopped: list[int]) -> None:
    from handgrad.training.progress import Epoch

    trainer = keeper.trainer
    for event in (events := keeper.events()):
        if isinstance(event, Epoch):
            click.echo(f"epoch {event.epoch}/{trainer.recipe.epochs}  {event.seconds:.1f} s", err=True)
        if stopped:
            events.close()
            click.echo(f"stopped and saved after step {keeper.saved}; give the same command to go on", err=True)
            sys.exit(exit_code(*stopped))
