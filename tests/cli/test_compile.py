"""`handgrad compile`, and what is said while it compiles."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process


def compile_into(folder: Path) -> "subprocess.CompletedProcess[str]":
    """A process of its own, as this one has loaded all kernels."""
    command = [sys.executable, "-m", "handgrad", "compile", "--recipe", "assignment"]
    environment = {**os.environ, "HANDGRAD_CACHE": str(folder), "HANDGRAD_THREADS": "2"}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment, check=False)


def test_only_what_a_recipe_needs_is_compiled_and_only_once(tmp_path: Path) -> None:
    first, again = compile_into(tmp_path), compile_into(tmp_path)
    assert first.stdout == again.stdout == "the kernels are compiled\n"
    assert first.stderr.startswith("compiling 1 of ") and "kernels, once for this machine; about " in first.stderr
    assert again.stderr == ""
    found = {file.name.split("-")[0] for file in tmp_path.glob("*.o")}
    assert {"warp", "dense_forward", "sgd_step", "ema_step", "run"} <= found
    assert not {name for name in found if name.startswith(("winograd", "conv", "batch_norm", "adam"))}


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = compile_into(tmp_path / "file")
    assert done.returncode == 2 and f"no kernel could be kept in {tmp_path / 'file'}" in done.stderr


@pytest.mark.parametrize("asked", ["99", "0", "two", "-1"])
def test_a_wrong_number_of_threads_is_told_before_anything_is_made(asked: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "handgrad", "train", "--recipe", "assignment", "--out", str(tmp_path / "run")]
    done = subprocess.run(command, env=os.environ | {"HANDGRAD_THREADS": asked}, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"HANDGRAD_THREADS is '{asked}': expected a number from 1 to 64" in done.stderr
    assert not (tmp_path / "run").exists()
