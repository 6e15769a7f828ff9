"""How models read what users have, made of MNIST's test images: moved, scaled, inverted, thinned, thickened, on shaded
paper, on whole pages, corrupted as in MNIST-C; and scikit-learn's 8x8 digits, letters and scribbles.

    python benchmarks/robustness.py robust cnn

A figure for each model in results/robustness.json, and docs/robustness.md, the table. Models are names of those that
come along, or files. Pictures go through the reading that `handgrad predict` and `handgrad read` do; MNIST-C goes to
the network as it is, as in its paper.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from string import ascii_letters
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from corruptions import CORRUPTIONS, corrupted
from handgrad.datasets import load
from handgrad.evaluation.metrics import evaluate
from handgrad.model.model import Model
from handgrad.model.shipped import open_model
from handgrad.reading import Refusal, read_digit, read_page
from machine import record, versions
from pasted import cut, on_paper, page, pasted, resized

HERE = Path(__file__).parent
PICTURES = 500  # of the test images, the first ones, where each is made into a picture
PAGES = 100
FONTS = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Oblique", "STIXGeneral", "STIXGeneralItalic",
         "cmr10", "cmss10", "cmtt10")  # fmt: skip
DIGIT_LIKE = "IlOoSsZzBbgqiDQ"  # letters that a reader of digits may take for one
SCRIBBLES = 1000

Pixels = NDArray[np.uint8]
Scene = Callable[[Pixels, np.random.Generator], Pixels]


def thinned(digit: Pixels, random: np.random.Generator) -> Pixels:
    big = np.asarray(Image.fromarray(digit).resize((112, 112), Image.Resampling.BICUBIC))
    return np.asarray(ndimage.grey_erosion(big, (5, 5)))


def thickened(digit: Pixels, random: np.random.Generator) -> Pixels:
    big = np.asarray(Image.fromarray(digit).resize((112, 112), Image.Resampling.BICUBIC))
    return np.asarray(ndimage.grey_dilation(big, (5, 5)))


def inverted(digit: Pixels, random: np.random.Generator) -> Pixels:
    return 255 - digit


def _rendered(side: int) -> Scene:
    def scene(digit: Pixels, random: np.random.Generator) -> Pixels:
        return 255 - np.pad(resized(cut(digit), round(side * 0.7), side), round(side * 0.15))

    return scene


SCENES: dict[str, Scene] = {
    "as they are": lambda digit, random: digit, "inverted": inverted,
    "pasted anywhere, any size, either polarity": pasted,
    **{f"re-rendered, {side} pixels": _rendered(side) for side in (20, 60, 200, 1000)},
    "thinned": thinned, "thickened": thickened, "shaded and textured paper": on_paper,
}  # fmt: skip


def scenes(pixels: Pixels, labels: Pixels, model: Model) -> dict[str, float]:
    """The share of digits read rightly in each scene, refused or not; models all see the same pictures."""
    found = {}
    for name, scene in SCENES.items():
        random = np.random.default_rng(sorted(SCENES).index(name))
        answers = [read_digit(scene(digit, random), model).digit for digit in pixels]
        found[name] = mean(answer == str(label) for answer, label in zip(answers, labels, strict=True))
        print(f"  {found[name]:.2%}  {name}", flush=True)
    return found


def eight_by_eight(model: Model) -> float:
    """The share of scikit-learn's 1,797 digits of 8x8 that is read rightly, enlarged twenty-fold, refused or not."""
    from sklearn.datasets import load_digits

    given = load_digits()
    pictures = [
        np.asarray(Image.fromarray((image * 15.9).astype(np.uint8)).resize((160, 160), Image.Resampling.BICUBIC))
        for image in given.images
    ]
    return mean(
        read_digit(picture, model).digit == str(label) for picture, label in zip(pictures, given.target, strict=True)
    )


def distance(a: str, b: str) -> int:
    """Insertions, deletions and changes from one text to the other (Levenshtein 1966)."""
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
        before = row
    return before[-1]


