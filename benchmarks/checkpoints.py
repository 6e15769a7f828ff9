"""What checkpoints cost: short trainings with checkpoints as they are written by default, and with none.

Each training is a process of its own; they take turns. A share is the time more than without checkpoints, of the same
round. `saving` is the time inside the writing, which varies less than the difference of two trainings.
"""

import argparse
import statistics
import sys

import machine
import rounds

TRAININGS = {"assignment": 10, "cnn": 1}  # recipe: epochs
KINDS = ("checkpoints", "none")
BAR = 2.0  # per cent of the time without


def measured(recipe: str, epochs: int, count: int, threads: int) -> rounds.Line:
    """Medians and paired shares, in per cent, of one training."""
    script = str(rounds.HERE / "contestants" / "kept_training.py")
    commands = {kind: [sys.executable, script, recipe, str(epochs), kind] for kind in KINDS}
    rounds.in_turn(commands, 1, threads)  # compiles what is not compiled yet
    lines = rounds.in_turn(commands, count, threads)
    if failed := [line["error"] for each in lines.values() for line in each if "error" in line]:
        sys.exit(f"{recipe}: {failed[0]}")
    pairs = list(zip(*lines.values(), strict=True))
    shares = [100 * (kept["seconds"] / plain["seconds"] - 1) for kept, plain in pairs]
    return {
        "recipe": recipe,
        "epochs": epochs,
        **{kind: statistics.median(line["seconds"] for line in lines[kind]) for kind in KINDS},
        "share": statistics.median(shares),
        "share_least": min(shares),
        "share_most": max(shares),
        "saving": statistics.median(100 * kept["saving"] / plain["seconds"] for kept, plain in pairs),
        "saves": statistics.median(line["saves"] for line in lines["checkpoints"]),
        "rounds": lines,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="two rounds of one epoch; writes nothing")
    given = parser.parse_args()
    head = machine.record()
    machine.keep_to_cores(given.threads)
    trainings = dict.fromkeys(TRAININGS, 1) if given.quick else TRAININGS
    cases = []
    print(f"{'':<12}{'epochs':>8}{'with, s':>10}{'none, s':>10}{'share, %':>10}{'saving, %':>11}{'saves':>7}")
    for recipe, epochs in trainings.items():
        cases.append(case := measured(recipe, epochs, 2 if given.quick else given.rounds, given.threads))
        print(
            f"{recipe:<12}{epochs:>8}{case['checkpoints']:>10.2f}{case['none']:>10.2f}{case['share']:>10.2f}"
            f"{case['saving']:>11.2f}{case['saves']:>7.0f}",
            flush=True,
        )
    if not given.quick:
        result = {**head, "threads": given.threads, "unit": "seconds, per cent", "bar": BAR, "cases": cases}
        print(f"wrote {rounds.write('checkpoints', result).name}")


if __name__ == "__main__":
    main()
