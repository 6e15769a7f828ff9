"""What the commands that read pictures share: several at a time, and files that they draw."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from handgrad.errors import UserError

Found = TypeVar("Found")


def each_picture(
    given: Iterable[Path], read: Callable[[Path], Found], failed: list[str]
) -> Iterator[tuple[Path, Found]]:
    """What `read` makes of each picture, those inside folders too; what it could not read is added to `failed`."""
    for path in given:
        try:
            files = _inside(path)
        except (UserError, OSError) as error:
            failed.append(str(error))
            continue
        for file in files:
            try:
                found = read(file)
            except UserError as error:
                failed.append(str(error))
                continue
            yield file, found


def _inside(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    if not files:
        raise UserError(f"{path}: a folder without files; give pictures, or a folder of them")
    return files


def name_failed(failed: list[str], some: bool) -> None:
    """Say what could not be read, and end with 1 if some others could be, or else with 2."""
    for message in failed:
        click.echo(f"handgrad: {' '.join(message.split())}", err=True)
    if failed:
        sys.exit(1 if some else 2)


DRAWINGS = (".png", ".svg", ".pdf")  # what `handgrad.report` draws to


def new_file(path: Path | None, endings: tuple[str, ...]) -> None:
    """UserError unless a file of such a name can be made there: asked before the work, and no user's file is lost."""
    if path is None:
        return
    if path.suffix.lower() not in endings:
        kind = path.suffix or "file without an ending"
        raise UserError(f"{path}: cannot write a {kind}; expected {', '.join(endings)}")
    if path.exists() or path.is_symlink():
        raise UserError(f"{path}: exists; choose another file")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent}: no such folder; make it, or choose another")
