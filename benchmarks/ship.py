"""Put a trained model into the package, with its card: one seed of a recipe that `accuracy.py` has measured.

    python benchmarks/accuracy.py cnn --runs runs     # trains seeds 0 to 4
    python benchmarks/ship.py cnn --runs runs         # ships seed 0, whatever its test accuracy

    python benchmarks/handwriting.py                                        # makes handwriting.npz
    python benchmarks/accuracy.py robust --data handwriting.npz --seeds 0   # trains robust on it
    python benchmarks/ship.py robust

    handgrad train --recipe tiny --no-all-data --out runs/tiny-calibrated
    python benchmarks/ship.py tiny --runs runs --calibrated runs/tiny-calibrated

    python benchmarks/ship.py cnn --card    # writes the card again, of the file that is there

A model is called like its recipe. Seed 0 is shipped because it is the first, not because it is the best. A model that
has learnt from the validation images takes its temperature from a run of the same recipe that has not. The card's
figures are read from results/accuracy-NAME.json and measured again on the file that is shipped. It begins with the
metadata that the Hugging Face hub reads.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from handgrad.datasets import load
from handgrad.evaluation.metrics import Evaluation, evaluate
from handgrad.model.model import Model
from handgrad.model.shipped import FOLDER, MODEL_FILE

RESULTS = Path(__file__).parent / "results"
PLAIN = """Known weaknesses: learnt from tidy images alone, it errs on dirty, blurred and low-contrast ones, and takes
many letters and scribbles for digits. `robust` is the better choice for other people's handwriting."""
ROBUST = """Made for other people's handwriting: it has learnt from digits of handwriting fonts and from copies of
all digits in other hands, drawn with thin, fat and coarse pens; from dirty, blurred, shifted and low-contrast images;
and from letters, signs, scribbles, parts of digits and touching digits what is no digit. Known weaknesses: letters
shaped like digits (O, I, l, S, q) are read as such; on tidy MNIST images it is a little less accurate than `cnn`."""
HANDWRITING = (
    "; 77 handwriting fonts of @fontsource: most under the SIL Open Font License 1.1, the others under Apache 2.0"
)
HUB_DATASET = "ylecun/mnist"  # MNIST's name on the hub
FIRST = "the first 50,000 training images"
CARD = """# {name}: a digit classifier

| | |
| --- | --- |
| network | recipe `{name}`: {weights:,} weights; {size:.1f} kB |
| data | {source}: trained on {data}; temperature {temperature:.2f} chosen on validation images, {chosen} |
| refusals | {refusals} |
| test accuracy of the recipe | {recipe_accuracy} |
| this file | seed 0: {accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) |
| its probabilities | NLL {nll:.4f}, calibration error {ece:.2%} |
| licence | MIT; MNIST is by LeCun, Cortes and Burges, under CC BY-SA 3.0{fonts} |

Made by `handgrad train --recipe {name}{made_from} --seed 0`. The 10,000 test images served for these figures alone.
{weak}

Confusion on the test images: true digits down, predicted across.

```
{confusion}
```
"""


def metadata(name: str, summary: dict[str, Any]) -> str:
    """The card's front matter, in the hub's words."""
    first, seeds = summary["seeds"][0], ", ".join(str(seed["seed"]) for seed in summary["seeds"])
    figures = {f"accuracy of this file, seed {first['seed']}": first["accuracy"]}
    if len(summary["seeds"]) > 1:
        figures[f"mean accuracy of seeds {seeds}"] = round(summary["mean"], ndigits=6)
    result = {
        "task": {"type": "image-classification", "name": "Image Classification"},
        "dataset": {"type": HUB_DATASET, "name": "MNIST", "split": "test"},
        "metrics": [{"type": "accuracy", "name": what, "value": value} for what, value in figures.items()],
    }
    values = {
        "library_name": "handgrad", "pipeline_tag": "image-classification", "license": "mit",
        "datasets": [HUB_DATASET], "tags": ["mnist", "digits", "handwriting", "from-scratch"],
        "model-index": [{"name": name, "results": [result]}],
    }  # fmt: skip
    return f"---\n{yaml.safe_dump(values, sort_keys=False)}---\n"


