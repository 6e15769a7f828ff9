"""Every call that touches a file fails once: one line, nothing lost, and the command given again ends well.

`PYTHONPATH=tests python tests/campaign/faults.py` tries them all; `--seconds` ends it earlier, at places that `--seed`
draws.
"""

import argparse
import errno
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from bulk.here import Here
from campaign import SCRATCH
from campaign.injector import Faults
from command import Done, called, write_small_data
from handgrad.bulk import processes
from handgrad.datasets import load
from handgrad.kernels.objects import load as load_kernels
from handgrad.kernels.registry import KERNELS
from handgrad.sweeps import trial as sweep_trial
from handgrad.training import committee, keeper, tune
from handgrad.training.committee import Member
from handgrad.training.recipes import recipe

CODES = (errno.ENOSPC, errno.EIO)
SMALL = ("--recipe", "mlp", "--hidden", "8", "--epochs", "2", "--batch", "75", "--data", "data")
CLOCKED = ("seconds", "images_per_second")  # what records have of the clock


@dataclass(frozen=True)
class Case:
    """A command, what it finds, and what it takes for granted.

    `watched` is the folder whose files fail. `again` is given where the command refuses to be given again.
    """

    words: tuple[str, ...]
    prepare: Callable[[Path], None]
    watched: str = "."
    again: tuple[str, ...] = ()


def write_data(folder: Path) -> None:
    """A data set."""
    write_small_data(folder / "data", 100, 40)


def write_models(folder: Path) -> None:
    """A model, and an evaluation of another one."""
    write_data(folder)
    for seed in (1, 0):
        succeed("train", *SMALL, "--seed", seed, "--out", "run", cwd=folder)
        if seed:
            succeed("evaluate", "run", "--out", "found", cwd=folder)
            shutil.rmtree(folder / "run")


def write_digits(folder: Path) -> None:
    """Pictures of digits, in a folder for each."""
    digits = load("mnist").train
    for name in (folder / "mine" / str(digit) for digit in range(10)):
        name.mkdir(parents=True)
    for i, (pixels, label) in enumerate(zip(digits.pixels[:12], digits.labels[:12], strict=True)):
        Image.fromarray(255 - np.pad(pixels, 8)).save(folder / "mine" / str(label) / f"{i:02}.png")
    (folder / "out").mkdir()


CASES = {
    "train": Case(("train", *SMALL, "--out", "run"), write_data, again=("train", "--resume", "run")),
    "evaluate": Case(("evaluate", "run", "--out", "found"), write_models),
    "tune": Case(("tune", "tiny", "mine", "--out", "out/tuned.safetensors"), write_digits, "out"),
    "sweep": Case(
        ("sweep", *SMALL, "--vary", "dropout=0,0.5", "--seeds", "1", "--workers", "1", "--out", "swept"), write_data
    ),
    "committee": Case(("committee", "--data", "data", "--out", "all"), write_data),
    "table": Case(("read", "mine", "--model", "tiny", "--workers", "1", "--out", "out/a.csv"), write_digits, "out"),
}


@contextmanager
def small() -> Iterator[None]:
    """A committee, a tuning and a table of the size of a test; a checkpoint is written after every step."""
    tiny = recipe("mlp").change(name="small", hidden=(8,), epochs=1, batch=75)
    few = tuple(Member(tiny, seed) for seed in range(2))
    with (
        patch.object(committee, "members", lambda: few), patch.multiple(keeper, SAVE_EVERY=0.0, SAVE_SHARE=0),
        patch.multiple(tune, OWN=20, OTHERS=60, EPOCHS=1), patch.object(processes, "processes", Here.begun),
    ):  # fmt: skip
        yield


def succeed(*words: object, cwd: Path) -> Done:
    """Call a command that has nothing in its way."""
    done = called(*words, cwd=cwd)
    assert done.code == 0, f"{words}: {done}"
    return done


