from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.options import form_options, model_option, place_options
from handgrad.cli.pictures import Unreadable, each_page, finish, new_file, shown
from handgrad.cli.text import print_json, printable
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.reading import Answer, Page
    from handgrad.reading.picture import Box
    from handgrad.reading.source import Source

NOTHING_READ: dict[str, Any] = {"text": "", "full_text": "", "lines": []}  # a page's JSON where it cannot be read
TABLES = (".csv", ".jsonl")
OUT = (
    "A table of all pictures, .csv or .jsonl, with a row a line of digits; or a drawing of one photo with a box around "
    "each digit, by another ending."
)


@click.command()
@click.argument("photos", nargs=-1, required=True)
@model_option
@click.option("--text", "punctuation", is_flag=True, help="Print, and write to CSV, punctuation too: . , : / - + =")
@place_options
@click.option("--out", type=click.Path(path_type=Path), help=OUT)
@click.option(
    "--workers", type=click.IntRange(1), help="For a table: processes, each on one core.  [default: all cores]"
)
@click.option("--cluster", metavar="tcp://HOST:PORT", help="For a table: Dask scheduler whose workers to use instead.")
@form_options
def read(
    photos: tuple[str, ...], model: str, punctuation: bool, region: "Box | None", grid: tuple[int, int] | None,
    out: Path | None, workers: int | None, cluster: str | None, form: str,
) -> None:  # fmt: skip
    """Read all digits on PHOTOS of pages, line by line; each with its confidence, or ? where it is not sure.

    After a ? stands the likeliest digit with its probability. Printed words are left out, and counted.

    PHOTOS are pictures, TIFF and PDF files with several pages too, or folders of them, or - for standard input. One
    that cannot be read is named, in JSON and CSV with its reason, and the others are still read; the exit code is
    then 1, or 2 if none could be read.

    With a table as --out, all sub-folders are read too, by several processes or machines. After Ctrl-C, or a crash,
    give the same command again to go on.
    """
    if out and out.suffix.lower() in TABLES:
        from handgrad.cli.table import read_table

        if form:
            raise UserError(f"--{form} prints here, --out {out} writes a table: give one of them")
        read_table(photos, model, out, workers, cluster, punctuation, region, grid)
        return
    if workers or cluster:
        raise UserError(f"--{'workers' if workers else 'cluster'} is for tables: give --out with .csv or .jsonl")
    _read_here(photos, model, punctuation, region, grid, out, form)


def _read_here(
    photos: tuple[str, ...], model: str, punctuation: bool, region: "Box | None", grid: tuple[int, int] | None,
    out: Path | None, form: str,
) -> None:  # fmt: skip
    """Read in this process, and print what is found."""
    from handgrad.bulk import rows
    from handgrad.model.shipped import open_model
    from handgrad.reading import read_page, read_pages
    from handgrad.report.reading import PAGE_FORMATS, draw_page

    if out and (len(photos) > 1 or Path(photos[0]).is_dir()):
        raise UserError(f"--out draws one photo, got {' '.join(photos)}: read them one by one")
    new_file(out, (*PAGE_FORMATS, *TABLES))
    trained = open_model(model)
    found, failed = 0, list[str]()

    def pages(source: "Source", name: str) -> "Iterator[Page]":
        if out:
            return iter([read_page(source, trained, name, region, grid)])
        return read_pages(source, trained, name, region, grid)

    if form == "csv":
        click.echo(rows.heading(rows.CSV).decode(), nl=False)
    for path, number, page in each_page(photos, pages, failed):
        _print_record(path, number, page, punctuation, form)
        if isinstance(page, Unreadable):
            continue
        title = f"{shown(path)}, page {number}" if number > 1 else shown(path)
        if len(photos) > 1 or path != photos[0] or number > 1:
            click.echo(printable(f"{title}:"), err=bool(form))
        for line in _lines(page, punctuation):
            click.echo(printable(line), err=bool(form))
        found += 1
        if out:
            draw_page(page, out)
            click.echo(f"drawn {out}", err=True)
    finish(found, failed)


def _print_record(path: str, number: int, page: "Page | Unreadable", punctuation: bool, form: str) -> None:
    """What other programs read of a page: nothing where people do."""
    from handgrad.bulk import rows

    if isinstance(page, Unreadable):
        made, values = [rows.failed_row(path, number, page.reason)], {**NOTHING_READ, "reason": page.reason}
    else:
        made = rows.page_rows(path, number, page)
        values = {**page.to_json(), "reason": None if page.lines else rows.NO_DIGITS}
    if form == "json":
        print_json({"path": path, "page": number, **values})
    elif form == "csv":
        click.echo(rows.encoded(made, rows.CSV, punctuation).decode(), nl=False)


def _lines(page: "Page", punctuation: bool) -> Iterator[str]:
    """A page for people: each line's text with the probability of each digit, and how much was left out."""
    text = page.full_text if punctuation else page.text
    for shown_text, line in zip(text.split("\n"), page.lines, strict=False):
        shares = " ".join(_share(answer) for answer in line if not answer.sign)
        yield f"{shown_text}   {shares} %"
    if not page.lines:
        yield "no digits found"
    if page.words:
        pieces = "1 piece" if len(page.words) == 1 else f"{len(page.words)} pieces"
        yield f"{pieces} of other writing left out"


def _share(answer: "Answer") -> str:
    """The probability of a digit in per cent; of a refused one after "?", with the likeliest digit."""
    if answer.reason:
        return f"? ({answer.likeliest})" if answer.likeliest else "?"
    return f"{100 * answer.probability:.0f}"
