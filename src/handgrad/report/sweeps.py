"""The report of a sweep: accuracies of all levels and seeds, learning curves, and the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from handgrad.evaluation import Evaluation
from handgrad.evaluation.choice import Choice, Standing
from handgrad.report.page import Headline, Table, page
from handgrad.report.plots import COLOURS, Record, column
from handgrad.report.style import BLUE, INK, MUTED, VERMILION, new_figure, percent, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Histories = Mapping[str, Sequence[Sequence[Record]]]  # level -> seeds -> epochs
COLUMNS = 3
DOTS_WIDTH = 0.16  # half the width over which the dots of a level's seeds lie; levels are 1 apart


def level_dots(choice: Choice) -> Figure:
    """Return the validation accuracies of all levels: a dot for each seed, and the mean with its standard error.

    Parameters
    ----------
    choice : Choice
        What was compared.

    Returns
    -------
    matplotlib Figure
        The winner is vermilion, the levels that are not distinguishably worse are blue, the others grey.
    """
    standings = choice.standings
    words = f"Validation accuracy of {len(standings)} levels over {len(choice.seeds)} seeds. {choice.sentence()}"
    figure = new_figure(max(5.8, 1.6 + 0.8 * len(standings)), 3.8, words)
    axes = figure.subplots()
    tidy(axes)
    for place, standing in enumerate(standings):
        _dots(axes, place, standing, _colour(choice, standing))
    field, labels = _labels([standing.level for standing in standings])
    tilted = max(map(len, labels)) > 8
    axes.set_xticks(range(len(labels)), labels, rotation=30 if tilted else 0, ha="right" if tilted else "center")
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.set_xlabel(field, color=INK)
    axes.set_title("validation accuracy, %", loc="left", color=INK, fontsize=10, fontweight="bold")
    axes.set_title(
        "dots: seeds; bars: mean ± standard error", loc="right", color=MUTED, fontsize=9, fontweight="normal"
    )
    return figure


def level_curves(histories: Histories) -> Figure:
    """Return a panel for each level with its training error and its validation error over the epochs.

    Errors are means over the seeds. The training error is measured in training, with dropout and distortions.

    Parameters
    ----------
    histories : mapping of str to sequence of sequence of Record
        For each level, for each seed, a record for each epoch, see `curves`.

    Returns
    -------
    matplotlib Figure
        Rows of three panels.
    """
    rows = -(-len(histories) // COLUMNS)
    columns = min(COLUMNS, len(histories))
    words = "Training and validation error over the epochs, for each level. " + " ".join(
        f"{level}: at the end {_last(seeds, 'train'):.2f} % and {_last(seeds, 'valid'):.2f} %."
        for level, seeds in histories.items()
    )
    figure = new_figure(max(2.6 * columns, 4.2), 2.1 * rows + 0.5, words)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, (level, seeds) in zip(panels.flat, histories.items(), strict=False):
        _error_curves(axes, level, seeds)
    for axes in panels.flat[len(histories) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("error, %", color=INK, fontsize=9)
    figure.supxlabel("epoch", color=INK, fontsize=9)
    return figure


def sweep_page(
    facts: Mapping[str, str],
    choice: Choice,
    histories: Histories,
    failures: Mapping[str, str],
    evaluation: Evaluation,
) -> str:
    """Return the page on a sweep: the choice in a sentence, what it rests on, and the winner's test accuracy.

    Parameters
    ----------
    facts : mapping of str to str
        Short facts under their names.
    choice : Choice
        The choice among the levels.
    histories : mapping of str to sequence of sequence of Record
        As `level_curves` takes them.
    failures : mapping of str to str
        For each trial that was set aside, in words, the reason.
    evaluation : Evaluation
        What the winner, trained once more, does on the test images.

    Returns
    -------
    str
        The HTML document.
    """
    low, high = evaluation.interval
    test = f"{percent(evaluation.accuracy)} ({percent(low)} to {percent(high)})"
    figures = {"Accuracy against level": level_dots(choice), "Learning and generalising": level_curves(histories)}
    tables = {"Each level": _standings(choice, histories)}
    if failures:
        tables["Set aside"] = Table(("Trial", "Why"), list(failures.items()))
    remark = f"{choice.sentence()} Trained once more with a new seed, it gets {test} of the test images right."
    head = Headline(choice.winner, remark)
    return page(f"Sweep of {_labels([s.level for s in choice.standings])[0]}", facts, figures, tables, head)


def _dots(axes: Axes, place: int, standing: Standing, colour: str) -> None:
    accuracies = 100 * np.array(standing.accuracies)
    seeds = len(accuracies)
    beside = np.linspace(-DOTS_WIDTH, DOTS_WIDTH, seeds) if seeds > 1 else np.zeros(1)
    axes.plot(place + beside, accuracies, "o", color=colour, alpha=0.45, markersize=4.5, markeredgewidth=0)
    error = 100 * standing.deviation / np.sqrt(seeds)
    axes.errorbar(place, 100 * standing.mean, error, fmt="_", color=colour, markersize=22, markeredgewidth=2, capsize=4)


def _colour(choice: Choice, standing: Standing) -> str:
    if standing.level == choice.winner:
        return VERMILION
    return BLUE if standing.close else MUTED


def _error_curves(axes: Axes, level: str, seeds: Sequence[Sequence[Record]]) -> None:
    tidy(axes)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    epochs = column(seeds[0], "epoch")
    for part, colour in COLOURS.items():
        error = 100 * (1 - np.mean([column(history, f"{part}_accuracy") for history in seeds], axis=0))
        axes.plot(epochs, error, color=colour, linewidth=1.8, label=part, marker="o" if len(epochs) == 1 else "")
    axes.set_title(level, loc="left", color=INK, fontsize=9, fontweight="bold")
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    axes.legend(frameon=False, fontsize=8, labelcolor="linecolor", handlelength=0, loc="upper right")


def _last(seeds: Sequence[Sequence[Record]], part: str) -> float:
    return float(100 * (1 - np.mean([column(history, f"{part}_accuracy")[-1] for history in seeds])))


def _labels(levels: Sequence[str]) -> tuple[str, list[str]]:
    """What varies, and the name of each level: without the field's name where only one field varies."""
    names = {level.split(" ")[0] for level in levels}
    if len(names) == 1 and not any(", " in level for level in levels):
        return names.pop(), [level.partition(" ")[2] for level in levels]
    return ", ".join(part.split(" ")[0] for part in levels[0].split(", ")), list(levels)


def _standings(choice: Choice, histories: Histories) -> Table:
    rows = []
    for s in choice.standings:
        behind = "" if s.error is None else f"{100 * s.behind:.3f} ± {100 * s.error:.3f}"
        verdict = "winner" if s.level == choice.winner else "no worse" if s.close else "worse"
        seeds = " ".join(f"{100 * accuracy:.2f}" for accuracy in s.accuracies)
        valid = f"{100 * s.mean:.2f} ± {100 * s.deviation:.2f}"
        train = f"{100 - _last(histories[s.level], 'train'):.2f}"
        rows.append((s.level, verdict, valid, seeds, behind, train))
    names = ("Level", "Verdict", "Validation, %", "Each seed, %", "Behind, points", "Training, %")
    return Table(names, rows)
