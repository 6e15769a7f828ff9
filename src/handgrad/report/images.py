"""Grids of images: the worst mistakes, and augmented variants of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.report.style import INK, MUTED, bare, new_figure, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pixels = NDArray[np.uint8]
COLUMNS = 8
GAP = 2  # pixels between the tiles of a mosaic
GAP_GREY = 30  # grey level of the gaps


def mistakes(
    pixels: Pixels,
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    rows: NDArray[np.integer],
    classes: Sequence[str],
    limit: int = 40,
) -> Figure:
    """Return a grid of misread images, each under "true → predicted 99 %".

    Parameters
    ----------
    pixels : ndarray of uint8, (N, H, W) or (N, H, W, 3)
        All images.
    labels : ndarray of integers, (N,)
        True classes, in 0..K-1.
    probabilities : ndarray of floats, (N, K)
        Predicted probabilities.
    rows : ndarray of integers, (M,)
        Indices of the misread images, the worst first, as `Evaluation.mistakes` has them.
    classes : sequence of str
        Names of the K classes.
    limit : int
        Largest number of images to show.

    Returns
    -------
    matplotlib Figure
        Rows of eight images, or a sentence where there is no mistake.
    """
    shown = rows[:limit]
    if not len(shown):
        return _no_mistakes()
    columns, lines = min(COLUMNS, len(shown)), -(-len(shown) // COLUMNS)
    description = f"The {len(shown)} worst of {len(rows)} mistakes, each with its true and its predicted class."
    figure = new_figure(max(columns, 4), 1.5 * lines, description)
    panels = figure.subplots(lines, columns, squeeze=False).flat
    for axes in panels:
        axes.axis("off")
    for axes, row in zip(figure.axes, shown, strict=False):
        guess = int(probabilities[row].argmax())
        _show(axes, pixels[row])
        _caption(axes, classes[labels[row]], classes[guess], percent(probabilities[row, guess], 0))
    return figure


def grid(originals: Pixels, variants: Pixels) -> Figure:
    """Return a grid with images in the first column and variants of each beside it.

    Parameters
    ----------
    originals : ndarray of uint8, (R, H, W) or (R, H, W, 3)
        The images.
    variants : ndarray of uint8, (R, V, H, W) or (R, V, H, W, 3)
        V variants of each image.

    Returns
    -------
    matplotlib Figure
        R rows of V + 1 images.

    Raises
    ------
    UserError
        If the shapes do not fit.
    """
    if variants.ndim != originals.ndim + 1 or (variants.shape[:1] + variants.shape[2:]) != originals.shape:
        raise UserError(
            f"got originals {originals.shape} and variants {variants.shape}; "
            "expected (R, H, W) and (R, V, H, W): the same images, V times each"
        )
    r, v = variants.shape[:2]
    figure = new_figure(0.75 * (v + 1) + 0.5, 0.75 * r + 0.4, f"{r} images, and {v} augmented variants of each.")
    left, right = figure.subplots(1, 2, width_ratios=[1, v])
    for axes, tiles, title in ((left, originals[:, None], "original"), (right, variants, "augmented")):
        _show(axes, _mosaic(tiles))
        axes.set_title(title, loc="left", color=MUTED, fontsize=9)
    return figure


def _no_mistakes() -> Figure:
    figure = new_figure(6, 1.2, "No mistakes.")
    axes = figure.subplots()
    bare(axes)
    axes.text(0.5, 0.5, "Not one mistake: every image was read as it should be.", color=INK, ha="center", va="center")
    return figure


def _caption(axes: Axes, true: str, predicted: str, confidence: str) -> None:
    """Write two lines: short names share the first, long names take one each."""
    words = len(true + predicted) > 4
    lines = (f"{true} →", f"{predicted} {confidence}") if words else (f"{true} → {predicted}", confidence)
    size = min(9.0, 110 / max(map(len, lines)))  # points: a tile is an inch wide
    axes.set_title("\n".join(lines), color=INK, fontsize=size, pad=4, parse_math=False)


def _show(axes: Axes, image: Pixels) -> None:
    """Show a grey image inverted, as ink on paper, since ink is bright in MNIST; show a colour image as it is."""
    bare(axes)
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="none")


def _mosaic(tiles: Pixels) -> Pixels:
    """Put tiles (R, V, H, W[, 3]) together into one picture with gaps between them."""
    r, v, h, w = tiles.shape[:4]
    shape = (r * (h + GAP) - GAP, v * (w + GAP) - GAP, *tiles.shape[4:])
    out = np.full(shape, GAP_GREY if tiles.ndim == 4 else 255 - GAP_GREY, np.uint8)  # grey is shown inverted
    for i, j in np.ndindex(r, v):
        top, left = i * (h + GAP), j * (w + GAP)
        out[top : top + h, left : left + w] = tiles[i, j]
    return out