def files(folder: Path) -> dict[str, bytes]:
    """What a folder holds."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def results(folder: Path) -> dict[str, Any]:
    """What a folder holds, without the clock."""
    return {name: _without_clock(name, content) for name, content in files(folder).items()}


def _without_clock(name: str, content: bytes) -> Any:
    if name.endswith((".html", ".png")):
        return ""  # that they are there is all that is compared: pages show times
    if name.endswith("history.jsonl"):
        return [json.loads(line, object_pairs_hook=_without_times) for line in content.splitlines()]
    return json.loads(content, object_pairs_hook=_without_times) if name.endswith(".json") else content


def _without_times(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key not in CLOCKED}


class Trial:
    """A case, with what stands there before, and after a run without a fault."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.before, self.folder = case, folder / "before", folder / "now"
        self.before.mkdir()
        case.prepare(self.before)
        faults, _ = self.attempt()
        self.calls, self.wanted, self.whole = faults.calls, results(self.folder), files(self.folder)

    def attempt(self, place: int = -1, code: int = 0) -> tuple[Faults, Done]:
        """Run the command in a fresh folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.before, self.folder)
        faults = Faults(self.folder / self.case.watched, place, code)
        sweep_trial._data.cache_clear()  # a process of its own would read the images
        with faults.watching():
            done = called(*self.case.words, cwd=self.folder)
        return faults, done

    def problem(self, place: int, code: int) -> str:
        """What is wrong where a call fails; nothing if all is well."""
        try:
            _, done = self.attempt(place, code)
            return self._harm(done) or self._stuck(done)
        except Exception as error:
            return f"traceback: {type(error).__name__}: {error}"

    def _harm(self, done: Done) -> str:
        lines = [line for line in done.stderr.splitlines() if line.startswith("handgrad: ")]
        if done.code not in (0, 2) or (done.code == 2 and (len(lines) != 1 or "Traceback" in done.stderr)):
            return f"code {done.code}: {done.stderr[-600:]}"
        if done.code == 2 and ("output cannot be written" in lines[0] or "give another path" in lines[0]):
            return f"a line that does not help: {lines[0]}"
        there = files(self.folder)
        for name, content in files(self.before).items():
            if there.get(name) != content and name not in self.whole:
                return f"{name}: harmed"
            if there.get(name) not in (content, self.whole[name]) and not name.endswith((".json", ".html")):
                return f"{name}: neither as before nor whole"
        return ""

    def _stuck(self, done: Done) -> str:
        if done.code:
            done = called(*self.case.words, cwd=self.folder)
            if done.code and self.case.again:
                done = called(*self.case.again, cwd=self.folder)
            if done.code and "this run is finished" not in done.stderr:
                return f"given again: {done.stderr[-300:]}"
        found = results(self.folder)
        differ = sorted(name for name in found.keys() | self.wanted.keys() if found.get(name) != self.wanted.get(name))
        return f"other results: {', '.join(differ)}" if differ else ""


def places(trials: dict[str, Trial]) -> list[tuple[str, int, int]]:
    """Every call of every case, with every error."""
    return [(name, i, code) for name, trial in trials.items() for i in range(len(trial.calls)) for code in CODES]


@contextmanager
def prepared(names: Iterator[str] | list[str]) -> Iterator[dict[str, Trial]]:
    """The cases of these names, ready to be tried."""
    load_kernels(KERNELS, print)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as root, small():
        made = {}
        for name in names:
            (folder := Path(root) / name).mkdir()
            made[name] = Trial(CASES[name], folder)
        yield made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=CASES, nargs="*", default=list(CASES))
    given = parser.parse_args()
    began, tried, problems = time.monotonic(), 0, 0
    with prepared(given.only) as trials:
        for name, trial in trials.items():
            print(f"{name}: {len(trial.calls)} calls")
        waiting = places(trials)
        random.Random(given.seed).shuffle(waiting)
        for name, place, code in waiting:
            if time.monotonic() - began > given.seconds:
                break
            tried += 1
            if problem := trials[name].problem(place, code):
                problems += 1
                print(
                    f"{name}, call {place} ({trials[name].calls[place]}), {errno.errorcode[code]}: {problem}",
                    flush=True,
                )
    print(f"{tried} of {len(waiting)} faults tried, {problems} with a problem")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
