"""Without Numba, matplotlib and rich: reading, training and judging work, and say what is missing."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import TINY, write_small_data
from docs.stranger import furnish
from handgrad.datasets import load
from handgrad.kernels import recorder
from handgrad.kernels.program import COMPILED
from handgrad.training.recipes import recipe
from handgrad.training.trainer import Trainer

ROOT = Path(__file__).parent.parent
DEPENDENCIES = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
(COMMAND,) = re.findall(r"pip install --no-deps \. && pip install (.*)", (ROOT / "README.md").read_text())
MISSING = {re.split(r"[><=]", each)[0] for each in DEPENDENCIES} - set(COMMAND.split()) | {"llvmlite"}
HINT = "Numba is not installed: NumPy computes instead"


@pytest.fixture
def light(tmp_path: Path) -> dict[str, str]:
    """An environment in which a process, and those that it starts, find nothing but what README's command installs."""
    made = tmp_path / "light"
    made.mkdir()
    (made / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({sorted(MISSING)!r}))\n")
    path = os.pathsep.join(filter(None, [str(made), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def run(
    light: dict[str, str], *words: object, code: int = 0, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "handgrad", *map(str, words)]
    done = subprocess.run(command, env=light, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def picture(tmp_path: Path) -> Path:
    valid = load("mnist").split()[1]
    Image.fromarray(255 - np.hstack(list(valid.pixels[:3]))).save(tmp_path / "three.png")
    return tmp_path / "three.png"


def test_what_is_missing_is_what_reading_does_not_need() -> None:
    assert {"numba", "llvmlite", "matplotlib", "rich"} == MISSING


@pytest.mark.process
def test_reading(light: dict[str, str], tmp_path: Path) -> None:
    three = picture(tmp_path)
    wanted = "".join(map(str, load("mnist").split()[1].labels[:3]))
    done = run(light, "read", three, "--json", "--out", tmp_path / "seen.png")
    assert json.loads(done.stdout)["text"] == wanted
    assert done.stderr.count(HINT) == 1 and (tmp_path / "seen.png").is_file()
    done = run(light, "read", three, "--out", tmp_path / "t.csv", "--workers", 1)
    assert wanted in (tmp_path / "t.csv").read_text()
    assert "pip install matplotlib" in run(light, "predict", three, "--show-steps", tmp_path / "s.png", code=2).stderr
    assert "pip install numba" in run(light, "compile", code=2).stderr


@pytest.mark.process
def test_the_page_of_jobs_reads_without_numba(light: dict[str, str], tmp_path: Path) -> None:
    """What docs/jobs.md shows is printed where nothing but what its command installs is there."""
    section = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8").partition("## Read without Numba")[2]
    assert f"pip install {COMMAND}" in section
    ((words, shown),) = re.findall(r"^\$ handgrad (.*)\n((?:[0-9].*\n)+)", section, re.MULTILINE)
    furnish(tmp_path)
    assert run(light, *words.split(), cwd=tmp_path).stdout == shown


@pytest.mark.process
def test_training_and_judging(light: dict[str, str], tmp_path: Path) -> None:
    data = write_small_data(tmp_path / "data")
    done = run(light, "train", *TINY, "--data", data, "--out", tmp_path / "run")
    assert done.stderr.count(HINT) == 1 and "epoch   2/2" in done.stderr
    assert "for curves and a report, pip install matplotlib" in done.stderr and "report" not in done.stdout
    found = json.loads(run(light, "evaluate", tmp_path / "run", "--json").stdout)
    assert found["n"] == 60
    made = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"model.safetensors", "history.jsonl", "evaluation.json", "mistakes.csv"} <= made
    assert not made & {"curves.png", "report.html", "confusion.png", "checkpoint.safetensors"}
    assert "pip install matplotlib" in run(light, "augment", "--out", tmp_path / "g.png", code=2).stderr
    assert "pip install matplotlib" in run(light, "lr-find", "--out", tmp_path / "l.png", code=2).stderr


@pytest.mark.parametrize("name", ["assignment", "mlp", "speed", "robust", "cnn-best"])
def test_numpy_trains_to_nearly_the_same_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps of each kind of recipe: the same images, distortions and updates, up to rounding."""
    data = load("mnist").train[:96]
    small = recipe(name).change(batch=24, epochs=1, ema=0.0, all_data=False, redrawn=0.0, outliers=0.0, lr=1e-4)
    losses = []
    for compiler in (True, False):
        monkeypatch.setattr("handgrad.kernels.program.has_compiler", lambda has=compiler: has)
        trainer = Trainer(small, data, None)
        losses.append([event.loss for event in trainer.run() if hasattr(event, "loss")])
    assert len(losses[0]) == 4
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-3)


def test_cells_are_read_when_a_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.kernels.program.has_compiler", lambda: False)
    tape, x, decay = recorder(), np.ones(3, np.float32), np.array(0.5)
    tape.kernels.ema_step(x, np.zeros(3, np.float32), decay)
    program = tape.take()
    program.run()
    decay[...] = 0.25
    program.run()
    np.testing.assert_allclose(x, 0.125)
    COMPILED.relu_forward(x, np.array([-1, 2, 3], np.float32))
    assert x.tolist() == [0, 2, 3]
