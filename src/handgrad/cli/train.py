from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from handgrad.cli.compile import progress as compiling
from handgrad.cli.options import RUNS, RecipeCommand, chosen_recipe, dataset_option, json_option, recipe_options
from handgrad.cli.text import print_json
from handgrad.errors import UserError
from handgrad.files import make_folder
from handgrad.signals import exit_code, stop_signals

if TYPE_CHECKING:
    from handgrad.training.data import Source
    from handgrad.training.progress import Epoch, Step
    from handgrad.training.run import Run


@click.command(cls=RecipeCommand)
@recipe_options
@dataset_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of every random number.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder to make.  [default: runs/RECIPE-N]")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with the run in this folder.")
@json_option
def train(
    name: str, dataset: Source, seed: int, out: Path | None, resume: Path | None, as_json: bool, **overrides: Any
) -> None:
    """Train a network and leave a run folder: model, recipe, history, curves, report.

    Ctrl-C stops after the step under way and saves; --resume goes on, to the same weights as an unbroken run.
    """
    from handgrad.training.run import Run

    if resume is not None:
        _reject_options_beside_resume(overrides)
        run = Run.resume(resume)
    else:
        recipe = chosen_recipe(name, overrides)
        with nullcontext(out) if out else _new_folder(recipe.name) as folder:
            run = Run.begin(folder, recipe, dataset, seed)
    try:
        model = follow(run)
    except KeyboardInterrupt as stop:
        saved = f"stopped and saved after step {run.keeper.saved}"
        click.echo(f"{saved}; go on with: handgrad train --resume {run.folder}", err=True)
        sys.exit(exit_code(*stop.args))
    _announce(run, model, as_json)


def _reject_options_beside_resume(overrides: dict[str, Any]) -> None:
    source = click.get_current_context().get_parameter_source
    fields = ("name", "dataset", "pictures", "size", "seed", "out", *overrides)
    given = [field for field in fields if source(field) != ParameterSource.DEFAULT]
    if given:
        flags = {"name": "recipe", "dataset": "data", "pictures": "as"}
        option = flags.get(given[0], given[0]).replace("_", "-")
        raise UserError(f"--resume goes on with the run's own recipe, data and seed: leave out --{option}")


@contextmanager
def _new_folder(name: str) -> Iterator[Path]:
    """A folder with the first free number; of two processes at once each gets its own. Left empty, it is removed."""
    make_folder(RUNS)
    for number in count(1):
        folder = RUNS / f"{name}-{number}"
        with suppress(FileExistsError):
            folder.mkdir()
            break
    try:
        yield folder
    except BaseException:
        with suppress(OSError):
            folder.rmdir()
        raise


def follow(run: Run) -> Path:
    """Draw a run until its end, and finish it; returns its model. A signal before that end raises KeyboardInterrupt.

    What there is was saved then: when the run was begun, or after the step under way. A signal after the last step has
    nothing to stop: what is left to do takes seconds.
    """
    from handgrad.cli import terminal
    from handgrad.training.compiling import compile_kernels

    console = terminal.console()
    with compiling(console) as report:
        compile_kernels(run.trainer.recipe, run.trainer.data, report)
    with stop_signals() as stopped:
        _train(run, console, stopped)
        return run.finish()


def _train(run: Run, console: Any, stopped: list[int]) -> None:
    from handgrad.cli import terminal
    from handgrad.training.progress import Epoch

    trainer, columns = run.trainer, ("bar", "{task.description}", "elapsed", "left", "remaining")
    with terminal.progress(console, *columns) as progress:
        task = progress.add_task("", total=trainer.steps, completed=trainer.progress.step)
        for event in (events := run.events()):
            if isinstance(event, Epoch):
                console.print(_line(event, trainer.recipe.epochs), highlight=False, soft_wrap=True)
            elif event.step % 10 == 0:
                progress.update(task, completed=event.step, description=_now(run, event))
            if stopped:
                events.close()
                raise KeyboardInterrupt(*stopped)
        progress.update(task, completed=trainer.steps)
    if run.keeper.problem:
        click.echo(f"warning: {run.keeper.problem}", err=True)


def _now(run: Run, step: Step) -> str:
    valid = [epoch.valid_accuracy for epoch in run.trainer.progress.history if epoch.valid_accuracy is not None]
    latest = f"  valid {valid[-1]:.2%}" if valid else ""
    speed = f"{step.images_per_second:,.0f} images/s"
    return f"epoch {step.epoch}/{run.trainer.recipe.epochs}  {speed}  loss {step.loss:.4f}{latest}"


def _line(epoch: Epoch, epochs: int) -> str:
    valid = "" if epoch.valid_accuracy is None else f"  valid {epoch.valid_loss:.4f} {epoch.valid_accuracy:7.2%}"
    return (
        f"epoch {epoch.epoch:>3}/{epochs}  train {epoch.train_loss:.4f} {epoch.train_accuracy:7.2%}{valid}"
        f"  {epoch.images_per_second:>8,.0f} images/s  {epoch.seconds:5.1f} s"
    )


def _announce(run: Run, model: Path, as_json: bool) -> None:
    from handgrad.report.style import can_draw
    from handgrad.training.run import REPORT

    trainer, progress = run.trainer, run.trainer.progress
    seconds, report = progress.train_seconds, f", report {run.folder / REPORT}" if can_draw() else ""
    if trainer.best:
        click.echo(f"epochs: {run.epochs}", err=as_json)
    if not report:
        click.echo("for curves and a report, pip install matplotlib", err=True)
    click.echo(f"trained {trainer.recipe.name} in {seconds:.1f} s; model {model}{report}", err=as_json)
    if as_json:
        images, kept = progress.step * trainer.batches.size, run.kept
        found = {
            "recipe": trainer.recipe.name, "seed": trainer.seed, "epochs": len(progress.history),
            "train_seconds": round(seconds, 3), "images_per_second": round(images / seconds, 1),
            "valid_accuracy": kept.valid_accuracy, "valid_f1": kept.valid_f1,
            "valid_class_accuracy": dict(zip(trainer.data.classes, kept.valid_class_accuracy, strict=False)),
            "model": str(model),
        }  # fmt: skip
        print_json(found)
