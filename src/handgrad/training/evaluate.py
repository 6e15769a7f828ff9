"""Evaluating a model file on labelled images that it has not learnt from."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

from handgrad.datasets import Dataset, Images
from handgrad.datasets.images import checksum
from handgrad.errors import UserError
from handgrad.evaluation.metrics import Evaluation, evaluate
from handgrad.files import check_regular, make_folder, read_json, read_text, replace_file
from handgrad.model.model import Model
from handgrad.nn.params import Array
from handgrad.report import confusion_matrix, evaluation_page, mistakes, save, write_page
from handgrad.report.style import can_draw
from handgrad.training.data import Source
from handgrad.training.run import SOURCE

EVALUATION = "evaluation"  # .json and .html


def source_of_run(model: Path) -> Source | None:
    """Return where the images of a run come from.

    Parameters
    ----------
    model : pathlib.Path
        The model file in the run's folder.

    Returns
    -------
    Source or None
        None where the folder does not say.

    Raises
    ------
    UserError
        Where what it says is damaged.
    """
    path = model.parent / SOURCE
    check_regular(path)
    if not path.is_file():
        return None
    try:
        return Source.from_json(read_json(read_text(path), dict[str, Any]))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); name the data set with --data") from None


def unseen_images(data: Dataset, model: Model) -> tuple[Images, str]:
    """Return the images to judge a model by.

    Parameters
    ----------
    data : Dataset
        What the model was trained on, or the like of it.
    model : Model
        The model.

    Returns
    -------
    images : Images
        The test images; of a data set without any, the tenth that was kept back as such; of one too small for that, the
        validation images.
    part : str
        `test`, `kept-back` or `validation`.

    Raises
    ------
    UserError
        Where there are no such images, or their classes are not the model's.
    """
    part, images, learnt_from = "test", data.test, model.record.get("data")
    if images is not None and data.undivided is not None:
        part = "kept-back"
        if "tuned_from" in model.record or learnt_from == checksum(data.undivided):
            raise UserError(f"{data.name}: the model may have learnt from all of it, expected a 'test' part; add one")
    if images is None:
        if model.record.get("recipe", {}).get("all_data") or learnt_from != data.checksum:
            raise UserError(f"{data.name}: has no test images, expected a 'test' part; choose another data set")
        part, images = "validation", data.split()[1]
    if model.classes != images.classes:
        raise UserError(f"{data.name}: its classes are {images.classes}, the model's are {model.classes}")
    return images, part


def evaluate_file(path: Path, dataset: Source, folder: Path | None = None) -> tuple[Evaluation, str]:
    """Evaluate a model file, and write numbers; and, if matplotlib is installed, pictures and a report.

    Parameters
    ----------
    path : pathlib.Path
        The model file.
    dataset : Source
        Where the images come from.
    folder : pathlib.Path, optional
        Where to write; by default the model's folder.

    Returns
    -------
    evaluation : Evaluation
        How good the model is.
    part : str
        Which images it was judged by, see `unseen_images`.

    Raises
    ------
    UserError
        Where there is nothing to judge by, or a file cannot be read or written.
    """
    model, folder = Model.load(path), folder or path.parent
    images, part = unseen_images(dataset.load(), model)
    probabilities = model.predict_proba(images.pixels)
    found = evaluate(probabilities, images.labels, model.classes)
    make_folder(folder)
    if can_draw():
        recipe = str(model.record.get("recipe", {}).get("name", "unknown"))
        facts = {"Model": path.name, "Recipe": recipe, "Data": f"{dataset.dataset}, {part} images"}
        _draw(folder, f"{recipe} on {dataset.dataset}", facts, images, probabilities, found)
    replace_file(folder / "mistakes.csv", _mistakes_table(images, probabilities, found))
    judged = {"data": dataset.dataset, "part": part, "images": checksum(images)}
    record = {**found.to_json(), **judged, "mistakes": sorted(found.mistakes.tolist())}  # what `compare` needs
    replace_file(folder / f"{EVALUATION}.json", json.dumps(record).encode())
    return found, part


def _draw(
    folder: Path, title: str, facts: dict[str, str], images: Images, probabilities: Array, found: Evaluation
) -> None:
    worst = mistakes(images.pixels, images.labels, probabilities, found.mistakes, images.classes)
    save(confusion_matrix(found.confusion, images.classes), folder / "confusion.png")
    save(worst, folder / "mistakes.png")
    write_page(evaluation_page(title, facts, found, worst), folder / f"{EVALUATION}.html")


def _mistakes_table(images: Images, probabilities: Array, found: Evaluation) -> bytes:
    """Every mistake, the worst first: where its image is, what it shows, and what was answered."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("index", "path", "label", "digit", "probability"))
    for image in found.mistakes:
        guess = int(probabilities[image].argmax())
        label, digit = images.classes[images.labels[image]], images.classes[guess]
        writer.writerow((images.rows[image], images.path(image), label, digit, f"{probabilities[image, guess]:.6f}"))
    return text.getvalue().encode(errors="backslashreplace")
