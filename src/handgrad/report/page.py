"""The writer of self-contained HTML pages: nothing is fetched, so they can be mailed, archived and read offline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from handgrad.report.style import BLUE, INK, MUTED, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CSS = Path(__file__).with_name("page.css")
THEME = {INK: "ink", MUTED: "muted", BLUE: "blue", VERMILION: "vermilion"}  # colours that page.css has variables for
PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")


@dataclass(frozen=True)
class Headline:
    """The one number that a page is about, and a sentence on how far to trust it.

    Parameters
    ----------
    number : str
        The number, or whatever else is to stand large at the top.
    remark : str
        The sentence beside it.
    """

    number: str
    remark: str


@dataclass(frozen=True)
class Table:
    """A table of text: the first cell of a row names it, the others are aligned to the right.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Rows with a cell for each column.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def page(
    title: str,
    facts: Mapping[str, str],
    figures: Mapping[str, Figure],
    tables: Mapping[str, Table],
    headline: Headline | None = None,
    notes: Mapping[str, str] | None = None,
) -> str:
    """Return an HTML document: headline and facts, then a section for each figure and each table.

    All text is escaped. Figures become inline SVG and follow the colours of a light or a dark page.

    Parameters
    ----------
    title : str
        Title of the document.
    facts : mapping of str to str
        Short facts under their names.
    figures : mapping of str to matplotlib Figure
        Figures under their headings; the label of each is its text for screen readers.
    tables : mapping of str to Table
        Tables under their headings.
    headline : Headline, optional
        What stands above the facts.
    notes : mapping of str to str, optional
        A paragraph under a figure, under the figure's heading.

    Returns
    -------
    str
        The document, which refers to nothing outside of it.

    Examples
    --------
    >>> html = page("Mine", {"Seed": "0"}, {}, {"Numbers": Table(("Name", "Value"), [("a", "1")])})
    >>> "<dt>Seed</dt><dd>0</dd>" in html
    True
    """
    below = {name: f"\n<p>{escape(text)}</p>" for name, text in (notes or {}).items()}
    sections = [
        _section(name, _figure(each, i) + below.get(name, "")) for i, (name, each) in enumerate(figures.items())
    ]
    sections += [_section(name, _table(table, name)) for name, table in tables.items()]
    body = [f"<h1>{escape(title)}</h1>", _headline(headline) if headline else "", _facts(facts), *sections]
    style = CSS.read_text(encoding="utf-8").strip()
    return PAGE.substitute(title=escape(title), style=style, body="\n".join(filter(None, body)))


def _section(heading: str, content: str) -> str:
    return f"<section>\n<h2>{escape(heading)}</h2>\n{content}\n</section>"


def _headline(headline: Headline) -> str:
    remark = escape(headline.remark).replace(" %", "&nbsp;%")  # no line may begin with the sign
    return f'<p class="headline"><strong>{escape(headline.number)}</strong> <span>{remark}</span></p>'


def _facts(facts: Mapping[str, str]) -> str:
    items = "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return f"<dl>\n{items}\n</dl>" if facts else ""


def _table(table: Table, caption: str) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "\n".join(f"<tr>{_cells(row)}</tr>" for row in table.rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _cells(row: Iterable[str]) -> str:
    name, *numbers = row
    return f'<th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(number)}</td>" for number in numbers)


def _figure(figure: Figure, number: int) -> str:
    svg = _themed_svg(figure)
    # ids have to differ between the figures of a page
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>f{number}-", svg)
    narrowest = round(0.62 * 96 * figure.get_figwidth())  # pixels: on a phone, it shrinks to this width, then scrolls
    label = f'<svg role="img" aria-label="{escape(str(figure.get_label()))}" style="min-width:{narrowest}px"'
    return f'<figure class="wide" tabindex="0">\n{svg.replace("<svg", label, 1)}\n</figure>'


def _themed_svg(figure: Figure) -> str:
    """The figure as an SVG element: text stays text, and colours become variables with a light and a dark value."""
    from matplotlib import rc_context

    buffer = StringIO()
    silent = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "handgrad"}):  # the same figure gives the same bytes
        figure.savefig(buffer, format="svg", transparent=True, metadata=silent)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    for colour, name in THEME.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg
