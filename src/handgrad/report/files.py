"""Figures and pages as files, each written whole or not at all."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.errors import UserError
from handgrad.files import replace_file
from handgrad.report.style import DPI

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG with 150 dots an inch, as SVG or as PDF.

    Parameters
    ----------
    figure : matplotlib Figure
        What to write.
    path : str or path-like
        The file; its ending, one of `FORMATS`, chooses the format.

    Raises
    ------
    UserError
        If the ending is another one, or the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UserError(f"{path}: cannot draw a {suffix or 'file without an ending'}; expected {', '.join(FORMATS)}")
    buffer = BytesIO()
    figure.savefig(buffer, format=suffix[1:], dpi=DPI)
    replace_file(path, buffer.getvalue())


def write_page(html: str, path: str | os.PathLike[str]) -> None:
    """Write an HTML page in UTF-8.

    Parameters
    ----------
    html : str
        The page.
    path : str or path-like
        The file.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    replace_file(path, html.encode())
