"""Convolutions: whole training steps beside PyTorch and JAX, and the three passes of single layers beside oneDNN.

The network: two 3x3 convolutions to 32 channels at 28x28, pool, two to 64 at 14x14, pool, dense 256, dense 10. Every
contestant takes the same steps from the same weights over the same batches, in a process of its own, in turn.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine
import rounds
from dense import judge, prepare, show

BATCH, STEPS, REPEATS = 128, 5, 8
TRAINERS = {  # name: (file, arguments)
    "handgrad": ("handgrad_conv", ()),
    "PyTorch NCHW": ("torch_conv", ("contiguous", "eager")),
    "PyTorch channels_last": ("torch_conv", ("channels_last", "eager")),
    "PyTorch channels_last compiled": ("torch_conv", ("channels_last", "compile")),
    "JAX": ("jax_conv", ()),
}
LAYERS = {
    "handgrad": ("handgrad_layer", ()),
    "oneDNN NCHW": ("torch_layer", ("contiguous",)),
    "oneDNN channels_last": ("torch_layer", ("channels_last",)),
}
SHAPES = ((28, 32, 32), (14, 32, 64), (14, 64, 64), (28, 16, 32))  # side, channels in and out
PASSES = ("forward", "input_gradient", "weight_gradient")


def commands(contestants: dict[str, Any], first: list[str], peer_python: str) -> dict[str, list[str]]:
    made = {}
    for name, (file, arguments) in contestants.items():
        python = sys.executable if name == "handgrad" else peer_python
        made[name] = [python, str(rounds.HERE / "contestants" / f"{file}.py"), *first, *arguments]
    return made


def steps(given: argparse.Namespace) -> dict[str, Any]:
    task = {"batch": BATCH, "steps": 2 if given.quick else STEPS, "repeats": 1 if given.quick else REPEATS}
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        lines = rounds.in_turn(
            commands(TRAINERS, [folder, json.dumps(task)], given.peer_python), given.rounds, given.threads
        )
    if "error" in lines["handgrad"][-1]:
        sys.exit(f"handgrad: {lines['handgrad'][-1]['error']}")
    table = rounds.compare(lines, "handgrad", "microseconds_per_step")
    case = {"case": "whole step, batch 128", **task, **judge(table), "contestants": table}
    show({**case, "steps": task["steps"] * task["repeats"]})
    print(f"handgrad: {BATCH / table['handgrad']['median'] * 1e6:.0f} images/s")
    return case


def layer(shape: tuple[int, int, int], given: argparse.Namespace) -> dict[str, Any]:
    side, n_in, n_out = shape
    task = json.dumps({"n": BATCH, "side": side, "n_in": n_in, "n_out": n_out})
    lines = rounds.in_turn(commands(LAYERS, [task], given.peer_python), given.rounds, given.threads)
    tables = {name: rounds.compare(lines, "handgrad", name) for name in PASSES}
    for table in tables.values():
        for entry in table.values():
            entry.pop("rounds", None)
    apart = {name: _apart(lines, name) for name in PASSES}
    print(f"\n{side}x{side}, {n_in} to {n_out} channels: handgrad is faster by")
    for peer in [name for name in LAYERS if name != "handgrad"]:
        found = {name: table[peer] for name, table in tables.items()}
        texts = (each.get("error") or f"{name} {each['times_faster']:.2f}" for name, each in found.items())
        print(f"  {peer:<22}" + "  ".join(dict.fromkeys(texts)))
    return {"side": side, "channels": [n_in, n_out], "results_apart": apart, "passes": tables}


def _apart(lines: dict[str, list[rounds.Line]], name: str) -> float:
    """The largest difference between contestants' results, over the largest result."""
    samples = [each[0][f"{name}_sample"] for each in lines.values() if "error" not in each[-1]]
    largest = max(abs(v) for v in samples[0])
    return max(abs(a - b) for sample in samples for a, b in zip(sample, samples[0], strict=True)) / largest


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has torch and jax")
    parser.add_argument("--quick", action="store_true", help="few steps: to see that all runs; writes nothing")
    return parser.parse_args()


def main() -> None:
    given = options()
    head = machine.record()
    machine.keep_to_cores(given.threads)
    case = steps(given)
    layers = [layer(shape, given) for shape in SHAPES]
    if not given.quick:
        result = {**head, "threads": given.threads, "rounds": given.rounds, "unit": "microseconds"}
        print(f"wrote {rounds.write('conv', {**result, 'cases': [case], 'layers': layers}).name}")
    if not case["losses_agree"] or max(max(each["results_apart"].values()) for each in layers) > 1e-4:
        sys.exit("the contestants disagree: not the same work")


if __name__ == "__main__":
    main()
