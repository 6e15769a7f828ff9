"""Distorting training images, uint8 to standardised float32, on one core: handgrad beside SciPy.

Rotation, shear, stretch, shift and an elastic field for every image. handgrad draws 256 fields an epoch and rolls and
mirrors them, inside its time; SciPy draws and smooths one for each image, or, as `scipy, fields given`, takes ready
ones off the clock. Each contestant runs in a process of its own, in turn.
"""

import argparse
import sys
from typing import Any

import machine
import rounds

EPOCHS = 4  # of handgrad's fields
IMAGES = {"handgrad": EPOCHS * 390 * 128, "scipy": 40 * 128, "scipy-fields": 80 * 128}
TITLES = {"handgrad": "handgrad", "scipy": "scipy", "scipy-fields": "scipy, fields given"}
AGREE = 0.03  # how far the mean and the deviation of the pixels may be from handgrad's: the draws are not the same


def commands(quick: bool) -> dict[str, list[str]]:
    worker = str(rounds.HERE / "contestants" / "warps.py")
    return {
        TITLES[name]: [sys.executable, worker, name, str(n // EPOCHS if quick else n)] for name, n in IMAGES.items()
    }


def show(table: dict[str, rounds.Line]) -> None:
    print(f"{'':<20}{'images/s, one core':>20}{'handgrad is faster by':>26}")
    for name, entry in table.items():
        span = f"{entry['times_faster']:.1f} ({entry['times_faster_least']:.1f}-{entry['times_faster_most']:.1f})"
        print(f"{name:<20}{1e6 / entry['median']:>20,.0f}{span:>26}")


def agree(table: dict[str, rounds.Line]) -> bool:
    """Whether the distorted pixels are alike, by their mean and deviation."""
    own = table["handgrad"]["rounds"][0]
    every = [line for entry in table.values() for line in entry["rounds"]]
    return all(abs(line[key] - own[key]) <= AGREE for line in every for key in ("mean", "deviation"))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="few images: to see that all runs; writes nothing")
    return parser.parse_args()


def main() -> None:
    given = options()
    head: dict[str, Any] = machine.record()
    machine.keep_to_cores(1)
    lines = rounds.in_turn(commands(given.quick), given.rounds, threads=1)
    failed = [f"{name}: {each[-1]['error']}" for name, each in lines.items() if "error" in each[-1]]
    if failed:
        sys.exit("\n".join(failed))
    table = rounds.compare(lines, "handgrad", "microseconds_per_image")
    show(table)
    alike = agree(table)
    if given.quick:
        return
    figures = {"threads": 1, "rounds": given.rounds, "unit": "microseconds an image", "pixels_agree": alike}
    print(f"wrote {rounds.write('augment', {**head, **figures, 'contestants': table}).name}")
    if not alike:
        sys.exit(f"the distorted pixels differ by more than {AGREE} in mean or deviation: not the same work")


if __name__ == "__main__":
    main()
