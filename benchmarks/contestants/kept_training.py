"""A training in a run folder: the seconds from its first step to its last checkpoint, with checkpoints or with none."""

import json
import sys
import tempfile
import time
from pathlib import Path

from handgrad.training.keeper import Keeper
from handgrad.training.recipes import recipe
from handgrad.training.run import Run

name, epochs, keeps = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "checkpoints"
saves: list[float] = []
write = Keeper._save_if_possible


def timed(keeper: Keeper) -> None:
    began = time.perf_counter()
    write(keeper)
    saves.append(time.perf_counter() - began)


Keeper._save_if_possible = timed if keeps else lambda keeper: None  # type: ignore[method-assign, assignment]
with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # not in memory, where checkpoints cost less
    run = Run.begin(Path(folder) / "run", recipe(name).change(epochs=epochs), "mnist")
    began = time.perf_counter()
    for _ in run.events():
        pass
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "saves": len(saves), "saving": sum(saves)}))
