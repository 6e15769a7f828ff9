"""Other people's handwriting, read by handgrad, RapidOCR and Tesseract, each in a process of its own, in turn.

    python benchmarks/readers.py FOLDER...

A folder has pictures in FOLDER/SOURCE/ and truth.json beside these:
{"singles": {SOURCE: {FILE: DIGIT}}, "pages": {SOURCE: {FILE: [LINE, ...]}}}. Figures go to results/readers.json. A
reader that is not installed is named and left out.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from machine import record
from rounds import HERE, Line, in_turn, write
from scoring import REFUSED, Count, compare_lines

READERS = ("handgrad", "rapidocr", "tesseract")
NAMES = ("right", "refused", "wrong", "missing", "extra", "accuracy", "exact")
Truth = list[list[str]]  # of each picture its lines


def tasks(folder: Path) -> list[tuple[dict[str, Any], Truth]]:
    """What is to be read, and what it says, source by source."""
    known = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    found = []
    for kind in ("singles", "pages"):
        for source, truth in known.get(kind, {}).items():
            files = [str((folder / source / name).resolve()) for name in truth]
            lines = [[value] if kind == "singles" else value for value in truth.values()]
            found.append(({"kind": kind, "source": source, "files": files}, lines))
    return found


def judged(kind: str, truth: Truth, answers: Truth) -> Count:
    """Counts over all pictures of a source."""
    judge = single if kind == "singles" else compare_lines
    return sum((judge(lines, read) for lines, read in zip(truth, answers, strict=True)), Count())


def single(truth: list[str], answer: list[str]) -> Count:
    """One digit: right, refused (also where nothing is answered), or wrong."""
    text = "".join(answer)
    right, refused = int(text == truth[0]), int(text in ("", REFUSED))
    return Count(digits=1, lines=1, right=right, refused=refused, wrong=1 - right - refused,
                 exact=right, distance=1 - right)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--peer-python", metavar="PATH", default=sys.executable, help="a Python that has rapidocr")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    result: dict[str, Any] = {**record(), "command": "python benchmarks/readers.py FOLDER", "threads": given.threads}
    sources: dict[str, dict[str, Line]] = {}
    print(f"{'':<36}" + "".join(f"{name:>9}" for name in (*NAMES, "seconds")))
    for task, truth in (task for folder in given.folders for task in tasks(folder)):
        read = _read(task, given.peer_python, given.threads)
        found = {name: _figures(task["kind"], truth, line) for name, line in read.items()}
        sources[f"{task['kind']} {task['source']}"] = found
        for name, figures in found.items():
            print(f"{task['source']:<25}{name:<11}{_row(figures)}", flush=True)
    write("readers", {**result, "sources": sources})


def _figures(kind: str, truth: Truth, line: Line) -> Line:
    """Shares of one source and reader; why it is left out, where it is."""
    if "error" in line:
        return line
    count = judged(kind, truth, line["answers"])
    return {**count.to_json(), "pictures": len(truth), "seconds_a_picture": line["seconds"], "version": line["version"]}


def _row(figures: Line) -> str:
    if "error" in figures:
        return f"  left out: {figures['error']}"
    return "".join(f"{100 * figures[name]:9.2f}" for name in NAMES) + f"{figures['seconds_a_picture']:9.3f}"


def _read(task: dict[str, Any], peer_python: str, threads: int) -> dict[str, Line]:
    """What each reader answers to a source, or why it does not."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "task.json"
        file.write_text(json.dumps(task), encoding="utf-8")
        script = str(HERE / "contestants" / "read_pictures.py")
        commands = {
            name: [peer_python if name == "rapidocr" else sys.executable, script, name, str(file)] for name in READERS
        }
        return {name: lines[-1] for name, lines in in_turn(commands, 1, threads).items()}


if __name__ == "__main__":
    main()
