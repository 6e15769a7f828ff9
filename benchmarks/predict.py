"""Answering with a trained convolutional network: handgrad beside onnxruntime and PyTorch, for 1 and for 256 images.

The network of `conv.py`; each contestant in a process of its own, in turn, from float32 images in memory to logits.
"""

import argparse
import sys

import machine
import rounds
from conv import commands

CONTESTANTS = {
    "handgrad": ("handgrad_predict", ()),
    "onnxruntime": ("ort_predict", ()),
    "PyTorch NCHW": ("torch_predict", ("contiguous",)),
    "PyTorch channels_last": ("torch_predict", ("channels_last",)),
}
SIZES = (1, 256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has torch, onnx, onnxruntime")
    parser.add_argument("--quick", action="store_true", help="one round: to see that all runs; writes nothing")
    given = parser.parse_args()
    head = machine.record()
    machine.keep_to_cores(given.threads)
    turns = 1 if given.quick else given.rounds
    lines = rounds.in_turn(commands(CONTESTANTS, [], given.peer_python), turns, given.threads)
    if "error" in lines["handgrad"][-1]:
        sys.exit(f"handgrad: {lines['handgrad'][-1]['error']}")
    cases, apart = [], 0.0
    for n in SIZES:
        table = rounds.compare(lines, "handgrad", f"images_{n}")
        cases.append({"images": n, "contestants": table})
        print(f"\n{n} images{'':<14}{'us':>10}{'handgrad is faster by':>24}")
        for name, entry in table.items():
            if "error" in entry:
                print(f"{name:<24}  {entry['error']}")
                continue
            span = f"{entry['times_faster']:.2f} ({entry['times_faster_least']:.2f}-{entry['times_faster_most']:.2f})"
            print(f"{name:<24}{entry['median']:>10.0f}{span:>24}")
            own, other = (lines[k][0][f"logits_{n}"] for k in ("handgrad", name))
            apart = max(apart, *(abs(a - b) for a, b in zip(own, other, strict=True)))
    if not given.quick:
        result = {**head, "threads": given.threads, "rounds": turns, "unit": "microseconds", "logits_apart": apart}
        print(f"wrote {rounds.write('predict', {**result, 'cases': cases}).name}")
    if apart > 1e-3:
        sys.exit(f"logits are up to {apart:.1e} apart: not the same network")


if __name__ == "__main__":
    main()
