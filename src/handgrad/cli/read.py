import json
from dataclasses import asdict
from pathlib import Path

import click

from handgrad.cli.options import json_option, model_option, reader_model
from handgrad.cli.pictures import each_picture, name_failed, new_file
from handgrad.errors import UserError


@click.command()
@click.argument("photos", type=click.Path(path_type=Path), nargs=-1, required=True)
@model_option
@click.option("--out", type=click.Path(path_type=Path), help="Draw the photo with a box around each digit, to here.")
@json_option
def read(photos: tuple[Path, ...], model: Path, out: Path | None, as_json: bool) -> None:
    """Read all digits on PHOTOS of pages, line by line; each with its confidence, or ? where it is not sure.

    PHOTOS are pictures, or folders of them. One that cannot be read is named and the others are still read; the exit
    code is then 1.
    """
    from handgrad.reading.reader import read_page

    if out and (len(photos) > 1 or photos[0].is_dir()):
        raise UserError(f"--out draws one photo, got {' '.join(map(str, photos))}: read them one by one")
    new_file(out, (".png", ".jpg", ".jpeg", ".webp", ".bmp"))
    trained = reader_model(model)
    found = []
    failed: list[str] = []
    for path, page in each_picture(photos, lambda path: read_page(trained, path), failed):
        if len(photos) > 1 or path != photos[0]:
            click.echo(f"{path}:")
        for line in page.lines:
            shares = " ".join("?" if answer.reason else f"{100 * max(answer.probabilities):.0f}" for answer in line)
            click.echo(f"{''.join(answer.text for answer in line)}   {shares} %")
        if not page.lines:
            click.echo("no digits found")
        found.append({
            "path": str(path), "text": page.text,
            "lines": [[{**asdict(answer), "text": answer.text} for answer in line] for line in page.lines],
        })  # fmt: skip
        if out:
            from handgrad.report.reading import annotated

            annotated(page, out)
            click.echo(f"drawn {out}", err=True)
    if as_json:
        click.echo(json.dumps(found))
    name_failed(failed, bool(found))
