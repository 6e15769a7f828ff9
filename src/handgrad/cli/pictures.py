"""What the commands that read pictures share: several at a time, and files that they draw."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from handgrad.cli.text import printable
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.reading.source import Source

Found = TypeVar("Found")

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Unreadable:
    """Stands where a picture that cannot be read would have its answer, and says why."""

    reason: str


def each_picture(
    given: Iterable[str], read: "Callable[[Source, str], Found]", failed: list[str]
) -> Iterator[tuple[str, Found | Unreadable]]:
    """What `read` makes of each picture and its name, those inside folders too.

    The message of one that fails is added to `failed`, for `finish`.
    """
    for path, _, found in each_page(given, lambda source, name: iter([read(source, name)]), failed):
        yield path, found


def each_page(
    given: Iterable[str], read: "Callable[[Source, str], Iterator[Found]]", failed: list[str]
) -> Iterator[tuple[str, int, Found | Unreadable]]:
    """As `each_picture`, for a `read` that gives one thing a page; each comes with the number of its page."""
    for path in given:
        try:
            sources = _inside(path)
        except (UserError, OSError) as error:
            yield path, 1, _failed(path, error, failed)
            continue
        for name, source in sources:
            number = 0
            try:
                for number, found in enumerate(read(source, shown(name)), 1):
                    yield name, number, found
            except UserError as error:
                yield name, number + 1, _failed(name, error, failed)


def _failed(path: str, error: Exception, failed: list[str]) -> Unreadable:
    failed.append(" ".join(str(error).split()))
    return Unreadable(failed[-1].removeprefix(f"{shown(path)}: "))


def shown(path: str) -> str:
    """What messages call a picture that was given like this."""
    return "standard input" if path == STANDARD_INPUT else path


def finish(found: int, failed: list[str]) -> None:
    """Say what could not be read, and end with 1 if some others (`found` of them) could be, or 2."""
    for message in failed:
        click.echo(f"handgrad: {printable(message)}", err=True)
    if failed:
        sys.exit(1 if found else 2)


def new_drawing(path: Path | None) -> None:
    """As `new_file`, for what `handgrad.report` draws."""
    from handgrad.report.files import FORMATS
    from handgrad.report.style import require_drawing

    new_file(path, FORMATS)
    if path:
        require_drawing()


def new_file(path: Path | None, endings: Iterable[str]) -> None:
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


def _inside(path: str) -> "list[tuple[str, Source]]":
    """The names and sources of the pictures that a path stands for."""
    if path == STANDARD_INPUT:
        return [(path, sys.stdin.buffer.read())]
    if not Path(path).is_dir():
        return [(path, path)]
    from handgrad.datasets.pictures import is_passed_over
    from handgrad.images.opening import ENDINGS

    files = sorted(entry for entry in Path(path).iterdir() if entry.is_file() and not is_passed_over(entry.name))
    others = [file for file in files if not file.name.lower().endswith(ENDINGS)]
    files = [file for file in files if file not in others]
    if not files:
        raise UserError(f"{path}: a folder without pictures; expected files like {', '.join(ENDINGS[:3])}")
    if others:
        click.echo(f"{path}: passed over {len(others)} without a picture's ending", err=True)
    return [(str(file), str(file)) for file in files]
