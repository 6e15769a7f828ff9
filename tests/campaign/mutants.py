"""Small mistakes put into the code, one at a time: does a test of its module notice?

`PYTHONPATH=tests python tests/campaign/mutants.py --seconds 1800` draws mistakes from all that can be made, and lists
those that no test noticed. It ends with 1 where fewer than `BAR` of an area were noticed. The tools that there are
(mutmut, cosmic-ray) have neither a limit of time nor a seed, and change messages; mutmut leaves out constants of a
module, and does not reach the processes that a test starts.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import importlib
import importlib.util
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign import SCRATCH

ROOT = Path(__file__).resolve().parents[2]
SOURCE, TESTS = ROOT / "src" / "handgrad", ROOT / "tests"
BAR = 0.85  # of the mistakes of an area that must be noticed
PATIENCE = 5  # times as long as without a mistake, and then it counts as noticed
LEAST = 20  # seconds before that
HEAVY = ("numba", "scipy.ndimage", "PIL.Image", "hypothesis", "msgspec", "safetensors.numpy", "pytest")  # imported once


@dataclass(frozen=True)
class Area:
    """Files of the package, and the tests that are to notice mistakes in them, the quickest first."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


AREAS = {
    "layers": Area(("nn/layers/*.py",), ("test_layers.py", "test_network.py", "test_ensemble.py", "test_gradients.py")),
    "loss": Area(
        ("kernels/naive/loss.py", "training/update.py", "training/class_weight.py"),
        ("kernels/test_loss.py", "test_update.py", "test_class_weight.py", "test_train.py"),
    ),
    "optimisers": Area(
        ("training/optim.py", "kernels/naive/optim.py"), ("test_optim.py", "kernels/test_optim.py", "test_train.py")
    ),
    "checkpoint": Area(
        ("training/checkpoint.py", "training/keeper.py"), ("test_checkpoint.py", "test_keeper.py", "test_records.py")
    ),
    "lattice": Area(
        ("reading/runs.py", "reading/lattice.py"),
        tuple(f"reading/test_{name}.py" for name in ("lattice_costs", "lattice", "columns", "cells")),
    ),
}

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Mult,
}  # fmt: skip
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mistake:
    """A place in a file, what stands there, and what is put there."""

    path: Path
    line: int
    start: int
    end: int
    after: str

    def text(self) -> str:
        """The file with the mistake in it."""
        content = self.path.read_bytes()
        return (content[: self.start] + self.after.encode() + content[self.end :]).decode()

    def __str__(self) -> str:
        before = " ".join(self.path.read_bytes()[self.start : self.end].decode().split())
        return f"{self.path.relative_to(SOURCE)}:{self.line}: {before[:90]} -> {self.after[:90]}"


def mistakes(path: Path) -> list[Mistake]:
    """All that can be made in a file."""
    content = path.read_bytes()
    lines = [0, *(i + 1 for i, byte in enumerate(content) if byte == ord("\n"))]
    found = []
    for node in _nodes(ast.parse(content)):
        place = node.test if isinstance(node, ast.If) else node
        start = lines[place.lineno - 1] + place.col_offset
        end = lines[(place.end_lineno or 0) - 1] + (place.end_col_offset or 0)
        found += [Mistake(path, place.lineno, start, end, after) for after in _changes(node)]
    return found


