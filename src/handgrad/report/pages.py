"""The pages that report a training run and an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from handgrad.evaluation import Evaluation
from handgrad.report.page import Headline, Table, page
from handgrad.report.plots import Record, confusion_matrix, curves
from handgrad.report.style import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def training_page(
    title: str, facts: Mapping[str, str], history: Sequence[Record],
    accuracies: Mapping[str, float | None] | None = None, note: str = "",
) -> str:  # fmt: skip
    """Return the page on a training run: its facts and its curves.

    Parameters
    ----------
    title : str
        Title of the page.
    facts : mapping of str to str
        Short facts under their names.
    history : sequence of Record
        A record for each epoch, see `curves`.
    accuracies : mapping of str to float or None, optional
        Validation accuracy of each class, None where it has no images.
    note : str
        What stands under the curves.

    Returns
    -------
    str
        The HTML document.

    Raises
    ------
    UserError
        If the history is empty.
    """
    rows = [(name, "no images" if rate is None else percent(rate)) for name, rate in (accuracies or {}).items()]
    tables = {"Each class": Table(("Class", "Validation accuracy"), rows)} if rows else {}
    return page(title, facts, {"Training": curves(history)}, tables, notes={"Training": note} if note else {})


def evaluation_page(title: str, facts: Mapping[str, str], evaluation: Evaluation, mistakes: Figure) -> str:
    """Return the page on an evaluation: accuracy, calibration, confusion matrix, worst mistakes, each class.

    Parameters
    ----------
    title : str
        Title of the page.
    facts : mapping of str to str
        Facts that stand behind those of the evaluation.
    evaluation : Evaluation
        What was found.
    mistakes : matplotlib Figure
        The worst mistakes, from `handgrad.report.mistakes`.

    Returns
    -------
    str
        The HTML document.
    """
    return page(
        title,
        {**_quality(evaluation), **facts},
        {"Confusion matrix": confusion_matrix(evaluation.confusion, evaluation.classes), "Worst mistakes": mistakes},
        {"Each class": _class_table(evaluation)},
        _headline(evaluation),
    )


def _headline(evaluation: Evaluation) -> Headline:
    low, high = (percent(bound) for bound in evaluation.interval)
    right = round(evaluation.accuracy * evaluation.n)
    return Headline(
        percent(evaluation.accuracy),
        f"accuracy: {right:,} of {evaluation.n:,} images right; 95 % interval {low} to {high} (Wilson score)",
    )


def _quality(evaluation: Evaluation) -> dict[str, str]:
    return {
        "Mistakes": f"{len(evaluation.mistakes):,} of {evaluation.n:,}",
        "Negative log-likelihood": f"{evaluation.nll:.4f} nats",
        "Calibration error (ECE)": percent(evaluation.ece),
    }


def _class_table(evaluation: Evaluation) -> Table:
    images = evaluation.confusion.sum(axis=1)
    rates = zip(evaluation.precision, evaluation.recall, evaluation.f1, strict=True)
    rows = [
        (name, f"{count:,}", *map(percent, three))
        for name, count, three in zip(evaluation.classes, images, rates, strict=True)
    ]
    return Table(("Class", "Images", "Precision", "Recall", "F1"), rows)
