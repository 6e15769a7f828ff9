"""Figures and pages on disk: the whole file, or the old one, never a half."""

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
    """Write `figure` as PNG (150 dpi), SVG or PDF, by the name's ending; `UserError` where that cannot be done."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UserError(f"{path}: cannot draw a {suffix or 'file without an ending'}; expected {', '.join(FORMATS)}")
    buffer = BytesIO()
    figure.savefig(buffer, format=suffix[1:], dpi=DPI)
    replace_file(path, buffer.getvalue())


def write_page(html: str, path: str | os.PathLike[str]) -> None:
    """Write an HTML page, in UTF-8; `UserError` where that cannot be done."""
    replace_file(path, html.encode())