def confusion(found: Evaluation) -> str:
    head = "   " + "".join(f"{name:>6}" for name in found.classes)
    rows = [
        f"{name:>3}" + "".join(f"{n or '.':>6}" for n in row.tolist())
        for name, row in zip(found.classes, found.confusion, strict=True)
    ]
    return "\n".join([head, *rows])


def accuracies(summary: dict[str, Any]) -> str:
    """The test accuracy of each seed, after their mean and standard deviation."""
    each = ", ".join(f"{seed['accuracy']:.2%}" for seed in summary["seeds"])
    if len(summary["seeds"]) == 1:
        return f"{each} (one seed so far)"
    seeds = ", ".join(str(seed["seed"]) for seed in summary["seeds"])
    overall = f"{summary['mean']:.2%} ± {summary['standard_deviation']:.2%}"
    return f"{overall} (mean and standard deviation of seeds {seeds}: {each})"


def refusals(model: Model, pixels: npt.NDArray[np.uint8]) -> str:
    """What the card says about refusals."""
    if not any(model.thresholds):
        return "none: it answers every image"
    refused = 1 - float(model.answered(model.scores(pixels)).mean())
    if len(set(model.thresholds)) == 1:
        return f'an answer below {model.thresholds[0]:.1%} is given as "not sure": {refused:.2%} of the test images'
    least = ", ".join(f"{name} {each:.1%}" for name, each in zip(model.classes, model.thresholds, strict=True))
    return f'an answer below its digit\'s limit is given as "not sure": {refused:.2%} of the test images; {least}'


def card(name: str, file: Path, summary: dict[str, Any]) -> str:
    model, test = Model.load(file), load("mnist").test
    assert test is not None
    found = evaluate(model.predict_proba(test.pixels), test.labels, test.classes)
    everything, plain = model.record["recipe"]["all_data"], summary.get("data", "mnist") == "mnist"
    return metadata(name, summary) + CARD.format(
        name=name, weights=model.network.layout.count, size=file.stat().st_size / 1000,
        source="MNIST" if plain else f"{summary['data']} of benchmarks/handwriting.py: fonts and MNIST",
        data="all 60,000 training images" if everything else FIRST if plain else f"{FIRST}, and the fonts",
        fonts="" if plain else HANDWRITING, made_from="" if plain else f" --data {summary['data']}",
        chosen="by a run of the recipe that had not learnt from them" if everything else "kept back",
        recipe_accuracy=accuracies(summary), temperature=model.temperature, refusals=refusals(model, test.pixels),
        accuracy=found.accuracy, low=found.interval[0], high=found.interval[1], nll=found.nll, ece=found.ece,
        weak=ROBUST if model.record["recipe"].get("outliers") else PLAIN, confusion=confusion(found),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="the recipe: robust, cnn, mlp or tiny")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where accuracy.py left its runs")
    parser.add_argument("--calibrated", type=Path, help="run folder of the recipe with --no-all-data")
    parser.add_argument("--half", action="store_true", help="keep 16 bits of each weight: large models")
    parser.add_argument("--card", action="store_true", help="ship no model, write the card of the present one again")
    given = parser.parse_args()
    file = FOLDER / f"{given.name}.safetensors"
    if not given.card:
        ship(given, file)
    summary = json.loads((RESULTS / f"accuracy-{given.name}.json").read_text())
    file.with_suffix(".md").write_text(card(given.name, file, summary))
    print(f"wrote {'' if given.card else f'{file.name} and '}its card {file.stem}.md")


def ship(given: argparse.Namespace, file: Path) -> None:
    FOLDER.mkdir(exist_ok=True)
    model = Model.load(given.runs / f"accuracy-{given.name}-0" / MODEL_FILE)
    if given.calibrated:
        calibrated = Model.load(given.calibrated / MODEL_FILE)
        model.temperature, model.thresholds = calibrated.temperature, calibrated.thresholds
    model.save(file, given.half)


if __name__ == "__main__":
    main()
