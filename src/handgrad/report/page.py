"""One self-contained HTML page: nothing is fetched, so it can be mailed, archived and read offline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from string import Template
from typing import TYPE_CHECKING

from handgrad.evaluation.metrics import Evaluation
from handgrad.report.plots import Record, confusion_matrix, curves
from handgrad.report.style import BLUE, INK, MUTED, VERMILION, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Headline:
    """The one number that a page is about, and a sentence on how far to trust it."""

    number: str
    remark: str


@dataclass(frozen=True)
class Table:
    """Column names, and rows as long; the first cell of a row names it, the others are numbers, set to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def page(
    title: str,
    facts: Mapping[str, str],
    figures: Mapping[str, Figure],
    tables: Mapping[str, Table],
    headline: Headline | None = None,
) -> str:
    """An HTML document: headline, facts, then a section for each figure and each table under its heading.

    All text is escaped. Figures are inlined as SVG, and take the colours of a light or a dark page.
    """
    sections = [_section(name, _figure(figure, i)) for i, (name, figure) in enumerate(figures.items())]
    sections += [_section(name, _table(table, name)) for name, table in tables.items()]
    body = [f"<h1>{escape(title)}</h1>", _headline(headline) if headline else "", _facts(facts), *sections]
    return PAGE.substitute(title=escape(title), style=STYLE, body="\n".join(filter(None, body)))


def evaluation_page(title: str, facts: Mapping[str, str], evaluation: Evaluation, mistakes: Figure) -> str:
    """What `handgrad evaluate` reports; `mistakes` is the figure of that name."""
    return page(
        title,
        {**_quality(evaluation), **facts},
        {"Confusion matrix": confusion_matrix(evaluation.confusion, evaluation.classes), "Worst mistakes": mistakes},
        {"Each class": _class_table(evaluation)},
        _accuracy(evaluation, "accuracy"),
    )


def training_page(
    title: str,
    facts: Mapping[str, str],
    history: Sequence[Record],
    evaluation: Evaluation | None = None,
    mistakes: Figure | None = None,
) -> str:
    """What a training run did: its facts, its curves and, where the model met the test images, how that went."""
    figures = {"Training": curves(history)}
    if evaluation is None:
        return page(title, facts, figures, {})
    figures["Test images: confusion matrix"] = confusion_matrix(evaluation.confusion, evaluation.classes)
    if mistakes is not None:
        figures["Test images: worst mistakes"] = mistakes
    tables = {"Test images: each class": _class_table(evaluation)}
    return page(title, {**_quality(evaluation), **facts}, figures, tables, _accuracy(evaluation, "test accuracy"))


def _accuracy(evaluation: Evaluation, name: str) -> Headline:
    low, high = (percent(bound) for bound in evaluation.interval)
    right = round(evaluation.accuracy * evaluation.n)
    return Headline(
        percent(evaluation.accuracy),
        f"{name}: {right:,} of {evaluation.n:,} images right; 95 % interval {low} to {high} (Wilson score)",
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
    """The figure as inline SVG: real text in the page's font, and its colours, which know light and dark."""
    from matplotlib import rc_context

    buffer = StringIO()
    silent = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "handgrad"}):  # the same figure gives the same bytes
        figure.savefig(buffer, format="svg", transparent=True, metadata=silent)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    for colour, name in THEME.items():
        svg = svg.replace(colour, f"var(--{name})")
    # ids have to differ between the figures of a page
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>f{number}-", svg)
    least = round(0.62 * 96 * figure.get_figwidth())  # on a phone it may shrink that far, then it scrolls
    label = f'<svg role="img" aria-label="{escape(str(figure.get_label()))}" style="min-width:{least}px"'
    return f'<figure class="wide" tabindex="0">\n{svg.replace("<svg", label, 1)}\n</figure>'


THEME = {INK: "ink", MUTED: "muted", BLUE: "blue", VERMILION: "vermilion"}

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

STYLE = """
:root {
  color-scheme: light dark; --paper: #ffffff; --line: #d9dde2;
  --ink: #1f2328; --muted: #656d76; --blue: #0072b2; --vermilion: #d55e00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --line: #343a41;
    --ink: #e6e9ec; --muted: #a0a8b1; --blue: #56b4e9; --vermilion: #f28e4b;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1.5rem; overflow-wrap: anywhere }
h2 { font-size: 1.125rem; margin: 0 0 .75rem }
section { margin-top: 2.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line) }
.headline { margin: 0 0 1.75rem }
.headline strong { display: block; font-size: clamp(2.75rem, 12vw, 4.5rem); line-height: 1.1; color: var(--blue) }
.headline span { color: var(--muted) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1rem 1.5rem; margin: 0 }
dt { color: var(--muted); font-size: .8125rem }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere }
.wide { overflow-x: auto; margin: 0 }
svg { display: block; max-width: 100%; height: auto; margin: 0 auto }
svg text { font-family: system-ui, sans-serif !important }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .375rem .5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child { text-align: left }
thead th { color: var(--muted); font-size: .8125rem; font-weight: 600 }
@media (max-width: 32rem) {
  table { font-size: .8125rem }
  th, td { padding: .375rem .25rem }
}
@media print { section { break-inside: avoid } }
""".strip()
