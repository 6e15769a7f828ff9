"""The common style of all figures: quiet axes, and colours that colour-blind readers can tell apart.

The palette is that of Okabe and Ito (2008).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In lower case, as matplotlib writes them into SVG: a page finds them there and replaces them by variables.
INK = "#1f2328"  # text
MUTED = "#656d76"  # axes and remarks
BLUE = "#0072b2"
ORANGE = "#e69f00"
VERMILION = "#d55e00"
GREEN = "#009e73"
DPI = 150  # dots an inch


def new_figure(width: float, height: float, description: str) -> Figure:
    """Return an empty figure.

    Parameters
    ----------
    width, height : float
        Size in inches.
    description : str
        What the figure shows, in words: the text that a page has for screen readers.

    Returns
    -------
    matplotlib Figure
        On a white ground, without axes.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white", label=description)


def tidy(axes: Axes) -> None:
    """Leave only the axes that carry a scale, in grey.

    Parameters
    ----------
    axes : matplotlib Axes
        What to change.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(which="both", color=MUTED, labelcolor=INK, labelsize=9)
    axes.grid(axis="y", color=MUTED, alpha=0.2, linewidth=0.6)
    axes.set_axisbelow(True)


def bare(axes: Axes) -> None:
    """Remove ticks and frame, as for an image.

    Parameters
    ----------
    axes : matplotlib Axes
        What to change.
    """
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def percent(rate: float, digits: int = 2) -> str:
    """Return a rate as a percentage in words.

    Parameters
    ----------
    rate : float
        The rate; 1 is 100 %.
    digits : int
        Digits behind the decimal point.

    Returns
    -------
    str
        The percentage with its sign.

    Examples
    --------
    >>> percent(0.9972)
    '99.72 %'
    """
    return f"{100 * rate:.{digits}f} %"