def _nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Statements and expressions that compute: no docstrings, annotations, decorators or messages of errors."""
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _nodes(child)


def _changes(node: ast.expr | ast.stmt) -> Iterator[str]:
    """What a statement, the condition of an `if`, or an expression may become."""
    match node:
        case ast.Compare(left, ops, right):
            for i, op in enumerate(ops):
                yield _written(ast.Compare(left, [*ops[:i], COMPARED[type(op)](), *ops[i + 1 :]], right))
        case ast.BinOp(left, op, right) if type(op) in COMPUTED:
            yield _written(ast.BinOp(left, COMPUTED[type(op)](), right))
        case ast.BoolOp(op, values):
            yield _written(ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values))
        case ast.UnaryOp(ast.Not() | ast.USub(), value):
            yield _written(value)
        case ast.IfExp(test, first, second):
            yield _written(ast.IfExp(test, second, first))
        case ast.Constant(bool() as value):
            yield str(not value)
        case ast.Constant(int() | float() as value):
            yield str(value + 1)
        case ast.Call(ast.Name(name) as called, arguments, keywords) if name in CALLED:
            yield _written(ast.Call(ast.Name(CALLED[called.id]), arguments, keywords))
        case ast.If(test) if not isinstance(test, ast.Compare | ast.UnaryOp | ast.BoolOp):
            yield _written(ast.UnaryOp(ast.Not(), test))
        case ast.AugAssign(target, op, value) if type(op) in COMPUTED:
            yield ast.unparse(ast.AugAssign(target, COMPUTED[type(op)](), value))
        case ast.Return(ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield "return None"
        case ast.Expr(ast.Call()):
            yield "pass"
        case ast.Continue():
            yield "break"
        case ast.Break():
            yield "continue"


def _written(node: ast.expr) -> str:
    return f"({ast.unparse(node)})"


class Copy:
    """The package in a folder of its own, where mistakes are made."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "handgrad"
        shutil.copytree(SOURCE, self.source, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(self.source, quiet=1)

    def outcome(self, mistake: Mistake | None, tests: tuple[str, ...], patience: float) -> str:
        """`noticed`, `survived`, or `too long`, as far as these tests go."""
        if mistake is None:
            return self._tested(tests, patience)
        path = self.source / mistake.path.relative_to(SOURCE)
        compiled = Path(importlib.util.cache_from_source(str(path)))
        compiled.unlink(missing_ok=True)  # it is trusted where time and size are the same
        path.write_text(mistake.text(), encoding="utf-8")
        try:
            return self._tested(tests, patience)
        finally:
            shutil.copy2(mistake.path, path)

    def _tested(self, tests: tuple[str, ...], patience: float) -> str:
        process = os.fork()
        if not process:
            self._run_tests(tests)
        until, ended = time.monotonic() + patience, 0
        try:
            while time.monotonic() < until:
                ended, status = os.waitpid(process, os.WNOHANG)
                if ended:
                    return "survived" if status == 0 else "noticed"
                time.sleep(0.02)
        finally:
            if not ended:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
        return "too long"

    def _run_tests(self, tests: tuple[str, ...]) -> None:
        """In a child, which ends with pytest's code."""
        import pytest

        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nowhere, stream)
            os.chdir(ROOT)
            sys.path.insert(0, str(self.source.parent))
            sys.dont_write_bytecode = True
            os.environ |= {"PYTHONPATH": str(self.source.parent), "PYTHONDONTWRITEBYTECODE": "1"}
            early = "ignore::pytest.PytestAssertRewriteWarning"  # of HEAVY
            words = ["-x", "-W", early, "-p", "no:cacheprovider", "--hypothesis-seed=0"]
            os._exit(int(pytest.main([*words, *(str(TESTS / test) for test in tests)])))
        finally:
            os._exit(99)


def drawn(area: Area, seed: int) -> list[Mistake]:
    """The mistakes of an area in random order."""
    found = [each for name in area.files for path in sorted(SOURCE.glob(name)) for each in mistakes(path)]
    random.Random(seed).shuffle(found)
    return found


def try_area(name: str, copy: Copy, seed: int, seconds: float) -> bool:
    """Make mistakes for some seconds; whether enough were noticed."""
    area, began = AREAS[name], time.monotonic()
    if copy.outcome(None, area.tests, 600) != "survived":
        sys.exit(f"{name}: its tests fail without a mistake; mend them first")
    patience = LEAST + PATIENCE * (time.monotonic() - began)
    waiting, survivors, tried, began = drawn(area, seed), [], 0, time.monotonic()
    for mistake in waiting:
        if time.monotonic() - began > seconds:
            break
        tried += 1
        if copy.outcome(mistake, area.tests, patience) == "survived":
            survivors.append(mistake)
            print(f"  {mistake}", flush=True)
    share = 1 - len(survivors) / max(tried, 1)
    noticed = tried - len(survivors)
    print(f"{name}: {noticed} of {tried} noticed, {share:.1%}; {len(waiting)} can be made", flush=True)
    return share >= BAR


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=AREAS, nargs="*", default=list(AREAS))
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nothing is left behind
    for module in HEAVY:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        copy = Copy(Path(folder))
        enough = [try_area(name, copy, given.seed, given.seconds / len(given.only)) for name in given.only]
    sys.exit(not all(enough))


if __name__ == "__main__":
    main()
