"""Every code block of the docs runs, page by page, in a folder with what a reader has."""

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command import run
from docs.pages import NOT_RUN, PAGES, ROOT, Block, blocks, name_of
from docs.stranger import furnish, small_mnist
from handgrad.training.wrong_cuts import wrong_cuts

# Pages whose blocks need a server, a compiler or PyTorch, or whose answers are checked more closely elsewhere.
ELSEWHERE = {
    "docs/serve.md": "web/test_docs.py",
    "docs/export.md": "export/test_docs.py",
    "docs/microcontroller.md": "export/test_docs.py",
    "docs/estimator.md": "test_estimator.py",
    "docs/watching.md": "test_watching.py",
}
LONG = {
    "docs/commands.md",
    "docs/data.md",
    "docs/imbalance.md",
    "docs/sweep.md",
}  # pages that take more than a few seconds
FEW = 40  # wrong cuts of digits that `tune` makes
# Commands that are not run as they stand: they end at Ctrl-C, fetch something, need the whole of MNIST and are tested
# with it in tests/web, or are what CI itself begins with.
PASSED_OVER = re.compile(
    r"handgrad (serve|data fetch|export .*--page)|make |pip install|git clone|cd |python3 -m venv|\. "
)
SHELL = re.compile(r"[|&;]|^(?!handgrad )")  # what only a shell understands, and other programs
CHECKER = doctest.OutputChecker()
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def cases() -> Iterator[Any]:
    for page in PAGES:
        if name_of(page) not in ELSEWHERE and any(block.runs for block in blocks(page)):
            marks = [pytest.mark.slow] if name_of(page) in LONG else []
            yield pytest.param(page, id=name_of(page), marks=marks)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small = small_mnist()
    furnish(tmp_path)
    monkeypatch.setattr("handgrad.datasets.registry.load", lambda name: small)
    for name in ("OWN", "OTHERS"):  # images of an epoch of `tune`
        monkeypatch.setattr(f"handgrad.training.tune.{name}", 100)
    monkeypatch.setattr("handgrad.training.batches.COUNT", FEW)
    monkeypatch.setattr("handgrad.training.batches.wrong_cuts", lambda data, seed: wrong_cuts(data, seed, FEW))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.process
@pytest.mark.parametrize("page", [*cases()])
def test_blocks_run(page: Path, folder: Path) -> None:
    names: dict[str, Any] = {}
    for block in (block for block in blocks(page) if block.runs):
        where = f"{name_of(page)}:{block.line}"
        if block.language == "python":
            with np.errstate():
                exec(compile(block.text, where, "exec"), names)
        else:
            run_console(block, where)


def run_console(block: Block, where: str) -> None:
    """Type each command; where lines follow it in the block, they are what it prints."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        shown = part.partition("\n")[2]
        (command,) = Block("console", f"$ {part}", 0).commands
        if not PASSED_OVER.match(command):
            said = in_shell(command) if SHELL.search(command) else in_process(command)
            assert not shown or CHECKER.check_output(shown, said, FLAGS), f"{where}: {command} printed\n{said}"


def in_shell(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def in_process(command: str) -> str:
    """Run `handgrad ...`, with `< FILE` and `> FILE`, without the second that a process takes to begin."""
    words = shlex.split(command)
    files = {sign: words[words.index(sign) + 1] for sign in ("<", ">") if sign in words}
    given = Path(files["<"]).read_bytes() if files.get("<") else b""
    kept = [word for i, word in enumerate(words) if word not in ("<", ">") and words[i - 1] not in ("<", ">")]
    said = run(*kept[1:], stdin=given).stdout
    if ">" in files:
        Path(files[">"]).write_text(said)
        return ""
    return said


def test_blocks_that_do_not_run_say_why() -> None:
    skipped = [(page, block) for page in PAGES for block in blocks(page) if block.text.startswith(NOT_RUN)]
    assert len(skipped) < 12
    for page, block in skipped:
        assert len(block.text.splitlines()[0]) > len(NOT_RUN) + 10, f"{name_of(page)}:{block.line}"


def test_pages_that_are_run_elsewhere_are_there() -> None:
    for page, test in ELSEWHERE.items():
        assert (ROOT / page).is_file() and Path(page).name in (ROOT / "tests" / test).read_text(encoding="utf-8")


def test_python_is_fenced_as_python() -> None:
    """Else a block would pass unrun: every block has a language, and indented ones are not used."""
    for page in PAGES:
        for block in blocks(page):
            assert block.language, f"{name_of(page)}:{block.line}: a block without a language"
            assert block.language != "sh" or page.name == "serve.md", f"{name_of(page)}:{block.line}: use console"


def test_the_checker_sees_a_wrong_answer(folder: Path) -> None:
    with pytest.raises(AssertionError, match="printed"):
        run_console(Block("console", "$ handgrad predict seven.png\nseven.png: 3\n", 1), "here")
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(AssertionError):
        run_console(Block("console", "$ handgrad predict nothing.png\n", 1), "here")
