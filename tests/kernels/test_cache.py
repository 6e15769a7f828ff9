"""Compiled kernels on disk: what makes them stale, and what happens to damaged files and without room."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import pytest

from handgrad.kernels.cache import HERE, KernelCache, code_digest, warn_once

CALL = """
import numpy as np
from handgrad.kernels import backend
for name in ("relu_forward", "relu_backward"):
    kernel, x = getattr(backend("serial"), name), np.full((1, 3), -1, np.float32)
    kernel(x, x)
    assert (x == (0 if name == "relu_forward" else -0.0)).all()
    print("hit" if sum(kernel._cache_hits.values()) else "miss")
"""


def call(folder: Path, before: str = "", **environment: str) -> tuple[list[str], list[str]]:
    """What two kernels found in the cache, and the lines of warning, of a new process."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), **environment}
    done = subprocess.run([sys.executable, "-c", before + CALL], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr.splitlines()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    assert call(folder) == (["miss", "miss"], [])
    return folder


@pytest.fixture
def folder(full: Path, tmp_path: Path) -> Path:
    """A filled cache of one's own."""
    shutil.copytree(full, tmp_path / "cache")
    return tmp_path / "cache"


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.nbc"))


@pytest.mark.process
def test_a_second_process_compiles_nothing(folder: Path) -> None:
    before = [file.name for file in files(folder)]
    assert call(folder) == (["hit", "hit"], [])
    assert [file.name for file in files(folder)] == before and len(before) == 2


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut short": lambda file: os.truncate(file, file.stat().st_size // 2),
    "empty": lambda file: os.truncate(file, 0),
    "garbage": lambda file: file.write_bytes(b"no kernel" * 1000),
    "one byte": lambda file: file.write_bytes(file.read_bytes()[:-99] + b"\x00\xff" + file.read_bytes()[-97:]),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.fixture
def compile_in(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Callable[[Path], tuple[bool, list[str]]]:
    """Compile a small function with its cache in a folder: whether it was found there, and the lines of warning."""

    def found(folder: Path, spoil: Callable[[KernelCache], None] = lambda cache: None) -> tuple[bool, list[str]]:
        monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
        warn_once.cache_clear()
        caplog.clear()
        function = FunctionType(double.__code__, double.__globals__, "double")
        dispatcher = numba.njit(function)
        dispatcher._cache = KernelCache(function)
        spoil(dispatcher._cache)
        assert dispatcher(3.5) == 7.0
        return bool(sum(dispatcher._cache_hits.values())), [record.getMessage() for record in caplog.records]

    return found


def double(x):
    return x + x


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_files_are_compiled_again_and_mentioned_once(compile_in: Any, tmp_path: Path, case: str) -> None:
    assert compile_in(tmp_path) == (False, []) and compile_in(tmp_path) == (True, [])
    (file,) = files(tmp_path)
    DAMAGE[case](file)
    hit, lines = compile_in(tmp_path)
    assert not hit and "compiled kernels in" in lines[0] and "compiled again" in lines[0]
    if case != "a folder":
        assert len(lines) == 1
        assert compile_in(tmp_path) == (True, []), "mended"


@pytest.mark.slow
@pytest.mark.process
def test_a_disk_without_room_is_mentioned_once(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
    found, lines = call(tmp_path, before=limit)
    assert found == ["miss", "miss"]
    assert len(lines) == 1 and "cannot be kept" in lines[0] and "NUMBA_CACHE_DIR" in lines[0]
    assert not files(tmp_path) and not [file for file in tmp_path.rglob("*") if file.is_file()]


@pytest.mark.slow
@pytest.mark.process
def test_nowhere_to_write_is_mentioned_once(tmp_path: Path) -> None:
    nowhere = "import numba.core.caching as c; c.CacheImpl._locator_classes = []\n"
    found, lines = call(tmp_path, before=nowhere)
    assert found == ["miss", "miss"]
    assert len(lines) == 1 and "NUMBA_CACHE_DIR" in lines[0]


def test_a_folder_that_becomes_read_only_is_no_matter(compile_in: Any, tmp_path: Path) -> None:
    """Root may write anywhere, so the folder is replaced by a file: as little can be written there."""

    def spoil(cache: KernelCache) -> None:
        shutil.rmtree(cache._folder, ignore_errors=True)
        cache._folder.write_text("")

    hit, lines = compile_in(tmp_path / "cache", spoil)
    assert not hit and len(lines) == 2 and "cannot be read" in lines[0] and "cannot be kept" in lines[1]


def test_files_of_other_code_are_removed_when_a_kernel_is_saved(compile_in: Any, tmp_path: Path) -> None:
    compile_in(tmp_path)
    (file,) = files(tmp_path)
    stem, _, key = file.stem.rsplit("-", 2)
    old, other = (file.with_name(f"{name}-0123456789abcdef-{key}.nbc") for name in (stem, "other"))
    shutil.copy(file, other)
    file.rename(old)
    assert not compile_in(tmp_path)[0]
    assert other.exists() and not old.exists() and len(files(tmp_path)) == 2


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
def test_a_touched_source_is_not_compiled_again(folder: Path, sources: Path) -> None:
    """Numba's own cache would take the time stamp, and the line of the function, for a change."""
    touched = f"import handgrad; handgrad.__path__.insert(0, {str(sources.parent)!r})\n"
    assert call(folder, before=touched)[0] == ["miss", "miss"], "another place of the package: another folder"
    edit(sources / "pointwise.py", '"""', '"""Three lines more.\n\n\n')
    assert call(folder, before=touched)[0] == ["hit", "hit"]


def test_warnings_come_once(caplog: pytest.LogCaptureFixture) -> None:
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING, "handgrad"):
        for message in ("a test's warning", "a test's warning", "another"):
            warn_once(message)
    assert [record.getMessage() for record in caplog.records] == ["a test's warning", "another"]
