"""What is released: the same bytes wherever it is built, with all that a user of it needs."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from handgrad import __version__

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "runs", "dist", "build", "__pycache__", ".*_cache", ".hypothesis")


def build(folder: Path, when: int) -> dict[str, Path]:
    """Wheel and sdist of a copy of the source whose files were changed at that time."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for path in folder.rglob("*"):
        os.utime(path, (when, when))
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder / "dist")]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return {path.suffix: path for path in (folder / "dist").iterdir()}


@pytest.mark.slow
def test_two_builds_have_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    made = [build(tmp_path / str(when), when) for when in (1_000_000_000, 1_700_000_000)]
    for ending in (".whl", ".gz"):
        first, second = (sha256(each[ending].read_bytes()).hexdigest() for each in made)
        assert first == second
    with ZipFile(made[0][".whl"]) as wheel:
        names = set(wheel.namelist())
    weights = {"handgrad/model/pretrained/robust.safetensors", "handgrad/reading/columns.safetensors"}
    assert {"handgrad/cli/__init__.py", *weights} <= names
    assert all(name.startswith(("handgrad/", f"handgrad-{__version__}.dist-info/")) for name in names)
    with tarfile.open(made[0][".gz"]) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"Makefile", "pyproject.toml", "SECURITY.md", "tests/conftest.py", "docs/recipes.md"} <= held
    assert not {name for name in held if name.endswith((".pyc", ".o"))}


def test_the_citation_is_of_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.*)$", text, re.MULTILINE) == [__version__]
    assert f"license: {tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['license']}" in text
