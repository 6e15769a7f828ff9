from __future__ import annotations

import math
import sys
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.board import Board
from handgrad.cli.compile import progress
from handgrad.cli.options import RecipeCommand, chosen_recipe, dataset_option, recipe_options
from handgrad.cli.train import follow
from handgrad.errors import UserError
from handgrad.signals import exit_code

if TYPE_CHECKING:
    from handgrad.sweeps import Sweep
    from handgrad.training.data import Source

ADDRESS = "tcp://HOST:PORT"


@click.command(cls=RecipeCommand)
@recipe_options
@dataset_option
@click.option(
    "--vary",
    "varied",
    multiple=True,
    metavar="FIELD=LEVEL,LEVEL,...",
    help="Levels of a field, the simplest first; a/b within a level sets one a layer. Repeated: a grid.",
)
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Seeds for each level.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; the same command goes on with it.")
@click.option("--workers", type=click.IntRange(1), help="Processes, each on one core.  [default: all cores]")
@click.option("--cluster", metavar=ADDRESS, help="Dask scheduler whose workers to use instead.")
@click.option(
    "--time-limit",
    "limit",
    type=click.FloatRange(0, min_open=True),
    default=3600.0,
    show_default=True,
    help="Seconds that a trial may take.",
)
def sweep(
    name: str, dataset: Source, varied: tuple[str, ...], seeds: int, out: Path, workers: int | None,
    cluster: str | None, limit: float, **overrides: Any,
) -> None:  # fmt: skip
    """Try levels of a recipe's fields with several seeds, choose on validation images, test the winner once.

    After Ctrl-C, or a crash, give the same command again to go on; on a cluster, trials under way begin anew.
    """
    from handgrad.sweeps import Sweep
    from handgrad.sweeps.grid import parse_vary

    if cluster and workers:
        raise UserError("--workers starts processes here, --cluster uses a scheduler elsewhere: give one of them")
    if math.isnan(limit):
        raise UserError("--time-limit is nan: expected seconds")
    vary, recipe = parse_vary(varied), chosen_recipe(name, overrides)
    made = Sweep.open(out, recipe, vary, seeds, dataset)
    try:
        _run(made, workers or _cores(), cluster or "", limit)
        _conclude(made)
    except KeyboardInterrupt as stop:
        done = len(made.folder.records())
        click.echo(
            f"stopped; {done} of {len(made.plan.trials)} trials are kept: give the same command to go on", err=True
        )
        sys.exit(exit_code(*stop.args))


def _cores() -> int:
    """As many workers as cores, where Dask is there to start them."""
    from handgrad.kernels.threads import available

    return 1 if find_spec("distributed") is None else available()


def _run(made: Sweep, workers: int, cluster: str, limit: float) -> None:
    """Run the trials under a table of the levels; where nobody watches, with a line for each trial."""
    from handgrad.cli.terminal import console as standard_error

    console, board = standard_error(), Board(made)
    if board.left() and not cluster:
        with progress(console) as report:
            made.compile_kernels(report)
    with _live(console) if console.is_terminal else nullcontext() as live:
        for event in made.run(workers, cluster, limit):
            line = board.note(event)
            if live:
                live.update(board.table(), refresh=True)
            elif line:
                click.echo(line, err=True)


def _live(console: Any) -> Any:
    from rich.live import Live

    return Live(console=console, auto_refresh=False)


def _conclude(made: Sweep) -> None:
    """Choose, train the winner, show what came out."""
    choice = made.choose()
    for trial, reason in made.failures.items():
        click.echo(f"set aside: {made.plan.describe(trial)}: {reason}", err=True)
    click.echo(choice.sentence())
    if run := made.winner(choice):
        follow(run)
    found = made.conclude(choice)
    low, high = found.interval
    click.echo(f"{choice.winner}, trained with seed {made.plan.seeds}: test accuracy {found.accuracy:.2%}, "
               f"95 % interval {low:.2%} to {high:.2%}")  # fmt: skip
    if made.report.exists():
        click.echo(f"report {made.report}")
