"""Commands killed at random moments, and given again until they end.

`PYTHONPATH=tests python tests/campaign/kills.py --seconds 900` prints a line for each command. Nothing may be left that
cannot be read, no step of a checkpoint may be lost, what ends must be equal to the byte to what an unbroken command
leaves, no process may outlive its command, and what a kill costs is measured.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bulk.drive import write_pictures
from campaign.faults import write_digits
from command import write_small_data
from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.signals import FROM_TERMINALS
from handgrad.training.checkpoint import Checkpoint
from sweeps.drive import hear_interrupts
from sweeps.drive import results as swept

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
BEGUN = 1.0  # seconds until the command hears signals, on a busy machine
LOST = 5.0  # seconds of work that a kill may cost
PATIENCE = 300.0  # seconds in which a command must end
TRAIN = ("train", "--data", "data", "--batch", "20", "--out", "out")
CHECKPOINTS = "checkpoint.safetensors", "*.checkpoint", ".*.checkpoint"


@dataclass(frozen=True)
class Case:
    """A command; `found` is what it leaves when it ends, `code` how."""

    words: tuple[str, ...]
    found: Callable[[Path], object]
    code: int = 0


def trained(out: Path) -> object:
    return (out / "model.safetensors").read_bytes(), sorted(path.name for path in out.iterdir())


CASES = {
    "dense": Case((*TRAIN, "--recipe", "mlp", "--hidden", "64,64", "--epochs", "20"), trained),
    "convolutional": Case((*TRAIN, "--recipe", "tiny", "--epochs", "8"), trained),
    "outliers": Case((*TRAIN, "--recipe", "tiny", "--outliers", "0.2", "--epochs", "6"), trained),
    "elastic": Case((*TRAIN, "--recipe", "mlp", "--hidden", "64", "--elastic", "2", "--epochs", "20"), trained),
    "tune": Case(("tune", "tiny", "mine", "--out", "out"), Path.read_bytes),
    "sweep": Case(
        ("sweep", "--data", "data", "--recipe", "mlp", "--hidden", "64", "--epochs", "20", "--batch", "20", "--vary",
         "dropout=0,0.5", "--seeds", "2", "--out", "out"), swept,
    ),
    "table": Case(("read", "photos", "--model", "tiny", "--workers", "2", "--out", "out"), Path.read_bytes, code=1),
}  # fmt: skip
ENDINGS = {"tune": ".safetensors", "table": ".csv"}


@dataclass
class Tally:
    """What became of one command."""

    kills: int = 0
    ended: int = 0
    problems: list[str] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)


class Campaign:
    """One command in a folder of its own, killed again and again."""

    def __init__(self, name: str, folder: Path, draw: random.Random) -> None:
        self.case, self.folder, self.draw, self.tally = CASES[name], folder, draw, Tally()
        self.out = folder / f"out{ENDINGS.get(name, '')}"
        process = self._start()
        told = process.communicate()[1]
        assert process.returncode == self.case.code, told
        self.expected, self.step = self.case.found(self.out), 0
        self.seconds = time.time() - self.began
        self._clear()

    def _start(self) -> "subprocess.Popen[str]":
        goes_on = self.case.words[0] == "train" and (self.out / "checkpoint.safetensors").exists()
        words = ("train", "--resume", "out") if goes_on else self.case.words
        words = tuple(self.out.name if word == "out" else word for word in words)
        self.began = time.time()
        return subprocess.Popen(
            [sys.executable, "-m", "handgrad", *words], cwd=self.folder, stdout=subprocess.DEVNULL, text=True,
            stderr=subprocess.PIPE, start_new_session=True, preexec_fn=hear_interrupts,
        )  # fmt: skip

    def _clear(self) -> None:
        """Begin anew next time."""
        for path in self.folder.glob("out*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.step = 0

    def kill_once(self, longest: float) -> None:
        """Start the command, kill it, and look at what it leaves; or let it end."""
        process, number = self._start(), self.draw.choice(SIGNALS)
        try:
            process.wait(self.draw.uniform(BEGUN, longest))
        except subprocess.TimeoutExpired:
            self.tally.kills += 1
            self._note_loss()
            send = os.killpg if number in FROM_TERMINALS else os.kill
            send(process.pid, number)
        try:
            told = process.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            told = f"it hangs after {number.name}"
        self._check(process, number, told)

    def _note_loss(self) -> None:
        """How long ago the newest checkpoint was written in this start of the command."""
        written = [self._time_of(path) for kind in CHECKPOINTS for path in self.folder.rglob(kind)]
        if written and max(written) > self.began + 0.5:
            self.tally.lost.append(time.time() - max(written))

    @staticmethod
    def _time_of(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:  # a trial has ended meanwhile
            return 0.0

    def _check(self, process: "subprocess.Popen[str]", number: int, told: str) -> None:
        say = self.tally.problems.append
        done = ": exists" in told  # killed when it had written all, but before its end
        ended = done or process.returncode == self.case.code
        stopped = process.returncode in (-number, 128 + number)
        if not (ended or stopped) or "Traceback" in told:
            say(f"{signal.Signals(number).name}: code {process.returncode}: {told[-2000:]}")
        if left := self._orphans(process.pid):
            say(f"{left} outlive the command")
        self._check_files(say)
        if ended:
            self.tally.ended += 1
            if self.case.found(self.out) != self.expected:
                say("ended with something else than an unbroken command")
            self._clear()

    def _check_files(self, say: Callable[[str], None]) -> None:
        try:
            for path in self.folder.glob("out*/**/model.safetensors"):
                Model.load(path)
            for path in (path for kind in CHECKPOINTS for path in self.folder.glob(f"out*/**/{kind}")):
                Checkpoint.read(path)
            if (path := self.out / "checkpoint.safetensors").exists():
                step = Checkpoint.read(path).header["step"]
                if step < self.step:
                    say(f"back from step {self.step} to {step}")
                self.step = step
        except UserError as error:
            say(str(error))

    @staticmethod
    def _orphans(group: int) -> list[str]:
        """The processes that are left of a group after a while."""
        until = time.monotonic() + 20
        while True:
            left = [p.name() for p in psutil.process_iter() if _group_of(p.pid) == group and p.status() != "zombie"]
            if not left or time.monotonic() > until:
                return left
            time.sleep(0.1)


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


def main() -> None:
    """Kill the commands in turn until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    given = parser.parse_args()
    draw, until = random.Random(given.seed), time.monotonic() + given.seconds
    with tempfile.TemporaryDirectory() as place:
        campaigns = {}
        for name in given.only:
            folder = Path(place) / name
            folder.mkdir()
            write_small_data(folder / "data", 3000, 100)
            write_digits(folder)
            write_pictures(folder / "photos", 200)
            campaigns[name] = Campaign(name, folder, draw)
        while time.monotonic() < until:
            for campaign in campaigns.values():
                campaign.kill_once(longest=campaign.seconds)
        for name, campaign in campaigns.items():
            tally = campaign.tally
            worst = f"{max(tally.lost):.1f} s of work lost at most" if tally.lost else "no checkpoint seen"
            late = sum(lost > LOST for lost in tally.lost)
            print(f"{name}: {tally.kills} kills, {tally.ended} ended; {worst}, {late} times more than {LOST:g} s")
            for problem in tally.problems:
                print(f"  {problem}")
        sys.exit(any(campaign.tally.problems for campaign in campaigns.values()))


if __name__ == "__main__":
    main()
