from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.options import json_option, shown
from handgrad.cli.pictures import new_drawing
from handgrad.cli.text import print_json, printable
from handgrad.errors import UserError

if TYPE_CHECKING:
    from handgrad.training.compare import Compared, Pair

HEADINGS = (
    "run",
    "accuracy",
    "95 % interval",
    "loss",
    "calibration error",
    "epochs",
    "seconds",
    "weights",
    "judged by",
)


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Picture to write: accuracy and loss by epoch.")
@json_option
def compare(runs: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Compare run folders: figures of each, what differs in their recipes, and a test of each pair.

    It shows what `evaluate` left in each folder, and reads no images. The test is McNemar's exact test of the mistakes
    of two runs: a small p says that a difference like theirs is hardly chance.
    """
    from dataclasses import asdict

    from handgrad.training.compare import differing, pairs, read_run, to_json

    if len({run.resolve() for run in runs}) < max(2, len(runs)):
        given = ", ".join(map(str, runs))
        raise UserError(f"{given}: expected two or more different runs: handgrad compare runs/a runs/b")
    if out:
        new_drawing(out)
    found = [read_run(run) for run in runs]
    differ, tested = differing(found), pairs(found)
    if out:
        _draw(found, out)
    if as_json:
        print_json({"runs": list(map(to_json, found)), "differ": differ, "pairs": list(map(asdict, tested))})
        return
    _print_columns([HEADINGS, *map(_row, found)], left=(0, len(HEADINGS) - 1))
    if differ:
        values = [(name, *("-" if each is None else shown(each) for each in row)) for name, row in differ.items()]
        _print_columns([("field", *(run.folder for run in found)), *values], left=(0,))
    for pair in tested:
        click.echo(printable(_sentence(pair)))
    if len(tests := [pair for pair in tested if pair.p is not None]) > 1:
        limit = 0.05 / len(tests)
        click.echo(
            f"Among {len(tests)} pairs, chance alone makes one look different more often: ask for p below {limit:.2g}."
        )


def _draw(runs: Sequence[Compared], out: Path) -> None:
    from dataclasses import asdict

    from handgrad.report import run_curves, save

    save(run_curves({run.folder: [asdict(epoch) for epoch in run.history] for run in runs}), out)
    click.echo(f"curves {out}", err=True)


def _row(run: Compared) -> tuple[str, ...]:
    figures = ["-"] * 4
    if run.judged:
        low, high = run.judged["interval"]
        figures = [
            f"{run.judged['accuracy']:.2%}", f"{low:.2%} to {high:.2%}",
            f"{run.judged['nll']:.4f}", f"{run.judged['ece']:.2%}",
        ]  # fmt: skip
    trained = (str(len(run.history)), f"{run.seconds:,.1f}") if run.history else ("-", "-")
    weights = "-" if run.weights is None else f"{run.weights:,}"
    return run.folder, *figures, *trained, weights, run.todo or run.images


def _sentence(pair: Pair) -> str:
    names = f"{pair.first} and {pair.second}"
    if pair.p is None:
        return f"{names}: no paired test, {pair.reason}"
    return (
        f"{names}: {pair.first_alone} images are wrong with the first alone, {pair.second_alone} with the second "
        f"alone; p = {pair.p:.2g} by McNemar's exact test"
    )


def _print_columns(rows: Sequence[Sequence[Any]], left: tuple[int, ...]) -> None:
    """Print a table; the columns `left` hold words and begin at the left, the others end at the right."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [
            cell.ljust(w) if i in left else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, wide, strict=True))
        ]
        click.echo("  ".join(padded).rstrip())
    click.echo("")
