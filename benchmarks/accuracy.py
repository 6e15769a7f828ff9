"""Test accuracy of a recipe over seeds: every seed listed, final weights, nothing chosen by looking at the test images.

    python benchmarks/accuracy.py mlp-best --seeds 0,1,2,3,4 --workers 2
    python benchmarks/accuracy.py robust --data handwriting.npz       # made by handwriting.py

A seed that was interrupted goes on from its checkpoint; one that is finished is not trained again.
"""

import argparse
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from machine import record, versions

DISPUTED = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)
RESULTS = Path(__file__).parent / "results"


def one_seed(recipe: Any, data: str, seed: int, folder: Path, workers: int) -> dict[str, Any]:
    """Train (or go on training) one seed and read the test images once; the record is kept beside the model."""
    import numpy as np

    from handgrad.datasets import load
    from handgrad.evaluation.metrics import evaluate
    from handgrad.model.model import Model
    from handgrad.model.shipped import MODEL_FILE
    from handgrad.training.compiling import compile_kernels
    from handgrad.training.progress import Epoch
    from handgrad.training.run import Run

    done = folder / "result.json"
    run = Run.begin_or_resume(folder, recipe, data, seed)
    if bool(run) == done.is_file():
        raise SystemExit(f"{folder}: a model without its result, or the reverse; remove the folder, train again")
    if not run:
        return dict(json.loads(done.read_text()))
    compiling = compile_kernels(recipe, run.trainer.data)
    for event in run.events():
        if isinstance(event, Epoch) and event.epoch % max(1, recipe.epochs // 20) == 0:
            print(f"seed {seed} epoch {event.epoch} loss {event.train_loss:.4f} {event.seconds:.1f} s", flush=True)
    run.finish()
    progress = run.trainer.progress
    test = load("mnist").test
    assert test is not None
    found = evaluate(Model.load(folder / MODEL_FILE).predict_proba(test.pixels), test.labels, test.classes)
    wrong = sorted(found.mistakes.tolist())
    undisputed = len(np.setdiff1d(wrong, DISPUTED)) / (found.n - len(DISPUTED))
    result = {
        "seed": seed, "accuracy": found.accuracy, "nll": found.nll, "ece": found.ece,
        "accuracy_without_disputed": 1 - undisputed, "valid_accuracy": progress.history[-1].valid_accuracy,
        "train_seconds": round(progress.train_seconds, 1), "compile_or_load_seconds": round(compiling, 1),
        "threads": int(os.environ.get("HANDGRAD_THREADS", os.cpu_count() or 1)), "processes": workers, "wrong": wrong,
    }  # fmt: skip
    done.write_text(json.dumps(result))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--data", default="mnist", help="what to learn from; it is judged by MNIST's test images")
    parser.add_argument(
        "--workers", type=int, default=1, help="seeds trained at a time, each with its share of the cores"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run folders are")
    options = parser.parse_args()
    head = record()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    os.environ["HANDGRAD_THREADS"] = str(max(1, (os.cpu_count() or 1) // options.workers))
    spawn = multiprocessing.get_context("spawn")
    from handgrad.training.recipes import recipe

    settled = recipe(options.recipe)
    with ProcessPoolExecutor(options.workers, mp_context=spawn, max_tasks_per_child=1) as pool:
        folders = [options.runs / f"accuracy-{settled.name}-{seed}" for seed in seeds]
        jobs = [
            pool.submit(one_seed, settled, options.data, seed, folder, options.workers)
            for seed, folder in zip(seeds, folders, strict=True)
        ]
        results = [job.result() for job in jobs]
    accuracies = [result["accuracy"] for result in results]
    summary = {
        "recipe": asdict(settled), "data": Path(options.data).name, "mean": mean(accuracies),
        "standard_deviation": stdev(accuracies) if len(accuracies) > 1 else 0.0,
        "median_train_seconds": median(result["train_seconds"] for result in results), **head,
        "versions": versions("handgrad", "numpy", "numba"), "seeds": results,
    }  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"accuracy-{settled.name}.json").write_text(json.dumps(summary, indent=1) + "\n")
    for result in results:
        print(f"seed {result['seed']}: {result['accuracy']:.2%}, {result['train_seconds']:.0f} s")
    print(f"mean {summary['mean']:.3%} +- {summary['standard_deviation']:.3%}")


if __name__ == "__main__":
    main()
