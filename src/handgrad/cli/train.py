import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from handgrad.cli.options import RUNS, chosen_recipe, dataset_option, json_option, recipe_options
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.training.run import Run
    from handgrad.training.trainer import Epoch


@click.command()
@recipe_options
@dataset_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of every random number.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder to make.  [default: runs/RECIPE-N]")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with the run in this folder.")
@json_option
def train(
    name: str, dataset: str, seed: int, out: Path | None, resume: Path | None, as_json: bool, **overrides: Any
) -> None:
    """Train a network and leave a run folder: model, recipe, history, curves, report.

    Ctrl-C stops after the step under way and saves; --resume goes on, to the same weights as an unbroken run.
    """
    from handgrad.training.run import Run

    if resume is not None:
        source = click.get_current_context().get_parameter_source
        given = [
            field
            for field in ("name", "dataset", "seed", "out", *overrides)
            if source(field) != ParameterSource.DEFAULT
        ]
        if given:
            option = {"name": "recipe", "dataset": "data"}.get(given[0], given[0]).replace("_", "-")
            raise UserError(f"--resume goes on with the run's own recipe, data and seed: leave out --{option}")
        run = Run.resume(resume)
    else:
        recipe = chosen_recipe(name, overrides)
        run = Run.begin(out or _free_folder(recipe.name), recipe, dataset, seed)
    if not follow(run):
        step = run.trainer.step
        click.echo(f"stopped and saved after step {step}; go on with: handgrad train --resume {run.folder}", err=True)
        sys.exit(130)
    _announce(run, run.finish(), as_json)


def _free_folder(name: str) -> Path:
    return next(folder for i in count(1) if not (folder := RUNS / f"{name}-{i}").exists())


def follow(run: "Run") -> bool:
    """Draw a run until its end (True) or until it is told to stop (False)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from handgrad.training.trainer import Epoch, warm_up

    console = Console(stderr=True)
    try:
        with console.status("compiling kernels (once for this machine)"):
            warm_up(run.trainer.recipe, run.trainer.data)
    except KeyboardInterrupt:
        return False  # what there is was saved when the run was begun, or left
    columns = (
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    trainer = run.trainer
    with _stop_signals() as stopped, Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=trainer.steps, completed=trainer.step)
        for event in (events := run.events()):
            if isinstance(event, Epoch):
                console.print(_line(event, trainer.recipe.epochs), highlight=False, soft_wrap=True)
            elif event.step % 10 == 0:
                progress.update(task, completed=event.step, description=_now(run, event.loss))
            if stopped:
                events.close()
                return False
        progress.update(task, completed=trainer.steps)
    if run.problem:
        click.echo(f"warning: {run.problem}", err=True)
    return True


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list that fills when Ctrl-C or a termination arrives; the second one ends the process at once."""
    seen: list[int] = []

    def note(number: int, frame: object) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _now(run: "Run", loss: float) -> str:
    trainer = run.trainer
    done = (trainer.step - 1) % trainer.steps_per_epoch + 1
    speed = done * trainer.batch / trainer.seconds if trainer.seconds else 0.0
    valid = [epoch.valid_accuracy for epoch in trainer.history if epoch.valid_accuracy is not None]
    best = f"  valid {valid[-1]:.2%}" if valid else ""
    return f"epoch {len(trainer.history) + 1}/{trainer.recipe.epochs}  {speed:,.0f} images/s  loss {loss:.4f}{best}"


def _line(epoch: "Epoch", epochs: int) -> str:
    valid = "" if epoch.valid_accuracy is None else f"  valid {epoch.valid_loss:.4f} {epoch.valid_accuracy:7.2%}"
    return (
        f"epoch {epoch.epoch:>3}/{epochs}  train {epoch.train_loss:.4f} {epoch.train_accuracy:7.2%}{valid}"
        f"  {epoch.images_per_second:>8,.0f} images/s  {epoch.seconds:5.1f} s"
    )


def _announce(run: "Run", model: Path, as_json: bool) -> None:
    from handgrad.training.run import train_seconds

    trainer, seconds = run.trainer, train_seconds(run.trainer)
    last = trainer.history[-1]
    click.echo(f"trained {trainer.recipe.name} in {seconds:.1f} s; model {model}, report {run.folder / 'report.html'}")
    if as_json:
        images = trainer.steps * trainer.batch
        found = {
            "recipe": trainer.recipe.name, "seed": trainer.seed, "epochs": trainer.recipe.epochs,
            "train_seconds": round(seconds, 3), "images_per_second": round(images / seconds, 1),
            "valid_accuracy": last.valid_accuracy, "model": str(model),
        }  # fmt: skip
        click.echo(json.dumps(found))
