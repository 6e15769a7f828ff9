from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.pictures import new_file
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.model.model import Model
    from handgrad.model.preprocess import Pixels

DEFAULT = "robust"
CALIBRATION = 1000  # training images that tell --int8 the ranges of its bytes
ENDINGS = {"page": ".html", "onnx": ".onnx", "c": ".c"}
NEEDS = {"logits": "onnx", "int8": "c", "data": "int8"}  # which option goes with which
SAID = {
    "page": "open it in a browser", "onnx": "images in, probabilities out",
    "c": "its first lines say how it is called, and what memory it takes",
}  # fmt: skip


FILE: dict[str, Any] = {"type": click.Path(path_type=Path), "metavar": "FILE"}


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--page", **FILE, help="An .html file: the page of `handgrad serve`, with all of MODELs.")
@click.option("--onnx", **FILE, help="An .onnx file: bytes of pixels in, probabilities out. Needs the extra 'onnx'.")
@click.option("--c", **FILE, help="A .c file: C99 in one file, without a library, for micro-controllers too.")
@click.option("--logits", is_flag=True, help="With --onnx: give the network's own outputs too.")
@click.option("--int8", is_flag=True, help="With --c: a byte for each weight and value, a quarter of the memory.")
@click.option(
    "--data", metavar="NAME|PATH",
    help="With --int8: whose training images tell the ranges of the bytes.  [default: the run's, or mnist]",
)  # fmt: skip
def export(models: tuple[str, ...], **given: Any) -> None:
    """Write MODEL, robust by default, as something that runs without handgrad.

    Give one of --page, --onnx and --c. Each file has all that an answer takes: deskewing, normalisation, the network
    and the temperature. A page opens in any browser, on a phone too, and needs no network.
    """
    kind, path = _chosen(models, given)
    new_file(path, (ENDINGS[kind],))
    from handgrad.files import replace_file

    content = _content(kind, models or (DEFAULT,), given)
    replace_file(path, content)
    click.echo(f"wrote {path}: {len(content) / 1e3:,.0f} kB; {SAID[kind]}")


def _chosen(models: tuple[str, ...], given: dict[str, Any]) -> tuple[str, Path]:
    """What is to be written, and the file; UserError for options that do not go together."""
    kinds = [kind for kind in ENDINGS if given[kind]]
    if len(kinds) != 1:
        raise UserError(f"got {len(kinds)} of --page, --onnx and --c: expected one of them, with the file to write")
    for name, needed in NEEDS.items():
        if given[name] and not given[needed]:
            raise UserError(f"--{name} goes with --{needed}: give that too, or leave it out")
    if len(models) > 1 and kinds != ["page"]:
        raise UserError(f"got {len(models)} models for --{kinds[0]}: expected one; a --page holds several")
    return kinds[0], given[kinds[0]]


def _content(kind: str, names: tuple[str, ...], given: dict[str, Any]) -> bytes:
    from handgrad.model.shipped import open_model

    if kind == "page":
        from handgrad.web.export import page_file

        return page_file({Path(name).stem or name: open_model(name) for name in names}).encode()
    model = open_model(names[0])
    if kind == "onnx":
        from handgrad.export.onnx.file import onnx_file

        return onnx_file(model, given["logits"])
    from handgrad.export.c.file import c_file

    return c_file(model, _calibration(names[0], model, given["data"]) if given["int8"] else None).encode()


def _calibration(name: str, model: Model, data: str | None) -> Pixels:
    """Training images, seen as the model sees pictures."""
    from handgrad.model.shipped import model_file
    from handgrad.training.data import Source, source_of
    from handgrad.training.evaluate import source_of_run

    height, width, _ = model.network.in_shape
    size = height if model.pictures == "pictures" and height == width else 0
    named = Source(data or "mnist", model.pictures, size)
    source = (None if data else source_of_run(model_file(name))) or source_of(named)
    return source.load().split()[0].nhwc[:CALIBRATION]
