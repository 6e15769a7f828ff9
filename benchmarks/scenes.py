"""How well a model reads composed photos: tables, shadows, ruled paper, pens of all sorts, dates and sums, forms.

    python benchmarks/scenes.py --seeds 100-139
    python benchmarks/scenes.py --seeds 0-4 --kind ruled --kind forms --save FOLDER

A seed makes one scene of each kind. Digits are validation images, or, with --test, test images. Figures for each kind
and for all go to results/scenes.json.
"""

import argparse
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from time import perf_counter

from composing import Area, Line, Scene, compose
from forms import FORMS, form
from handgrad.datasets import load
from handgrad.model.model import Model
from handgrad.model.shipped import open_model
from handgrad.reading import Answer, read_page
from kinds import STYLES
from machine import record, versions
from scoring import Count, compare, compare_lines
from writing import Box, Digits

KINDS = (*STYLES, *FORMS)
RESULTS = Path(__file__).parent / "results"


@dataclass
class Figures:
    """What is counted of one kind.

    as_digit are punctuation marks answered as a digit, of so many marks; nowhere are digits answered where no character
    stands; printed are digits answered on printed words.
    """

    count: Count = field(default_factory=Count)
    marks: int = 0
    as_digit: int = 0
    nowhere: int = 0
    words: int = 0
    printed: int = 0
    pages: int = 0
    seconds: float = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in vars(self)})

    def to_json(self) -> dict[str, float]:
        """Shares, numbers, and seconds a page."""
        numbers = {name: value for name, value in asdict(self).items() if name not in ("count", "seconds")}
        return {**self.count.to_json(), **numbers, "seconds_a_page": self.seconds / max(self.pages, 1)}


def judged(scene: Scene, model: Model) -> Figures:
    """Reads a scene and compares."""
    start = perf_counter()
    page = read_page(scene.file, model)
    seconds = perf_counter() - start
    answers = [answer for line in page.lines for answer in line]
    if scene.printed:
        count = sum((compare(line.text, _in_field(line, answers)) for line in scene.lines), Count())
    else:
        read = ["".join(answer.text for answer in line) for line in page.lines]
        count = compare_lines([line.text for line in scene.lines], read)
    digits = [answer.box for answer in answers if answer.text.isdigit()]
    found = [meant(box, scene) for box in digits]
    return Figures(
        count,
        marks=sum(not place.text.isdigit() for line in scene.lines for place in line.places),
        as_digit=sum(text is not None and not text.isdigit() for text in found),
        nowhere=found.count(None),
        words=len(scene.printed),
        printed=sum(_within(_centre(box), word) for box in digits for word in scene.printed),
        pages=1,
        seconds=seconds,
    )


def _in_field(line: Line, answers: list[Answer]) -> str:
    """What is answered inside a field, from the left."""
    inside = [answer for answer in answers if _within(_centre(answer.box), line.area)]
    return "".join(answer.text for answer in sorted(inside, key=lambda answer: answer.box[0]))


def meant(box: Box, scene: Scene) -> str | None:
    """The character that stands where this box is, if any."""
    places = [place for line in scene.lines for place in line.places]
    best = max(places, key=lambda place: _overlap(box, place.box), default=None)
    return best.text if best and _overlap(box, best.box) > 0 else None


def _overlap(a: Box, b: Box) -> float:
    """What two boxes share, as a part of what they cover."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2] / 2, box[1] + box[3] / 2)


def _within(point: tuple[float, float], area: Area) -> bool:
    """Whether the point is to the right of every side of the area, whose corners go clockwise."""
    x, y = point
    sides = zip(area, (*area[1:], *area[:1]), strict=True)
    return bool(area) and all((c - a) * (y - b) >= (d - b) * (x - a) for (a, b), (c, d) in sides)


def scene(kind: str, seed: int, digits: Digits) -> Scene:
    """The scene of a kind and a seed."""
    if kind in FORMS:
        return form(kind, FORMS[kind], seed, digits)
    return compose(kind, STYLES[kind], seed, digits)


@cache
def alphabet(test: bool = False) -> Digits:
    """MNIST's validation images, or its test images."""
    data = load("mnist")
    images = data.test if test else data.split()[1]
    assert images is not None
    return Digits(images.pixels, images.labels)


def save(made: Scene, seed: int, folder: Path) -> None:
    """The picture, and its truth beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{made.kind.replace(' ', '-')}-{seed}"
    ending = "png" if made.file.startswith(b"\x89PNG") else "jpg"
    (folder / f"{stem}.{ending}").write_bytes(made.file)
    truth = {"lines": [asdict(line) for line in made.lines], "printed": made.printed}
    (folder / f"{stem}.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def seeds(text: str) -> range:
    """100-139 or 7."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def row(name: str, figures: Figures) -> str:
    """A line of the table."""
    shares = figures.count.shares
    names = ("accuracy", "right", "refused", "wrong", "missing", "extra", "exact")
    parts = "".join(f"{100 * shares[each]:9.2f}" for each in names)
    pages = figures.seconds / max(figures.pages, 1)
    marks = f"{figures.as_digit:6d}/{figures.marks:<4d}"
    return f"{name:<16}{parts}{marks}{figures.nowhere:8d}{figures.printed:8d}{pages:8.2f}"


HEAD = f"{'':<16}" + "".join(
    f"{name:>9}" for name in ("accuracy", "right", "refused", "wrong", "missing", "extra", "exact")
) + f"{'as digit':>11}{'nowhere':>8}{'printed':>8}{'seconds':>8}"  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=seeds, default=seeds("100-139"), help="first-last")
    parser.add_argument("--kind", action="append", choices=KINDS, help="these kinds alone; writes no results")
    parser.add_argument("--model", default="robust", help="a name or a file")
    parser.add_argument("--test", action="store_true", help="write with test images")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep pictures and truth here")
    given = parser.parse_args()
    head, model, digits = record(), open_model(given.model), alphabet(given.test)
    table: dict[str, Figures] = {}
    print(HEAD)
    for kind in given.kind or KINDS:
        table[kind] = Figures()
        for seed in given.seeds:
            made = scene(kind, seed, digits)
            if given.save:
                save(made, seed, given.save)
            table[kind] += judged(made, model)
        print(row(kind, table[kind]), flush=True)
    total = sum(table.values(), Figures())
    print(row("all", total))
    if not given.kind:
        kinds = {kind: figures.to_json() for kind, figures in {**table, "all": total}.items()}
        head |= {"versions": versions("handgrad", "numpy", "pillow"), "images": "test" if given.test else "validation"}
        result = {**head, "model": Path(given.model).stem, "kinds": kinds}
        (RESULTS / "scenes.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
