"""DigitClassifier beside scikit-learn's MLPClassifier: `python benchmarks/estimator.py`, on a quiet machine.

Training on MNIST with the same network, optimiser, batch and epochs, each in a process of its own, in turn; accuracy on
the last 10,000 training images. Then three small data sets behind a StandardScaler, ten seeds with a split each.
"""

import argparse
import json
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import machine
import rounds

NETWORK: dict[str, Any] = {"hidden_layer_sizes": (100, 200, 200), "batch_size": 128, "alpha": 1e-4, "random_state": 0}
THREADS = 2
SEEDS = range(10)


def contestant(name: str, **parameters: Any) -> Any:
    if name == "handgrad":
        from handgrad import DigitClassifier

        return DigitClassifier(**parameters)
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # that so few epochs do not converge is known
    return MLPClassifier(**parameters)


def train(name: str, epochs: int) -> dict[str, float]:
    """Seconds of `fit` on 50,000 images as rows of 32-bit floats, and accuracy on 10,000 others."""
    import handgrad

    data, valid = handgrad.load("mnist").split()
    rows, others = (each.pixels.reshape(len(each), -1) / np.float32(255) for each in (data, valid))
    same = {"lr": 1e-3, "schedule": "constant", "optimiser": "adam"} if name == "handgrad" else {}
    contestant(name, **NETWORK, **same, max_iter=1).fit(rows[:1000], data.labels[:1000])  # compiles
    estimator = contestant(name, **NETWORK, **same, max_iter=epochs)
    began = time.perf_counter()
    estimator.fit(rows, data.labels)
    return {"seconds": time.perf_counter() - began, "accuracy": estimator.score(others, valid.labels)}


def small() -> dict[str, Any]:
    """Accuracies on small data sets, with the defaults of both."""
    from sklearn.datasets import load_breast_cancer, load_digits, load_wine
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found: dict[str, Any] = {}
    for load in (load_digits, load_breast_cancer, load_wine):
        rows, labels = load(return_X_y=True)
        scores: dict[str, list[float]] = {"handgrad": [], "scikit-learn": []}
        for seed in SEEDS:
            parts = train_test_split(rows, labels, test_size=0.3, stratify=labels, random_state=seed)
            for name, listed in scores.items():
                pipeline = make_pipeline(StandardScaler(), contestant(name, random_state=seed))
                listed.append(pipeline.fit(parts[0], parts[2]).score(parts[1], parts[3]))
        found[load.__name__.removeprefix("load_")] = {
            name: {"mean": statistics.mean(listed), "deviation": statistics.stdev(listed), "seeds": listed}
            for name, listed in scores.items()
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", choices=("handgrad", "scikit-learn"), help=argparse.SUPPRESS)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--note", default="", help="what the record should say of the machine's other work")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(train(given.one, given.epochs)))
        return
    script = [sys.executable, str(Path(__file__).resolve()), "--epochs", str(given.epochs), "--one"]
    head = machine.record()
    lines = rounds.in_turn({name: [*script, name] for name in ("handgrad", "scikit-learn")}, given.rounds, THREADS)
    table = rounds.compare(lines, "handgrad", "seconds")
    record = {"note": given.note, **head, "threads": THREADS, "epochs": given.epochs,
              "network": NETWORK, "mnist": table, "small": small()}  # fmt: skip
    path = rounds.write("estimator", record)
    print(json.dumps({name: entry.get("median", entry) for name, entry in table.items()}), path)


if __name__ == "__main__":
    main()
