"""The `handgrad` command, called in this process as a user calls it in one of its own."""

import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from handgrad.cli import main
from handgrad.datasets import idx, load

TINY = ("--hidden", "16", "--epochs", "2", "--batch", "20", "--recipe", "mlp")  # options of a quick training


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    code: int
    stdout: str
    stderr: str


def called(*words: object, cwd: Path | None = None, stdin: bytes = b"") -> Done:
    """Call the command, however it ends."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["handgrad", *map(str, words)]
    with (
        chdir(cwd or os.curdir), redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", argv),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))), np.errstate(),
    ):  # fmt: skip
        try:
            main()
            found = 0
        except SystemExit as stop:
            found = int(stop.code or 0)
    return Done(found, out.getvalue(), err.getvalue())


def run(*words: object, code: int = 0, cwd: Path | None = None, stdin: bytes = b"") -> Done:
    """Call the command; it must end with this code."""
    done = called(*words, cwd=cwd, stdin=stdin)
    assert done.code == code, f"exit code {done.code}\n{done.stdout}\n{done.stderr}"
    return done


def refused(*words: object, cwd: Path | None = None) -> str:
    """The one line with which the command declines."""
    lines = run(*words, code=2, cwd=cwd).stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("handgrad: ")
    return lines[0]


def write_small_data(folder: Path, train: int = 200, test: int = 60) -> Path:
    """The first images of MNIST as IDX files; without test images where `test` is 0."""
    mnist = load("mnist")
    folder.mkdir(parents=True, exist_ok=True)
    parts = [("train", mnist.train[:train])]
    if test:
        assert mnist.test is not None
        parts.append(("t10k", mnist.test[:test]))
    for part, images in parts:
        idx.write(folder / f"{part}-images-idx3-ubyte", images.pixels)
        idx.write(folder / f"{part}-labels-idx1-ubyte", images.labels)
    return folder


def wait_for(what: Callable[[], object], patience: float = 120) -> None:
    """Return once `what` is true; fail where it does not come true."""
    until = time.monotonic() + patience
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)
