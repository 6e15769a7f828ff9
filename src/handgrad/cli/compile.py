from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from handgrad.errors import UserError
from handgrad.signals import unheard

if TYPE_CHECKING:
    from rich.console import Console

    from handgrad.cli.terminal import PlainConsole
    from handgrad.kernels.compiling import Report


@click.command("compile")
@click.option("--recipe", "name", help="Only what this recipe needs for MNIST.  [default: everything]")
def compile(name: str | None) -> None:
    """Compile the kernels now, so that no training waits for it: for containers and courses.

    The files go beside the package, or to your cache folder where that cannot be written to; HANDGRAD_CACHE names
    another place.
    """
    from handgrad.cli.terminal import console
    from handgrad.datasets import load
    from handgrad.kernels.objects import load as load_kernels
    from handgrad.kernels.registry import KERNELS
    from handgrad.kernels.store import folders, has_compiler
    from handgrad.training.compiling import compile_kernels
    from handgrad.training.recipes import recipe

    if not has_compiler():
        raise UserError("there is no compiler: pip install numba")
    with progress(console()) as report:
        if name is None:
            load_kernels(KERNELS, report)
        else:
            compile_kernels(recipe(name), load("mnist").train, report)
    if not any(any(folder.glob("*.o")) for folder in folders()):
        raise UserError(f"no kernel could be kept in {folders()[-1]}: name a folder to write to in HANDGRAD_CACHE")
    click.echo("the kernels are compiled")


@contextmanager
def progress(console: Console | PlainConsole) -> Iterator[Report]:
    """Show what is compiled: in a line that changes, or, where nobody watches, by one line at the start."""
    told: list[str] = []
    with console.status("loading kernels") as shown, ExitStack() as held:
        held.enter_context(unheard())  # until the compilers run, or they would print how Ctrl-C ended them
        status = shown if console.is_terminal else None

        def report(text: str) -> None:
            held.close()
            if status:
                status.update(text)
            elif not told:
                console.print(text, highlight=False, soft_wrap=True)
            told.append(text)

        yield report
