"""Changed files in front of every reader: each is accepted, or refused with a UserError, in little time and memory.

`PYTHONPATH=tests python tests/campaign/fuzz.py --seconds 60` tries all readers in turn; what fails is written below
`--findings`. Readers run in a process of their own, so that a crash, a hang or a file that takes too much is seen.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from campaign import SCRATCH
from campaign.reader import Reader
from campaign.readers import READERS
from handgrad.errors import UserError
from handgrad.kernels.objects import load as load_kernels
from handgrad.kernels.registry import KERNELS

PATIENCE = 10  # seconds of computing that one file may take
WAITING = 120  # seconds after which a process that computes nothing is taken to hang
ADDRESSES = 3 << 30  # bytes that a process may ask for beside what it has at its start
LONGEST = 1 << 20  # bytes of a changed file
SHORTER = 400  # tries to make a finding shorter
TOO_MUCH = "more than"  # begins what is said of a file that takes too much memory
KEPT = 3  # findings of one kind that are kept


@dataclass
class Found:
    """What became of the files of a reader."""

    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    findings: dict[str, list[bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, content: bytes) -> None:
        self.counts[what] += 1
        kept = self.findings.setdefault(what, [])
        if len(kept) < KEPT:
            kept.append(content)

    @property
    def tried(self) -> int:
        return self.accepted + self.refused + sum(self.counts.values())


def outcome(read: Callable[[bytes], object], content: bytes) -> str:
    """`accepted`, `refused`, or what was raised and where."""
    try:
        read(content)
        return "accepted"
    except UserError as error:
        return "refused" if str(error).strip() else "an empty line"
    except Exception as error:
        return f"{type(error).__name__} at {_place(error)}: {' '.join(str(error).split())[:100]}"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "handgrad" in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"


def kind_of(what: str) -> str:
    """What findings of one cause have in common."""
    return what.partition(": ")[0]


def mutated(draw: random.Random, reader: Reader) -> bytes:
    """A changed example; one that has become very long is changed once more from the start."""
    while len(made := reader.change(draw, draw.choice(reader.examples))) > LONGEST:
        pass
    return made


def shorter(read: Callable[[bytes], object], content: bytes) -> bytes:
    """The same finding with bytes left out, as far as some tries go."""
    kind, tries, length = kind_of(outcome(read, content)), 0, len(content) // 2
    while length and tries < SHORTER:
        for at in range(0, len(content), length):
            tries += 1
            less = content[:at] + content[at + length :]
            if tries > SHORTER or kind_of(outcome(read, less)) == kind:
                content = less if tries <= SHORTER else content
                break
        else:
            length //= 2
    return content


def work(module: str, name: str, seed: int, place: str, pipe: Connection) -> None:
    """Try changed files until the pipe breaks; the main function of a process. The latest file is `latest`."""
    warnings.simplefilter("ignore")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)  # libraries in C write there too
    folder = Path(place)
    os.chdir(folder)
    reader, draw = import_module(module).READERS[name](folder), random.Random(f"{name} {seed}")
    for example in reader.examples:
        outcome(reader.read, example)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + ADDRESSES,) * 2)
    latest = os.open(folder / "latest", os.O_RDWR | os.O_CREAT)
    before = _most()
    pipe.send(("ready", b""))
    while True:
        try:
            content = mutated(draw, reader)
        except Exception as error:
            pipe.send((f"nothing of the reader's, the change fails: {error!r} at {_place(error)}", b""))
            continue
        os.pwrite(latest, len(content).to_bytes(8, "big") + content, 0)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)  # its signal ends the process
        what = outcome(reader.read, content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if _most() - before > reader.memory * 1024 + len(content) / 1024:
            pipe.send((f"{TOO_MUCH} {reader.memory} MB", content))
            return
        if what not in ("accepted", "refused"):
            content = shorter(reader.read, content)
        pipe.send((what, b"" if what in ("accepted", "refused") else content))


def _most() -> int:
    """The most memory that this process has had, in KB; `getrusage` counts that of the process which started it too."""
    status = Path("/proc/self/status").read_bytes()
    return int(status.partition(b"VmHWM:")[2].split()[0])


def try_reader(
    name: str, seed: int, seconds: float, most: float = float("inf"), module: str = "campaign.readers"
) -> Found:
    """Try changed files in front of a reader of a module for some seconds, or until there were so many."""
    found, round_ = Found(), 0
    context = get_context("spawn")
    until = None
    with tempfile.TemporaryDirectory(dir=SCRATCH) as place:
        while until is None or (time.monotonic() < until and found.tried < most):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=work, args=(module, name, seed + 1_000_003 * round_, place, theirs))
            process.start()
            theirs.close()
            round_ += 1
            try:
                until = _hear(ours, found, until, seconds, most, Path(place) / "latest")
            finally:
                process.kill()
                process.join()
                ours.close()
            if until is None:
                found.add("it does not start", b"")
                break
    return found


def _hear(
    pipe: Connection, found: Found, until: float | None, seconds: float, most: float, latest: Path
) -> float | None:
    """Count what a process says until it ends, the time is over, or there were enough files."""
    while True:
        if not pipe.poll(WAITING):
            found.add("a hang", _latest(latest))
            return until
        try:
            what, content = pipe.recv()
        except (EOFError, OSError):
            if until is not None:
                found.add("a crash, or more than 10 s", _latest(latest))
            return until
        if what == "ready":
            began = time.monotonic()
            until = until or began + seconds
            continue
        if what in ("accepted", "refused"):
            setattr(found, what, getattr(found, what) + 1)
        else:
            found.add(kind_of(what), content)
            print(f"  {what}", flush=True)
            if what.startswith(TOO_MUCH):
                return until
        if time.monotonic() > until or found.tried >= most:
            return until


def _latest(path: Path) -> bytes:
    content = path.read_bytes() if path.exists() else bytes(8)
    return content[8 : 8 + int.from_bytes(content[:8], "big")]


def keep(name: str, found: Found, folder: Path) -> None:
    """Write what fails, a file each."""
    for what, contents in found.findings.items():
        folder.mkdir(parents=True, exist_ok=True)
        for content in contents:
            path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:8]}"
            path.write_bytes(content)
            print(f"{name}: {what} ({found.counts[what]} times): {path}, {len(content)} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=READERS, nargs="*", default=list(READERS))
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    given = parser.parse_args()
    os.environ.setdefault("HANDGRAD_THREADS", "1")  # of a reader: networks here are small
    load_kernels(KERNELS, print)
    total, problems, share = 0, 0, given.seconds / len(given.only)
    for name in given.only:
        began = time.monotonic()
        found = try_reader(name, given.seed, share)
        rate = found.tried / (time.monotonic() - began)
        total, problems = total + found.tried, problems + sum(found.counts.values())
        counts = f"{found.accepted} accepted, {found.refused} refused, {sum(found.counts.values())} findings"
        print(f"{name}: {found.tried} files, {rate:.0f} a second: {counts}", flush=True)
        keep(name, found, given.findings)
    print(f"{total} files in front of {len(given.only)} readers, {problems} findings")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