def pages(model: Model, pixels: Pixels, labels: Pixels) -> tuple[float, float]:
    """(share of digits found and read, share of lines right) of pages of 2 to 6 lines of 4 to 10 digits."""
    right = digits = whole = lines = 0
    for number in range(PAGES):
        random = np.random.default_rng([7, number])
        made = page(pixels, labels, random, lines=int(random.integers(2, 7)), each=int(random.integers(4, 11)))
        read = ["".join(answer.digit for answer in line) for line in read_page(made.jpeg, model).lines]
        count = sum(map(len, made.lines))
        right += max(0, count - distance("\n".join(read), "\n".join(made.lines)))
        whole += sum(min(read.count(line), made.lines.count(line)) for line in set(made.lines))
        digits, lines = digits + count, lines + len(made.lines)
    return right / digits, whole / lines


def letter(text: str, font: str) -> Pixels:
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    picture = Image.new("L", (120, 120), 255)
    ImageDraw.Draw(picture).text((60, 60), text, font=ImageFont.truetype(str(file), 64), fill=0, anchor="mm")
    return np.asarray(picture)


def scribble(random: np.random.Generator) -> Pixels:
    picture = Image.new("L", (200, 200), 255)
    draw = ImageDraw.Draw(picture)
    for _ in range(random.integers(2, 8)):
        points = [tuple(random.uniform(20, 180, 2)) for _ in range(random.integers(2, 6))]
        draw.line(points, fill=0, width=int(random.integers(4, 14)), joint="curve")
    return np.asarray(picture)


def refused(model: Model) -> dict[str, float]:
    """Shares that are refused: of letters that are not shaped like digits, of all letters, of scribbles, of blanks."""
    every = {
        (text, font): bool(read_digit(letter(text, font), model).reason) for text in ascii_letters for font in FONTS
    }
    plain = [no for (text, _), no in every.items() if text not in DIGIT_LIKE]
    random = np.random.default_rng(3)
    lines = [bool(read_digit(scribble(random), model).reason) for _ in range(SCRIBBLES)]
    noise = [random.normal(random.uniform(30, 220), random.uniform(0, 4), (60, 80)) for _ in range(100)]
    blanks = [read_digit(sheet.clip(0, 255).astype(np.uint8), model).reason == Refusal.BLANK for sheet in noise]
    return {
        "letters not shaped like a digit": mean(plain), "all letters": mean(every.values()), "scribbles": mean(lines),
        "all letters, and scribbles": mean([*every.values(), *lines]), "blank paper": mean(blanks),
    }  # fmt: skip


def measure(name: str, mnist_c: dict[str, Pixels]) -> dict[str, Any]:
    model = open_model(name)
    test = load("mnist").test
    assert test is not None
    pixels, labels = test.pixels[:PICTURES], test.labels[:PICTURES]
    found = evaluate(model.predict_proba(test.pixels), test.labels, test.classes)
    answered = model.answered(model.scores(test.pixels))
    corruptions = {name: float((model.predict(bad) == test.labels).mean()) for name, bad in mnist_c.items()}
    print(f"{name}: {found.accuracy:.2%}, MNIST-C {mean(corruptions.values()):.2%}", flush=True)
    digits, lines = pages(model, test.pixels, test.labels)
    return {
        "test": found.accuracy, "nll": found.nll, "ece": found.ece, "answered": float(answered.mean()),
        "first": float((model.predict(pixels) == labels).mean()),
        "scenes": scenes(pixels, labels, model),
        "mnist_c": corruptions, "mnist_c_mean": mean(corruptions.values()),
        "sklearn_digits": eight_by_eight(model),
        "page_digits": digits, "page_lines": lines, "refused": refused(model),
    }  # fmt: skip


