"""Many pictures read into a table, under a bar that shows how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli import terminal
from handgrad.cli.pictures import STANDARD_INPUT
from handgrad.errors import UserError
from handgrad.signals import exit_code, stop_signals

if TYPE_CHECKING:
    from handgrad.bulk import Progress
    from handgrad.reading.picture import Box

TELL_EVERY = 30.0  # seconds between lines where nobody watches
CLOCK_TICK = 1e-3  # seconds


def read_table(
    photos: tuple[str, ...], model: str, out: Path, workers: int | None = None, cluster: str | None = None,
    punctuation: bool = False, region: Box | None = None, grid: tuple[int, int] | None = None,
) -> None:  # fmt: skip
    """Read pictures into a table; end with 1 if some could not be read, and with 128 and the signal if stopped."""
    from handgrad.bulk import Table
    from handgrad.kernels.threads import available

    if STANDARD_INPUT in photos:
        raise UserError("standard input cannot be read again to go on with a table: give pictures or folders")
    if cluster and workers:
        raise UserError("--workers starts processes here, --cluster uses a scheduler elsewhere: give one of them")
    table = Table(out, photos, model, punctuation, region, grid)
    with stop_signals() as stopped, closing(table.run(workers or available(), cluster or "")) as steps:
        last = _follow(steps, stopped)
    if not out.exists():
        click.echo(
            f"stopped; {last.pictures} of {last.total} pictures are kept: give the same command to go on", err=True
        )
        sys.exit(exit_code(*stopped))
    click.echo(f"{out}: {_summary(last)}", err=True)
    if last.failed:
        sys.exit(1)


def _follow(steps: Iterator[Progress], stopped: list[int]) -> Progress:
    """Draw the progress until the end, or until a signal; returns the last of it."""
    with terminal.progress(
        terminal.console(), "bar", "count", "pictures, {task.description}, left", "remaining"
    ) as bar:
        task = bar.add_task("starting workers", total=None)
        first = step = next(steps)
        began = told = time.monotonic()
        bar.reset(task, total=first.total, completed=first.pictures)
        for step in chain([first], steps):
            if step.pictures > first.pictures:
                rate = (step.pictures - first.pictures) / max(time.monotonic() - began, CLOCK_TICK)
                bar.update(task, completed=step.pictures, description=_now(step, rate))
                if bar.disable and time.monotonic() - told >= TELL_EVERY:
                    told, left = time.monotonic(), (step.total - step.pictures) / rate
                    click.echo(
                        f"{step.pictures} of {step.total} pictures, {_now(step, rate)}, {left:.0f} s left", err=True
                    )
            if stopped:
                break
    return step


def _now(step: Progress, rate: float) -> str:
    failed = f", {step.failed} unreadable" if step.failed else ""
    return f"{rate:,.1f} a second{failed}"


def _summary(last: Progress) -> str:
    parts = [f"{last.total} pictures"]
    if last.failed:
        parts.append(f"{last.failed} cannot be read, the column reason says why")
    if last.passed_over:
        parts.append(f"{last.passed_over} other files passed over")
    return "; ".join(parts)
