"""Curves of a training run and the confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.report.style import BLUE, INK, MUTED, ORANGE, VERMILION, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Record = Mapping[str, float | None]
COLOURS = {"train": BLUE, "valid": VERMILION}


def curves(history: Sequence[Record]) -> Figure:
    """Return three panels, one above the other: loss, error in % and learning rate over the epochs.

    Parameters
    ----------
    history : sequence of Record
        For each epoch, `epoch`, `train_loss`, `train_accuracy`, `valid_loss`, `valid_accuracy` and `lr`; the `valid_`
        ones may be None.

    Returns
    -------
    matplotlib Figure
        The curves, with their last values written beside them.

    Raises
    ------
    UserError
        If the history is empty.
    """
    if not history:
        raise UserError("the training history is empty; expected a record for each epoch: train for one epoch at least")
    epochs = column(history, "epoch")
    loss = {part: column(history, f"{part}_loss") for part in COLOURS}
    error = {part: 100 * (1 - column(history, f"{part}_accuracy")) for part in COLOURS}
    figure = new_figure(5.8, 6.6, f"Loss, error and learning rate over {len(history)} epochs. {_at_the_end(error)}")
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[4, 4, 1.2])
    _lines(top, epochs, loss, "{:.4f}")
    _lines(middle, epochs, error, "{:.2f} %")
    bottom.plot(epochs, column(history, "lr"), color=MUTED, linewidth=1.6, marker=marker(epochs))
    for axes, title in ((top, "loss"), (middle, "error, %"), (bottom, "learning rate")):
        tidy(axes)
        axes.set_title(title, loc="left", color=INK, fontsize=10, fontweight="bold")
        axes.margins(x=0.01, y=0.08)
    bottom.set_ylim(bottom=0)
    bottom.set_xlabel("epoch", color=INK)
    bottom.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    return figure


def lr_curve(rates: Sequence[float], losses: Sequence[float], suggestion: float) -> Figure:
    """Return the plot of a learning-rate range test (Smith 2017).

    Parameters
    ----------
    rates : sequence of float
        Growing learning rates.
    losses : sequence of float
        The loss at each rate; those that are not finite are left out.
    suggestion : float
        The learning rate to mark.

    Returns
    -------
    matplotlib Figure
        The loss over the learning rate: faint as it was measured, strong where it is smoothed.

    Raises
    ------
    UserError
        If the lengths differ, or no loss is finite.
    """
    x, raw = _finite(rates, losses)
    smooth = _smooth(raw)
    figure = new_figure(5.8, 3.6, f"Loss over the learning rate; the suggested rate is {suggestion:.2g}.")
    axes = figure.subplots()
    tidy(axes)
    axes.plot(x, raw, color=MUTED, alpha=0.45, linewidth=0.8)
    axes.plot(x, smooth, color=BLUE, linewidth=2)
    axes.set_xscale("log")
    _limit_to_minimum(axes, smooth)
    _mark(axes, suggestion, "left" if suggestion < np.sqrt(x[0] * x[-1]) else "right")
    axes.set_xlabel("learning rate", color=INK)
    axes.set_title("loss", loc="left", color=INK, fontsize=10, fontweight="bold")
    return figure


def confusion_matrix(confusion: NDArray[np.int64], classes: Sequence[str]) -> Figure:
    """Return the picture of a confusion matrix, in which only mistakes have colour.

    Parameters
    ----------
    confusion : ndarray of int64, (K, K)
        Counts of images: rows are true classes, columns predicted ones.
    classes : sequence of str
        Names of the K classes.

    Returns
    -------
    matplotlib Figure
        K rows and K columns of counts; the diagonal is grey.

    Raises
    ------
    UserError
        If the shape does not fit the classes.
    """
    k = len(classes)
    if confusion.shape != (k, k):
        raise UserError(f"the confusion matrix has shape {confusion.shape}; expected ({k}, {k}): a row for each class")
    wrong = confusion * (1 - np.eye(k, dtype=np.int64))
    heading = f"{wrong.sum():,} {'mistake' if wrong.sum() == 1 else 'mistakes'} in {confusion.sum():,} images"
    figure = new_figure(
        *(max(5.6, 1.2 + 0.38 * k),) * 2, f"Confusion matrix: {heading}. {_most_frequent(wrong, classes)}"
    )
    axes = figure.subplots()
    strength = (wrong / max(wrong.max(), 1)) ** 0.7  # below 1: a single mistake has to be seen too
    _cells(axes, strength)
    _counts(axes, confusion, strength)
    _class_ticks(axes, classes)
    axes.set_title(heading, loc="left", color=INK, fontsize=11, fontweight="bold", pad=10)
    return figure


def column(history: Sequence[Record], key: str) -> Floats:
    """Return the values of one key over the epochs.

    Parameters
    ----------
    history : sequence of Record
        A record for each of E epochs.
    key : str
        The key.

    Returns
    -------
    ndarray of float64, (E,)
        The values; nan where there is none.
    """
    values = [record.get(key) for record in history]
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _lines(axes: Axes, x: Floats, series: Mapping[str, Floats], form: str) -> None:
    """Draw each series and write its name and last value at its end, so that no legend is needed."""
    ends = {name: np.flatnonzero(np.isfinite(y))[-1] for name, y in series.items() if np.isfinite(y).any()}
    last = {name: series[name][end] for name, end in ends.items()}
    for name, end in ends.items():
        axes.plot(x, series[name], color=COLOURS[name], linewidth=2, marker=marker(x))
        highest = name == max(last, key=lambda other: last[other])
        offset = 0 if len(ends) == 1 else 5 if highest else -5  # points: the texts of two series must not overlap
        text = axes.annotate(f"{name} {form.format(last[name])}", (x[end], last[name]), annotation_clip=False)
        text.set(color=COLOURS[name], position=(7, offset), anncoords="offset points", va="center", fontsize=9)
    values = np.concatenate(list(series.values()))
    _scale(axes, values[np.isfinite(values)])


def marker(epochs: Floats) -> str:
    """Return the marker of a line: one point makes no line.

    Parameters
    ----------
    epochs : ndarray of float64, (E,)
        The epochs.

    Returns
    -------
    str
        A dot for one epoch, else none.
    """
    return "o" if len(epochs) == 1 else ""


def _scale(axes: Axes, values: Floats) -> None:
    """Make the scale logarithmic where the values span more than a factor of ten; else begin it at 0."""
    if not len(values) or values.min() < 0:
        return
    if values.min() > 0 and values.max() > 10 * values.min():
        from matplotlib.ticker import LogLocator, NullLocator

        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        axes.set_ylim(bottom=0)


def _at_the_end(error: Mapping[str, Floats]) -> str:
    known = [f"{name} error {y[-1]:.2f} %" for name, y in error.items() if np.isfinite(y[-1])]
    return f"At the end: {', '.join(known)}." if known else ""


def _finite(rates: Sequence[float], losses: Sequence[float]) -> tuple[Floats, Floats]:
    """Rates and losses where the loss is finite: the end of a range test may well overflow."""
    x, raw = np.asarray(rates, np.float64), np.asarray(losses, np.float64)
    if x.shape != raw.shape or x.ndim != 1 or not np.isfinite(raw).any():
        raise UserError(
            f"got rates {x.shape}, losses {raw.shape}; expected (N,) of each, with a finite loss among them"
        )
    return x[np.isfinite(raw)], raw[np.isfinite(raw)]


def _mark(axes: Axes, suggestion: float, side: Literal["left", "right"]) -> None:
    """Draw a line at the suggested rate, and write the rate beside it: where the text begins (left) or ends (right)."""
    axes.axvline(suggestion, color=VERMILION, linewidth=1.2, linestyle=(0, (4, 3)))
    label = axes.annotate(f"suggested: {suggestion:.2g}", (suggestion, 1), xycoords=("data", "axes fraction"))
    offset = 5 if side == "left" else -5
    label.set(color=VERMILION, position=(offset, -4), ha=side, va="top", anncoords="offset points", fontsize=10)


def _smooth(losses: Floats) -> Floats:
    """The moving average over a twentieth of the losses, centred: an average of the past would shift the minimum."""
    window = np.ones(len(losses) // 20 | 1)
    return np.convolve(losses, window, "same") / np.convolve(np.ones_like(losses), window, "same")


def _limit_to_minimum(axes: Axes, smooth: Floats) -> None:
    """Cut off the steep rise at the right end, beside which the minimum would look flat."""
    low, start = smooth.min(), smooth[0]
    span = max(start - low, 1e-9)
    axes.set_ylim(low - 0.15 * span, start + 0.5 * span)


def _most_frequent(wrong: NDArray[np.int64], classes: Sequence[str]) -> str:
    if not wrong.any():
        return ""
    true, predicted = divmod(int(wrong.argmax()), len(classes))
    return f"The commonest: {wrong.max()} times {classes[true]} read as {classes[predicted]}."


def _cells(axes: Axes, strength: Floats) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    k = len(strength)
    squares = [Rectangle((j - 0.47, i - 0.47), 0.94, 0.94) for i in range(k) for j in range(k)]
    # opacity, and not a scale from white: the same cells serve a light page and a dark one
    faces = [(*to_rgb(MUTED), 0.16 if i == j else 0.05) for i in range(k) for j in range(k)]
    for cell in np.flatnonzero(strength):
        faces[cell] = (*to_rgb(ORANGE), 0.12 + 0.88 * strength.flat[cell])
    axes.add_collection(PatchCollection(squares, facecolors=faces, edgecolors="none"))
    axes.set(xlim=(-0.5, k - 0.5), ylim=(k - 0.5, -0.5), aspect="equal")


def _counts(axes: Axes, confusion: NDArray[np.int64], strength: Floats) -> None:
    """Write the counts that are not 0, in black on strong orange, which is the same on a dark page."""
    size = 9 if len(confusion) <= 12 else 7.5
    for i, j in np.argwhere(confusion):
        colour = MUTED if i == j else "black" if strength[i, j] > 0.5 else INK
        axes.text(j, i, str(confusion[i, j]), color=colour, fontsize=size, ha="center", va="center")


def _class_ticks(axes: Axes, classes: Sequence[str]) -> None:
    places = range(len(classes))
    turn = 90 if max(len(name) for name in classes) > 3 else 0
    axes.set_xticks(places, classes, rotation=turn, parse_math=False)  # a class may well be called "$"
    axes.set_yticks(places, classes, parse_math=False)
    axes.tick_params(length=0, labelcolor=INK, labelsize=10)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted", color=MUTED)
    axes.set_ylabel("true", color=MUTED)
