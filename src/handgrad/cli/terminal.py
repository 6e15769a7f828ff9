"""What moves on the terminal: bars and a status line by rich; where it is missing, or nobody watches, plain lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

COLUMNS = {  # rich's classes by what they show
    "bar": "BarColumn", "count": "MofNCompleteColumn", "bytes": "DownloadColumn", "speed": "TransferSpeedColumn",
    "elapsed": "TimeElapsedColumn", "remaining": "TimeRemainingColumn",
}  # fmt: skip


class PlainConsole:
    """What is used of rich's console, as lines on standard error."""

    is_terminal = False

    def print(self, text: str, **_: Any) -> None:
        click.echo(text, err=True)

    @contextmanager
    def status(self, text: str) -> Iterator[None]:
        yield


class NoProgress:
    """What is used of rich's progress, drawing nothing."""

    disable = True

    def __enter__(self) -> NoProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def add_task(self, description: str, **_: Any) -> Any:
        return 0

    def update(self, task: int, **_: Any) -> None:
        pass

    reset = update


def console() -> Console | PlainConsole:
    """Standard error, as rich draws on it."""
    if not find_spec("rich"):
        return PlainConsole()
    from rich.console import Console

    return Console(stderr=True)


def progress(on: Console | PlainConsole, *columns: str) -> Progress | NoProgress:
    """A bar with these columns: keys of `COLUMNS`, and texts in which {task.description} stands for the latest."""
    if isinstance(on, PlainConsole):
        return NoProgress()
    from rich import progress as shown

    made = [getattr(shown, COLUMNS[name])() if name in COLUMNS else shown.TextColumn(name) for name in columns]
    return shown.Progress(*made, console=on, disable=not on.is_terminal)
