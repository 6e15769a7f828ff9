"""The common style of all figures: quiet axes, and colours that colour-blind readers can tell apart.

The palette is that of Okabe and Ito (2008).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from handgrad.errors import UserError

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


def can_draw() -> bool:
    """Say whether matplotlib is installed.

    Returns
    -------
    bool
        Whether figures can be made.
    """
    return find_spec("matplotlib") is not None


def require_drawing() -> None:
    """Refuse where matplotlib is missing.

    Raises
    ------
    UserError
        It says what to install.
    """
    if not can_draw():
        raise UserError("drawing takes matplotlib, which is not installed: pip install matplotlib")


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
    require_drawing()
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
