"""A photo's walk through the modules of reading never climbs back; importing them is quick, and their examples run."""

import ast
import doctest
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handgrad import reading

FOLDER = Path(reading.__file__).parent
WALK = [
    "picture", "source", "answer", "coarse", "windows", "masks", "sheet", "paper", "ink", "boxes", "segments",
    "straight", "heights", "ridges", "rows", "levels", "spacing", "cells", "sides", "walls", "rules", "pieces",
    "together", "band", "chains", "lines", "cuts", "glyph", "signs", "runs", "fit", "strip", "columns", "lattice",
    "slashes", "marks", "page", "views", "normalise", "turn", "reader", "pages", "__init__",
]  # fmt: skip
LONGEST = 250  # lines of a file


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("handgrad.reading."):
            yield node.module.split(".")[2]


def test_each_module_imports_only_from_those_before_it() -> None:
    assert sorted(WALK) == sorted(path.stem for path in FOLDER.glob("*.py"))
    back = [
        (name, other)
        for i, name in enumerate(WALK)
        for other in imported(FOLDER / f"{name}.py")
        if other not in WALK[:i]
    ]
    assert not back


def test_each_module_is_one_idea() -> None:
    long = {path.name: count for path in FOLDER.glob("*.py") if (count := len(path.read_text().splitlines())) > LONGEST}
    assert not long


@pytest.mark.parametrize("name", WALK)
def test_examples_run(name: str) -> None:
    module = reading if name == "__init__" else importlib.import_module(f"handgrad.reading.{name}")
    assert not doctest.testmod(module).failed


@pytest.mark.process
def test_importing_waits_for_neither_plots_nor_compiler() -> None:
    code = (
        "import sys, handgrad.reading\n"
        "assert not {'matplotlib', 'numba', 'rich', 'click'} & set(sys.modules)\n"
        "assert not [name for name in sys.modules if name.startswith(('handgrad.training', 'handgrad.report'))]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
