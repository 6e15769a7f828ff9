"""Contestants in processes of their own, in turn, round after round; medians and paired ratios."""

import json
import os
import re
import statistics
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
LIMIT = 900  # seconds that one process may take, compilation included

Line = dict[str, Any]  # what a contestant prints: figures, or {"error": reason}


def in_turn(commands: dict[str, list[str]], rounds: int, threads: int) -> dict[str, list[Line]]:
    """Every contestant's line of every round. Each round starts with another contestant; one that fails is out."""
    lines: dict[str, list[Line]] = {name: [] for name in commands}
    names, failed = list(commands), set()
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name not in failed:
                line = _one(commands[name], threads)
                lines[name].append(line)
                failed |= {name} if "error" in line else set()
    return lines


def _one(command: list[str], threads: int) -> Line:
    try:
        done = subprocess.run(command, env=environment(threads), capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {LIMIT} s"}
    if done.returncode:
        return {"error": reason(done.stderr) or f"exit status {done.returncode}"}
    line: Line = json.loads(done.stdout.splitlines()[-1])
    return line


def environment(threads: int) -> dict[str, str]:
    """This process's, with the number of threads in every form that a contestant may read."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "HANDGRAD_THREADS", "NPROC")
    flags = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    return {**os.environ, **dict.fromkeys(names, str(threads)), "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}


def reason(stderr: str) -> str:
    """The last line of a traceback that names an error, without this computer's paths."""
    lines = [line for line in stderr.splitlines() if re.match(r"\w[\w.]*(Error|Exception|Exit)\b", line)]
    return re.sub(r"(/[\w.@+-]+){2,}", "PATH", lines[-1])[:300] if lines else ""


def compare(lines: dict[str, list[Line]], champion: str, figure: str) -> dict[str, Line]:
    """Medians of `figure` (less is better), and how many times the champion's speed is a peer's, paired by round."""
    table: dict[str, Line] = {}
    for name, rounds in lines.items():
        if "error" in rounds[-1]:
            table[name] = {"error": rounds[-1]["error"]}
            continue
        ratios = [peer[figure] / own[figure] for peer, own in zip(rounds, lines[champion], strict=True)]
        table[name] = {
            "median": statistics.median(line[figure] for line in rounds),
            "times_faster": statistics.median(ratios),  # the champion, than this one
            "times_faster_least": min(ratios),
            "times_faster_most": max(ratios),
            "rounds": rounds,
        }
    return table


def write(name: str, result: Line) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path
