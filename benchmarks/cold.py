"""From the command to the trained model, on a machine that has never run it: whole processes, by the clock.

handgrad begins with an empty cache, so that it compiles its kernels first, and ends with model, curves and report.
Beside it, PyTorch and scikit-learn train the same network for the same five epochs, in scripts as one writes them, from
arrays on disk. Then `DigitClassifier` and `MLPClassifier` fit scikit-learn's 1,797 digits, in scripts of their own. All
take turns, with a fresh cache in each round.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import machine
import rounds
from handgrad.datasets import load

SCRIPTS = rounds.HERE / "contestants"


def commands(folder: Path, peer_python: str, turn: int) -> dict[str, tuple[list[str], str]]:
    """Name: the command, and the cache for handgrad's kernels."""
    empty, full, run = folder / f"cache-{turn}", folder / "cache", folder / f"run-{turn}"
    train = [sys.executable, "-m", "handgrad", "train", "--recipe", "assignment", "--out"]
    digits = [sys.executable, str(SCRIPTS / "digits_cold.py")]
    return {
        "handgrad, nothing compiled": ([*train, f"{run}-cold"], str(empty)),
        "handgrad, kernels compiled": ([*train, f"{run}-warm"], str(full)),
        "PyTorch": ([peer_python, str(SCRIPTS / "torch_cold.py"), str(folder)], ""),
        "scikit-learn": ([peer_python, str(SCRIPTS / "sklearn_cold.py"), str(folder)], ""),
        "handgrad, cnn until the first step": ([sys.executable, str(SCRIPTS / "first_step.py"), "cnn"], f"{empty}-cnn"),
        "DigitClassifier, nothing compiled": ([*digits, "handgrad"], f"{empty}-digits"),
        "MLPClassifier": ([peer_python, *digits[1:], "scikit-learn"], ""),
    }


def seconds(command: list[str], cache: str, threads: int) -> float:
    """Of a whole process."""
    environment = {**rounds.environment(threads), "HANDGRAD_CACHE": cache}
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    taken = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{command}: {done.stderr[-500:]}")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has torch and scikit-learn")
    given = parser.parse_args()
    head = machine.record()
    machine.keep_to_cores(given.threads)
    taken: dict[str, list[float]] = {}
    loads: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder, (images, _) = Path(name), load("mnist").split()
        np.save(folder / "pixels.npy", images.pixels)
        np.save(folder / "labels.npy", images.labels)
        seconds(*commands(folder, given.peer_python, 0)["handgrad, kernels compiled"], given.threads)
        for turn in range(1, given.rounds + 1):
            loads.append(round(os.getloadavg()[0], 2))
            for contestant, (command, cache) in commands(folder, given.peer_python, turn).items():
                taken.setdefault(contestant, []).append(round(seconds(command, cache, given.threads), 2))
                print(f"{contestant:<40}{taken[contestant][-1]:>8.1f} s", flush=True)
    table = {name: {"median": statistics.median(each), "rounds": each} for name, each in taken.items()}
    result = {**head, "threads": given.threads, "unit": "seconds", "load_before_rounds": loads, "contestants": table}
    print(f"wrote {rounds.write('cold', result).name}")


if __name__ == "__main__":
    main()
