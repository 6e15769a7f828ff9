"""Compiled kernels on disk: what makes them stale, and what happens to damaged files and without room."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from handgrad.kernels import store
from handgrad.kernels.store import HERE, code_digest, warn_once

CALL = """
import numpy as np
from handgrad.kernels import backend, compiling, objects
asked, real = [], objects.compiled
objects.compiled = lambda names, report: asked.extend(names) or real(names, report)
x = np.full((1, 3), -1, np.float32)
backend("compiled").relu_forward(x, x)
assert (x == 0).all()
print(*asked)
"""


def call(folder: Path, before: str = "", **environment: str) -> tuple[list[str], list[str]]:
    """What a new process compiles for one kernel, and its lines of warning."""
    environment = {**os.environ, "HANDGRAD_CACHE": str(folder), **environment}
    done = subprocess.run([sys.executable, "-c", before + CALL], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr.splitlines()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for compiled kernels, which this process uses."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    warn_once.cache_clear()
    return tmp_path / "cache"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.o"))


def test_what_is_kept_is_read_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert store.read("add") is None and not store.are_compiled(["add"]) and not store.has_compiled()
    store.keep("add", b"code")
    assert store.read("add") == b"code" and store.are_compiled(["add"]) and store.has_compiled()
    assert not store.are_compiled(["add", "dropout"]) and not lines(caplog)


@pytest.mark.process
def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    compiled, told = call(tmp_path)
    assert {"relu_forward", "run", "lead", "work"} <= set(compiled) and "dense_forward" not in compiled and not told
    before = [(file.name, file.stat().st_mtime_ns) for file in files(tmp_path)]
    assert len(before) == len(compiled)
    assert call(tmp_path) == ([], [])
    assert [(file.name, file.stat().st_mtime_ns) for file in files(tmp_path)] == before


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut short": lambda file: os.truncate(file, file.stat().st_size // 2),
    "empty": lambda file: os.truncate(file, 0),
    "garbage": lambda file: file.write_bytes(b"no kernel" * 1000),
    "one byte": lambda file: file.write_bytes(file.read_bytes()[:-2] + b"x" + file.read_bytes()[-1:]),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_files_are_compiled_again_and_mentioned_once(
    folder: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    store.keep("add", b"the code")
    (file,) = files(folder)
    DAMAGE[case](file)
    assert store.read("add") is None and store.read("add") is None
    (line,) = lines(caplog)
    assert "compiled kernels in" in line and "compiled again" in line
    if case != "a folder":
        store.keep("add", b"the code")
        assert store.read("add") == b"the code", "mended"


@pytest.mark.process
def test_a_disk_without_room_is_mentioned_once(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
    found, told = call(tmp_path, before=limit, COVERAGE_PROCESS_CONFIG="")  # a measurement would find no room either
    assert "relu_forward" in found
    assert len(told) == 1 and "cannot be kept" in told[0] and "HANDGRAD_CACHE" in told[0]
    assert not files(tmp_path)


def test_the_first_folder_that_can_be_written_to_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Root may write anywhere, so a file stands where the folder beside the source would be."""
    (tmp_path / "package").write_text("")
    places = [tmp_path / "package" / "__pycache__", tmp_path / "user"]
    monkeypatch.setattr(store, "folders", lambda: places)
    store.keep("add", b"code")
    assert len(files(places[1])) == 1 and store.read("add") == b"code" and not lines(caplog)
    monkeypatch.setattr(store, "folders", lambda: places[:1])
    warn_once.cache_clear()
    store.keep("add", b"code")
    assert len(lines(caplog)) == 1 and "cannot be kept" in lines(caplog)[0]


def test_kernels_of_the_package_are_read_by_those_who_cannot_write_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "folders", lambda: [tmp_path / "package"])
    store.keep("add", b"code")
    monkeypatch.setattr(store, "folders", lambda: [tmp_path / "package", tmp_path / "user"])
    assert store.read("add") == b"code"


def test_files_of_other_code_are_removed_when_a_kernel_is_saved(folder: Path) -> None:
    store.keep("add", b"code")
    (file,) = files(folder)
    stem, _, key = file.stem.rsplit("-", 2)
    old, other = (file.with_name(f"{name}-0123456789abcdef-{key}.o") for name in (stem, "other"))
    shutil.copy(file, other)
    file.rename(old)
    store.keep("add", b"code")
    assert other.exists() and not old.exists() and len(files(folder)) == 2


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    shutil.copytree(HERE, tmp_path / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "kernels"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_comments_docstrings_and_twins_do_not_count(sources: Path) -> None:
    before = code_digest()
    edit(sources / "conv.py", '"""', '"""Another docstring. ')
    edit(sources / "sizes.py", '    """Divide', '    # a comment\n\n    """Divide once more')
    edit(sources / "warp.py", "\n\n\n@jit", "\n\n\n# a comment\n\n@jit")
    edit(sources / "naive" / "dense.py", "out += b", "out += 2 * b")
    os.utime(sources / "dense.py", (0, 0))
    assert code_digest(sources) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("optim.py", "mu * velocity[i] + grad[i]", "mu * velocity[i] - grad[i]"),
        ("sizes.py", "1 << 14", "1 << 15"),
        ("vector/tile.py", "3 * UNIT", "2 * UNIT"),
    ],
)
def test_code_counts(sources: Path, name: str, old: str, new: str) -> None:
    edit(sources / name, old, new)
    assert code_digest(sources) != code_digest()


@pytest.mark.slow
@pytest.mark.process
def test_a_touched_source_is_not_compiled_again(tmp_path: Path, sources: Path) -> None:
    touched = f"import handgrad; handgrad.__path__.insert(0, {str(sources.parent)!r})\n"
    assert call(tmp_path / "cache", before=touched)[0]
    os.utime(sources / "dense.py", (0, 0))
    edit(sources / "pointwise.py", '"""', '"""Three lines more.\n\n\n')
    assert call(tmp_path / "cache", before=touched)[0] == []


def test_warnings_come_once(caplog: pytest.LogCaptureFixture) -> None:
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING, "handgrad"):
        for message in ("a test's warning", "a test's warning", "another"):
            warn_once(message)
    assert [record.getMessage() for record in caplog.records] == ["a test's warning", "another"]
