"""Training steps of fully connected networks: handgrad beside PyTorch, JAX and scikit-learn.

Every contestant takes the same steps from the same weights over the same batches, each in a process of its own, in
turn. The trained weights are compared by their loss, so that nobody is fast by doing something else.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import machine
import rounds
from contestants import problem
from handgrad.datasets import load

AGREE = 1e-3  # how far, in loss, trained weights may be from handgrad's after one run


@dataclass(frozen=True)
class Case:
    """widths of the layers, input first. steps: at most one pass over the training images, `repeats` times."""

    widths: tuple[int, ...]
    batch: int
    steps: int
    repeats: int

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch}"


SMALL, WIDE = (784, 100, 200, 200, 10), (784, 1024, 1024, 1024, 10)
CASES = (Case(SMALL, 32, 100, 60), Case(SMALL, 128, 100, 20), Case(WIDE, 128, 25, 4))
CONTESTANTS = {  # name: (file, arguments)
    "handgrad": ("handgrad_steps", ()),
    "PyTorch eager": ("torch_steps", ("eager",)),
    "PyTorch compiled": ("torch_steps", ("compile",)),
    "JAX scan": ("jax_steps", ("scan",)),
    "JAX steps": ("jax_steps", ("step",)),
    "scikit-learn": ("sklearn_steps", ()),
}


def commands(case: Case, optimiser: str, folder: Path, peer_python: str) -> dict[str, list[str]]:
    task = json.dumps({**asdict(case), "optimiser": optimiser})
    made = {}
    for name, (file, arguments) in CONTESTANTS.items():
        python = sys.executable if name == "handgrad" else peer_python
        made[name] = [python, str(rounds.HERE / "contestants" / f"{file}.py"), str(folder), task, *arguments]
    return made


def prepare(folder: Path) -> None:
    """MNIST's 50,000 images to learn from, standardised, as float32."""
    images, _ = load("mnist").split()
    x = images.pixels.reshape(len(images), -1).astype(np.float32)
    x -= np.float32(x.mean(dtype=np.float64))
    x /= np.float32(x.std(dtype=np.float64))
    problem.save(folder, x, images.labels)


def judge(table: dict[str, rounds.Line]) -> dict[str, Any]:
    """Each contestant's largest distance from handgrad's loss, and whether all are within AGREE."""
    losses = {name: [r["loss"] for r in entry["rounds"]] for name, entry in table.items() if "rounds" in entry}
    own = losses["handgrad"][0]
    apart = {name: max(abs(loss - own) for loss in each) for name, each in losses.items()}
    return {"loss": own, "loss_apart": apart, "losses_agree": all(each <= AGREE for each in apart.values())}


def show(case: dict[str, Any]) -> None:
    print(f"\n{case['case']}   {case['steps']} steps")
    print(f"{'':<18}{'us a step':>10}{'handgrad is faster by':>24}{'loss apart':>12}")
    for name, entry in case["contestants"].items():
        if "error" in entry:
            print(f"{name:<18}{'-':>10}  {entry['error']}")
            continue
        span = f"{entry['times_faster']:.2f} ({entry['times_faster_least']:.2f}-{entry['times_faster_most']:.2f})"
        print(f"{name:<18}{entry['median']:>10.1f}{span:>24}{case['loss_apart'][name]:>12.1e}")
    print("" if case["losses_agree"] else f"LOSSES DIFFER by more than {AGREE}: not the same training")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--optimiser", choices=tuple(problem.RATES), default="sgd")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has torch, jax, scikit-learn")
    parser.add_argument("--quick", action="store_true", help="few steps: to see that all runs; writes nothing")
    return parser.parse_args()


def main() -> None:
    given = options()
    head = machine.record()
    machine.keep_to_cores(given.threads)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for case in CASES:
            small = Case(case.widths, case.batch, 20, 1) if given.quick else case
            lines = rounds.in_turn(
                commands(small, given.optimiser, Path(folder), given.peer_python), given.rounds, given.threads
            )
            if "error" in lines["handgrad"][-1]:
                sys.exit(f"handgrad: {lines['handgrad'][-1]['error']}")
            table = rounds.compare(lines, "handgrad", "microseconds_per_step")
            entry = {"case": case.name, "steps": small.steps * small.repeats, **judge(table), "contestants": table}
            results.append({**entry, "widths": case.widths, "batch": case.batch})
            show(results[-1])
    if not given.quick:
        name = "dense" if given.optimiser == "sgd" else f"dense-{given.optimiser}"
        rates = {"optimiser": given.optimiser, "lr": problem.RATES[given.optimiser]}
        result = {**head, "threads": given.threads, "rounds": given.rounds, **rates, "unit": "microseconds a step"}
        print(f"wrote {rounds.write(name, {**result, 'cases': results}).name}")
    if not all(case["losses_agree"] for case in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
