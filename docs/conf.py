"""How Sphinx builds the documentation: `make docs`."""

import ast
import shutil
from pathlib import Path
from textwrap import dedent

import click
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

import handgrad
from handgrad.cli import cli

DOCS = Path(__file__).parent
REPOSITORY = "https://github.com/handgrad/handgrad"
HELP_WIDTH = 90  # characters of a line of a command's help

project = "handgrad"
author = "The handgrad authors"
release = version = handgrad.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode", "numpydoc"]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
nb_execution_mode = "off"  # notebooks show what they showed when they were last run; a test runs them
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"  # types are in the docstrings
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # the template lists them
numpydoc_xref_param_type = False

html_math_renderer = "mathml"  # the browser draws formulas itself; MathJax would have to be fetched
html_theme = "pydata_sphinx_theme"
html_title = "handgrad"
html_static_path = ["_static"]
html_css_files = ["narrow.css"]
html_show_sourcelink = False
html_theme_options = {
    "github_url": REPOSITORY,
    "navbar_align": "left",
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
project_copyright = "The handgrad authors, MIT licence"


class CommandHelp(SphinxDirective):
    """`{command-help} train`: what `handgrad help train` prints."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        context = click.Context(command, info_name=f"handgrad {name}", terminal_width=HELP_WIDTH)
        return [nodes.literal_block(text=command.get_help(context), language="text")]


class CodeOf(SphinxDirective):
    """`{code-of} nn/layers/dense.py`, and below it names, a line each: their code without docstrings."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        file = DOCS.parent / "src" / "handgrad" / self.arguments[0]
        self.env.note_dependency(str(file))
        source = file.read_text(encoding="utf-8")
        text = "\n\n".join(body(source, name) for name in self.content)
        return [nodes.literal_block(text=f"# {self.arguments[0]}\n{text}", language="python")]


def body(source: str, name: str) -> str:
    """A function's or method's code, as it is written, but for its docstring."""
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        (node,) = (each for each in ast.iter_child_nodes(node) if getattr(each, "name", "") == part)
    assert isinstance(node, ast.FunctionDef), name
    lines = source.splitlines()
    first = node.body[0]
    told = ast.get_docstring(node) is not None
    skipped = range(first.lineno, (first.end_lineno or 0) + 1) if told else range(0)
    kept = [lines[i - 1] for i in range(node.lineno, (node.end_lineno or 0) + 1) if i not in skipped]
    return dedent("\n".join(kept))


def inline_formula(html: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a sentence as MathML."""
    html.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def block_formula(html: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands by itself as MathML."""
    html.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def to_repository(app: Sphinx, name: str, source: list[str]) -> None:
    """Links to files beside the docs, which the repository's own site follows, lead there from the built pages too."""
    source[0] = source[0].replace("](../docs/", "](").replace("](../", f"]({REPOSITORY}/blob/main/")


def setup(app: Sphinx) -> None:
    """Take the notebooks in, and the links out of the docs."""
    shutil.copytree(DOCS.parent / "notebooks", DOCS / "notebooks", dirs_exist_ok=True)
    app.add_directive("command-help", CommandHelp)
    app.add_directive("code-of", CodeOf)
    app.add_html_math_renderer("mathml", inline_renderers=(inline_formula, None), block_renderers=(block_formula, None))
    app.connect("source-read", to_repository)
