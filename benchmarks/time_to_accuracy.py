"""Seconds of training on the CPU to an accuracy: from arrays in memory to final weights, over many seeds.

    python benchmarks/time_to_accuracy.py speed --seeds 20

Nothing is chosen by looking at the test images: they are read once for each finished network. The kernels are
compiled beforehand; one more seed, in a fresh process without any compiled code, says what a first run takes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from statistics import mean, median, stdev
from typing import Any

import rounds
from machine import keep_to_cores, record, versions


def one_seed(name: str, seed: int) -> dict[str, Any]:
    """Train one seed by the clock, then read the test images."""
    from handgrad.datasets import load
    from handgrad.evaluation.metrics import evaluate
    from handgrad.training.compiling import compile_kernels
    from handgrad.training.recipes import recipe
    from handgrad.training.trainer import Trainer

    (data, valid), test = load("mnist").split(), load("mnist").test
    assert test is not None
    compiling = compile_kernels(recipe(name), data)
    began = time.perf_counter()
    trainer = Trainer(recipe(name), data, valid, seed)
    for _ in trainer.run():
        pass
    seconds = time.perf_counter() - began
    found = evaluate(trainer.model().predict_proba(test.pixels), test.labels, test.classes)
    compiling, seconds = round(compiling, 2), round(seconds, 3)
    return {"seed": seed, "seconds": seconds, "accuracy": found.accuracy, "warm_up_seconds": compiling}


def in_fresh_process(name: str, seed: int, threads: int, cache: str | None = None) -> dict[str, Any]:
    environment = {**rounds.environment(threads), **({"HANDGRAD_CACHE": cache} if cache else {})}
    command = [sys.executable, __file__, name, "--one", str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 0 on")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # train this seed here
    given = parser.parse_args()
    if given.one is not None:
        print(json.dumps(one_seed(given.recipe, given.one)))
        return
    head = record()
    keep_to_cores(given.threads)
    in_fresh_process(given.recipe, 0, given.threads)  # compiles
    results = []
    for seed in range(given.seeds):
        results.append(in_fresh_process(given.recipe, seed, given.threads))
        print(f"seed {seed}: {results[-1]['accuracy']:.2%} in {results[-1]['seconds']:.2f} s", flush=True)
    with tempfile.TemporaryDirectory() as cache:
        cold = in_fresh_process(given.recipe, 0, given.threads, cache)
    from handgrad.training.recipes import recipe

    settled = recipe(given.recipe)
    accuracies = [result["accuracy"] for result in results]
    summary = {
        **head, "recipe": asdict(settled), "threads": given.threads,
        "versions": versions("handgrad", "numpy", "numba"), "mean_accuracy": mean(accuracies),
        "standard_deviation": stdev(accuracies) if len(accuracies) > 1 else 0.0,
        "least_accuracy": min(accuracies), "median_seconds": median(r["seconds"] for r in results),
        "most_seconds": max(r["seconds"] for r in results),
        "cold_compile_seconds": cold["warm_up_seconds"], "seeds": results,
    }  # fmt: skip
    print(f"mean {summary['mean_accuracy']:.3%} +- {summary['standard_deviation']:.3%}, ", end="")
    print(
        f"median {summary['median_seconds']:.2f} s; compiling takes {summary['cold_compile_seconds']:.0f} s more, once"
    )
    print(f"wrote {rounds.write(f'time-to-accuracy-{settled.name}', summary).name}")


if __name__ == "__main__":
    main()
