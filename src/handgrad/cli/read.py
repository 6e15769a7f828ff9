from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli.options import json_option, model_option
from handgrad.cli.pictures import each_picture, finish, new_file, shown
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.reading import Page


@click.command()
@click.argument("photos", nargs=-1, required=True)
@model_option
@click.option("--out", type=click.Path(path_type=Path), help="Draw the photo with a box around each digit, to here.")
@json_option
def read(photos: tuple[str, ...], model: str, out: Path | None, as_json: bool) -> None:
    """Read all digits on PHOTOS of pages, line by line; each with its confidence, or ? where it is not sure.

    PHOTOS are pictures, or folders of them, or - for standard input. One that cannot be read is named and the others
    are still read; the exit code is then 1.
    """
    from handgrad.model.shipped import open_model
    from handgrad.reading import read_page
    from handgrad.report.reading import PAGE_FORMATS, draw_page

    if out and (len(photos) > 1 or Path(photos[0]).is_dir()):
        raise UserError(f"--out draws one photo, got {' '.join(photos)}: read them one by one")
    new_file(out, PAGE_FORMATS)
    trained = open_model(model)
    found = []
    failed: list[str] = []
    for path, page in each_picture(photos, lambda source, name: read_page(source, trained, name), failed):
        if len(photos) > 1 or path != photos[0]:
            click.echo(f"{shown(path)}:", err=as_json)
        for line in _lines(page):
            click.echo(line, err=as_json)
        found.append({"path": path, **page.to_json()})
        if out:
            draw_page(page, out)
            click.echo(f"drawn {out}", err=True)
    finish(found, failed, as_json)


def _lines(page: "Page") -> Iterator[str]:
    """A page for people: each line's text, and the probability of each digit in per cent."""
    for line in page.lines:
        shares = " ".join("?" if answer.reason else f"{100 * answer.probability:.0f}" for answer in line)
        yield f"{''.join(answer.text for answer in line)}   {shares} %"
    if not page.lines:
        yield "no digits found"
