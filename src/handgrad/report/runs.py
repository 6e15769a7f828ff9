"""Several training runs in one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, product
from typing import TYPE_CHECKING

from handgrad.errors import UserError
from handgrad.report.plots import Record, column, marker
from handgrad.report.style import BLUE, GREEN, INK, ORANGE, VERMILION, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS = tuple(product(("-", "--", ":", "-."), (BLUE, VERMILION, GREEN, ORANGE, INK)))  # one for each of twenty runs


def run_curves(histories: Mapping[str, Sequence[Record]]) -> Figure:
    """Return two panels, one above the other: validation accuracy in % and training loss of each run by epoch.

    Parameters
    ----------
    histories : mapping of str to sequence of Record
        For each run, by its name, a record for each epoch, see `curves`.

    Returns
    -------
    matplotlib Figure
        A line a run, with the names below.

    Raises
    ------
    UserError
        If no run has an epoch.
    """
    runs = {name: history for name, history in histories.items() if history}
    if not runs:
        raise UserError("no run has a history; expected a finished epoch of one run at least: train them first")
    last = [f"{name} {100 * column(history, 'valid_accuracy')[-1]:.2f} %" for name, history in runs.items()]
    words = f"Validation accuracy and training loss of {len(runs)} runs. At the end: {', '.join(last)}."
    figure = new_figure(5.8, 5.6 + 0.2 * len(runs), words)
    top, bottom = figure.subplots(2, 1, sharex=True)
    lines = []
    for (line, colour), history in zip(cycle(LOOKS), runs.values(), strict=False):
        epochs, look = column(history, "epoch"), {"linestyle": line, "color": colour, "linewidth": 1.8}
        top.plot(epochs, 100 * column(history, "valid_accuracy"), marker=marker(epochs), **look)
        lines += bottom.plot(epochs, column(history, "train_loss"), marker=marker(epochs), **look)
    for axes, title in ((top, "validation accuracy, %"), (bottom, "training loss")):
        tidy(axes)
        axes.set_title(title, loc="left", color=INK, fontsize=10, fontweight="bold")
        axes.margins(x=0.02, y=0.08)
    bottom.set_xlabel("epoch", color=INK)
    bottom.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    numbers = [str(number) for number in range(len(runs))]
    legend = figure.legend(lines, numbers, loc="outside lower left", frameon=False, fontsize=9, handlelength=3)
    for text, name in zip(legend.get_texts(), runs, strict=True):
        text.set(text=name, parse_math=False, color=INK)  # set here, as a legend leaves out names that begin with "_"
    return figure
