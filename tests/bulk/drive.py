"""Tables read by processes that can be killed, and what they leave behind."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from handgrad.datasets import load
from sweeps.drive import hear_interrupts, importing_first

# Runs at the start of each process, workers too. It leaves the package's code, and so its version, as it is.
SITE = """
import os, time
from handgrad.bulk import worker
def disturbed(items, model, task, real=worker.read_chunk):
    for item in items:
        {before}
    return real(items, model, task)
worker.read_chunk = disturbed
"""
BAD = "sub/bad.png"


def write_pictures(folder: Path, count: int = 60) -> Path:
    """Digits, a blank page, one that cannot be read, and what is passed over."""
    (folder / "sub").mkdir(parents=True)
    pixels = load("mnist").test.pixels.reshape(-1, 28, 28)
    for i in range(count):
        Image.fromarray(pixels[i]).save(folder / ("sub" if i % 3 else "") / f"{i:03}.png")
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(folder / "blank.png")
    (folder / BAD).write_text("no picture")
    for name in (".hidden.png", "Thumbs.db", "notes.txt"):
        (folder / name).write_text("passed over")
    return folder


def environment(folder: Path, before: str) -> dict[str, str]:
    """Variables with which a worker first does `before` for every picture; `item` is the picture."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE.format(before=before))
    return importing_first(site)


def start(folder: Path, out: Path, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """The command; the folder is given by its name alone, so that rows are the same wherever it is."""
    command = [sys.executable, "-m", "handgrad", "read", folder.name, "--out", str(out), *words]
    return subprocess.Popen(
        command, cwd=folder.parent, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=hear_interrupts,
    )  # fmt: skip


def complete(out: Path) -> int:
    """How many pictures of a table are on the disk."""
    log = out.with_name(f"{out.name}.journal")
    lines = log.read_text().splitlines() if log.exists() else []
    return int(lines[-1].split(":")[1].split(",")[0]) if len(lines) > 1 else 0


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The worker processes of a command."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    except psutil.Error:
        return []


def left(out: Path) -> list[str]:
    """What stands in the folder of a table."""
    return sorted(path.name for path in out.parent.iterdir() if path.name.startswith(out.name))
