"""What all pictures share: quiet axes and a palette that colour-blind readers can tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# lower case, as matplotlib writes them into SVG: a dark page finds them there and puts lighter ones in their place
INK = "#1f2328"  # text
MUTED = "#656d76"  # axes and remarks
BLUE = "#0072b2"
ORANGE = "#e69f00"
VERMILION = "#d55e00"
DPI = 150


def new_figure(width: float, height: float, description: str) -> Figure:
    """An empty figure of `width` x `height` inches; `description` is what a page says to who cannot see it."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white", label=description)


def tidy(axes: Axes) -> None:
    """Leave only the axes that carry a scale, in grey."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(which="both", color=MUTED, labelcolor=INK, labelsize=9)
    axes.grid(axis="y", color=MUTED, alpha=0.2, linewidth=0.6)
    axes.set_axisbelow(True)


def bare(axes: Axes) -> None:
    """Leave no axes at all: for photographs."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def percent(rate: float, digits: int = 2) -> str:
    """0.9972 -> "99.72 %"."""
    return f"{100 * rate:.{digits}f} %"