def table(results: dict[str, dict[str, Any]]) -> str:
    """The results as Markdown, a column a model."""

    def row(label: str, get: Callable[[dict[str, Any]], float], digits: int = 2) -> str:
        return f"| {label} | " + " | ".join(f"{100 * get(each):.{digits}f}" for each in results.values()) + " |"

    first = next(iter(results.values()))
    lines = ["| | " + " | ".join(results) + " |", "| --- |" + " --- |" * len(results)]
    lines += [row("MNIST test images, 10,000", lambda r: r["test"])]
    lines += [row(f"the first {PICTURES} of them", lambda r: r["first"])]
    lines += [row(f"the first {PICTURES}, {name}", lambda r, n=name: r["scenes"][n]) for name in first["scenes"]]
    lines += [row("scikit-learn's 1,797 digits, 8x8", lambda r: r["sklearn_digits"])]
    lines += [row("100 pages: digits found and read", lambda r: r["page_digits"])]
    lines += [row("100 pages: lines without a mistake", lambda r: r["page_lines"])]
    lines += [row("MNIST-C, mean of 15", lambda r: r["mnist_c_mean"])]
    lines += [row(name.replace("_", " "), lambda r, n=name: r["mnist_c"][n]) for name in first["mnist_c"]]
    lines += [row("test images answered", lambda r: r["answered"])]
    lines += [row(f"refused: {name}", lambda r, n=name: r["refused"][n]) for name in first["refused"]]
    return "\n".join([*lines, row("expected calibration error", lambda r: r["ece"])]) + "\n"


PAGE = """# How well other handwriting is read

Shares in per cent, of models that come along; `python benchmarks/robustness.py` measured them and wrote this page.

{table}
- **Pictures** are made of the first {pictures:,} test images and read as `handgrad predict` reads a file: pasted on
  canvases of 20 to 2,000 pixels, 14 pixels tall or more, dark on light or light on dark; strokes thinner and
  thicker; on paper with uneven light, a shadow and grain. A refusal counts as its likeliest digit, here and for
  scikit-learn's digits.
- **Pages** are {pages} composed ones, read as `handgrad read` reads a photo: 2 to 6 lines of 4 to 10 test digits,
  turned by up to 10 degrees, in perspective, in shadow, as JPEG. A digit that is missing, too much or wrong counts;
  a refusal counts as its likeliest digit.
- **MNIST-C** is written after its paper (Mu and Gilmer 2019) and goes to the network as it is: 10,000 images of
  each kind.
- **Refused** are answers below the model's own limit, which was set on validation images. Letters are the 52 of the
  alphabet in nine fonts, none of which training has seen; those shaped like digits ({alike})
  are read as such by people too. Scribbles are {scribbles:,} drawings of random lines.

## Which score says "not like any digit seen"?

Each score's limit answers 99.3 % of the validation images; of letters and scribbles it then refuses, in per cent
(`python benchmarks/refusals.py`):

{refusals}
The first is what models use that have an output for no digit.
"""


def compared() -> str:
    """What `refusals.py` measured, as Markdown."""
    found = json.loads((HERE / "results" / "refusals.json").read_text())["refused"]
    lines = ["| score | " + " | ".join(next(iter(found.values()))) + " |", "| --- | --- | --- |"]
    lines += [
        f"| {name} | " + " | ".join(f"{share:.1%}"[:-1] for share in each.values()) + " |"
        for name, each in found.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["robust", "cnn"])
    names = parser.parse_args().models
    head, test = record(), load("mnist").test
    assert test is not None
    mnist_c = {name: corrupted(test.pixels, name) for name in CORRUPTIONS}
    results = {Path(name).stem: measure(name, mnist_c) for name in names}
    head |= {"versions": versions("numpy", "scipy", "pillow", "scikit-learn"), "pictures": PICTURES, "pages": PAGES}
    (HERE / "results" / "robustness.json").write_text(json.dumps({**head, "models": results}, indent=1) + "\n")
    made = table(results)
    text = PAGE.format(
        refusals=compared(),
        table=made,
        pictures=PICTURES,
        pages=PAGES,
        scribbles=SCRIBBLES,
        alike=" ".join(sorted(DIGIT_LIKE)),
    )
    (HERE.parent / "docs" / "robustness.md").write_text(text, encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
