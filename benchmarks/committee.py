"""Test accuracy of the committee beside that of its members; all of them vote, whatever they turned out to be.

    python benchmarks/committee.py --workers 2

A member that was interrupted goes on from its checkpoint; one that is finished is not trained again.
"""

import argparse
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from statistics import mean, stdev

import rounds
from accuracy import one_seed
from machine import record, versions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--workers", type=int, default=1, help="members trained at a time, each with its share of the cores"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run folders are")
    given = parser.parse_args()
    head = record()
    from handgrad.datasets import load
    from handgrad.evaluation.metrics import evaluate
    from handgrad.model.model import Model
    from handgrad.model.shipped import MODEL_FILE
    from handgrad.training.committee import members, vote

    os.environ["HANDGRAD_THREADS"] = str(max(1, (os.cpu_count() or 1) // given.workers))
    folders = [given.runs / f"accuracy-{member.name}" for member in members()]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.workers, mp_context=spawn, max_tasks_per_child=1) as pool:
        jobs = [
            pool.submit(one_seed, member.recipe, member.seed, folder, given.workers)
            for member, folder in zip(members(), folders, strict=True)
        ]
        results = [job.result() for job in jobs]
    model, test = vote([Model.load(folder / MODEL_FILE) for folder in folders]), load("mnist").test
    assert test is not None
    model.save(given.runs / "committee.safetensors")
    found = evaluate(model.predict_proba(test.pixels), test.labels, test.classes)
    each = [result["accuracy"] for result in results]
    made = [
        {"recipe": asdict(member.recipe), "name": member.name, **result}
        for member, result in zip(members(), results, strict=True)
    ]
    summary = {
        **head, "accuracy": found.accuracy, "interval": found.interval, "nll": found.nll, "ece": found.ece,
        "wrong": sorted(found.mistakes.tolist()), "weights": model.network.layout.count,
        "members_mean": mean(each), "members_standard_deviation": stdev(each),
        "versions": versions("handgrad", "numpy", "numba"), "members": made,
    }  # fmt: skip
    rounds.write("accuracy-committee", json.loads(json.dumps(summary)))
    print(f"members {', '.join(f'{a:.2%}' for a in each)}: mean {mean(each):.3%}")
    print(f"committee of {len(each)}: {found.accuracy:.2%}, NLL {found.nll:.4f}, ECE {found.ece:.2%}")


if __name__ == "__main__":
    main()
