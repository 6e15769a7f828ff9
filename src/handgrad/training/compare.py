"""Several run folders side by side: what differs between their recipes, how good they are, and a test of each pair."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from msgspec import Meta

from handgrad.errors import UserError
from handgrad.evaluation import mcnemar
from handgrad.files import read_json, read_text
from handgrad.model.model import Model
from handgrad.model.shipped import MODEL_FILE
from handgrad.training.evaluate import EVALUATION, source_of_run
from handgrad.training.history import read_history
from handgrad.training.progress import Count, Epoch, Share
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe
from handgrad.training.run import CHECKPOINT, RECIPE


class Judged(TypedDict):
    """What `evaluate` left in a run's folder; what is not required came with later versions."""

    accuracy: Share
    n: Count
    interval: tuple[Share, Share]
    nll: Annotated[float, Meta(ge=0)]
    ece: Share
    data: NotRequired[str]
    part: NotRequired[str]
    images: NotRequired[str]
    mistakes: NotRequired[list[Count]]


@dataclass(frozen=True)
class Compared:
    """One of the runs.

    Parameters
    ----------
    folder : str
        Its folder, as it was given.
    fields : dict of str to object
        The fields of its recipe, with `recipe` for its name, and `seed` and `data` where they are known.
    history : tuple of Epoch
        Its finished epochs.
    weights : int or None
        How many weights its model has; None where it is not finished.
    judged : Judged or None
        What `evaluate` found; None where it was not evaluated.
    todo : str
        Why it has no figures of `evaluate`, and the command that makes them; else nothing.
    """

    folder: str
    fields: dict[str, Any]
    history: tuple[Epoch, ...]
    weights: int | None
    judged: Judged | None
    todo: str

    @property
    def seconds(self) -> float:
        """Time of its epochs in seconds, with validation, without compiling."""
        return sum(epoch.seconds for epoch in self.history)

    @property
    def images(self) -> str:
        """By what it was judged, in words."""
        if self.judged is None:
            return ""
        return f"{self.judged['n']:,} {self.judged.get('part', 'test')} images of {self.judged.get('data', 'its data')}"


@dataclass(frozen=True)
class Pair:
    """Two runs that were judged, image by image.

    Parameters
    ----------
    first, second : str
        Their folders.
    first_alone, second_alone : int or None
        How many images are wrong with this one and right with the other.
    p : float or None
        Two-sided p-value of McNemar's exact test; None where there is none.
    reason : str
        Why there is none.
    """

    first: str
    second: str
    first_alone: int | None = None
    second_alone: int | None = None
    p: float | None = None
    reason: str = ""


def read_run(folder: Path) -> Compared:
    """Return what a run folder says of itself; no image is read.

    Parameters
    ----------
    folder : pathlib.Path
        The run folder; the run may still be training.

    Returns
    -------
    Compared
        The run.

    Raises
    ------
    UserError
        Where it is no run folder, or a file in it is damaged.
    """
    path, name = folder / MODEL_FILE, shlex.quote(str(folder))
    fields: dict[str, Any] = {}
    if path.is_file():
        model = Model.load(path)
        weights, said = model.network.layout.count, model.record.get("recipe", {})
        # the members of a committee have recipes, the committee itself has a name alone
        fields = {"name": said.get("name")} if "members" in model.record else Recipe.from_json(said).to_json()
        fields["seed"] = model.record.get("seed")
    elif (folder / RECIPE).is_file():
        weights, fields = None, recipe(folder / RECIPE).to_json()
    else:
        raise UserError(f"{folder}: no run folder, expected {MODEL_FILE} or {RECIPE} in it; give the folder of a run")
    source, judged = source_of_run(path), _judged(folder)
    todo = "" if judged else f"not evaluated: handgrad evaluate {name}"
    if weights is None or (folder / CHECKPOINT).is_file():
        todo = f"not finished: handgrad train --resume {name}"
    fields = {"recipe": fields.pop("name"), **fields, **({"data": source.dataset} if source else {})}
    return Compared(str(folder), fields, tuple(read_history(folder)), weights, None if todo else judged, todo)


def differing(runs: Sequence[Compared]) -> dict[str, list[Any]]:
    """Return the fields in which runs differ.

    Parameters
    ----------
    runs : sequence of Compared
        The runs.

    Returns
    -------
    dict of str to list
        For each such field, its value in each run; None where a run has no such field.
    """
    names = dict.fromkeys(name for run in runs for name in run.fields)
    values = {name: [run.fields.get(name) for run in runs] for name in names}
    return {name: each for name, each in values.items() if any(value != each[0] for value in each)}


def pairs(runs: Sequence[Compared]) -> list[Pair]:
    """Test the mistakes of each pair of runs that were evaluated.

    Parameters
    ----------
    runs : sequence of Compared
        The runs.

    Returns
    -------
    list of Pair
        In the order of the runs.
    """
    return [_pair(a, b) for a, b in combinations(runs, 2) if a.judged and b.judged]


def to_json(run: Compared) -> dict[str, Any]:
    """Return a run as values that JSON knows, without its single epochs and mistakes.

    Parameters
    ----------
    run : Compared
        The run.

    Returns
    -------
    dict
        `evaluation` and `todo` are null where there is none.
    """
    judged = {name: value for name, value in (run.judged or {}).items() if name != "mistakes"}
    return {
        "run": run.folder, "fields": run.fields, "epochs": len(run.history), "seconds": run.seconds,
        "weights": run.weights, "evaluation": judged or None, "todo": run.todo or None,
    }  # fmt: skip


def _judged(folder: Path) -> Judged | None:
    path = folder / f"{EVALUATION}.json"
    if not path.exists():
        return None
    try:
        return read_json(read_text(path), Judged)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); evaluate the run again") from None


def _pair(a: Compared, b: Compared) -> Pair:
    assert a.judged and b.judged
    for run in (a, b):
        if not {"images", "mistakes"} <= set(run.judged or ()):
            command = f"handgrad evaluate {shlex.quote(run.folder)}"
            return Pair(a.folder, b.folder, reason=f"{run.folder} was evaluated by an earlier version: {command}")
    if a.judged["images"] != b.judged["images"]:
        return Pair(a.folder, b.folder, reason="they were judged by different images")
    wrong_a, wrong_b = set(a.judged["mistakes"]), set(b.judged["mistakes"])
    either = sorted(wrong_a | wrong_b)  # the test does not count images that both got right
    right_a, right_b = (np.array([image not in wrong for image in either], bool) for wrong in (wrong_a, wrong_b))
    return Pair(a.folder, b.folder, len(wrong_a - wrong_b), len(wrong_b - wrong_a), mcnemar(right_a, right_b))
