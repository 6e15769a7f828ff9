from pathlib import Path

import click

from handgrad.cli.pictures import new_file


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--page", type=click.Path(path_type=Path), required=True, help="HTML file to write: the page of `handgrad serve`."
)
def export(models: tuple[str, ...], page: Path) -> None:
    """Write MODELs, robust by default, as something that runs without handgrad.

    With --page that is one HTML file on which one draws digits and looks inside the network. It opens in any browser,
    on a phone too, and needs no network.
    """
    new_file(page, (".html",))
    from handgrad.files import replace_file
    from handgrad.model.shipped import open_model
    from handgrad.web.export import page_file

    named = {Path(name).stem or name: open_model(name) for name in models or ("robust",)}
    text = page_file(named).encode()
    replace_file(page, text)
    click.echo(f"wrote {page}: {len(text) / 1e6:.1f} MB; open it in a browser")
