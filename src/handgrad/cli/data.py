import click

from handgrad.cli.groups import Group


@click.group(cls=Group)
def data() -> None:
    """Data sets: what there is, fetch one, check one."""


@data.command("list")
def list_() -> None:
    """What can be loaded by name."""
    from handgrad.datasets.registry import status

    entries = status()
    width = max(len(entry.name) for entry in entries) + 2
    for entry in entries:
        images = f"{entry.train:,} + {entry.test:,}"
        click.echo(f"{entry.name:<{width}}{entry.state:<13}{images:>17}  {entry.description}")


@data.command()
@click.argument("name")
def verify(name: str) -> None:
    """Check the files of data set NAME against their checksums."""
    from handgrad.datasets.registry import verify as check

    for file in check(name):
        click.echo(f"{file}: as published")


@data.command()
@click.argument("name")
def card(name: str) -> None:
    """Print the card of data set NAME: Croissant 1.1, which is JSON-LD, with the SHA-256 of each file."""
    from handgrad.cli.text import print_json
    from handgrad.datasets.croissant import card as made

    print_json(made(name))


@data.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Download data set NAME to the cache folder; an interrupted download goes on where it stopped."""
    from handgrad.cli import terminal
    from handgrad.datasets.registry import fetch as download
    from handgrad.datasets.registry import where

    with terminal.progress(terminal.console(), "{task.description}", "bytes", "speed") as progress:
        tasks = {}
        for part in download(name):
            if part.file not in tasks:
                tasks[part.file] = progress.add_task(part.file)
            progress.update(tasks[part.file], completed=part.done, total=part.total)
    click.echo(f"{name} is in {where(name)}")
