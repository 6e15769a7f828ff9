"""The folder of a sweep: a manifest of its plan, a record of each finished trial, and the choice.

A folder that an earlier version began is read too: fields of its recipes may have other names today, so records are
matched to the plan by what they hold, not by their file names.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NotRequired, TypedDict, TypeVar

from handgrad.errors import UserError
from handgrad.files import checked, is_free, make_folder, read_json, read_text, remove_file, replace_file
from handgrad.model.renamed import RECIPE_FIELDS, renamed
from handgrad.sweeps.plan import Plan
from handgrad.sweeps.trial import Record, Trial, trial_name
from handgrad.training.progress import Seconds, Share
from handgrad.training.recipe import Recipe

Object = TypeVar("Object")
MANIFEST, TRIALS, CHOICE, KEPT = "sweep.json", "trials", "choice.json", ".checkpoint"


class Manifest(TypedDict):
    """What a manifest must hold, see `Plan.to_json`."""

    recipe: dict[str, Any]
    vary: dict[str, list[str]]
    seeds: int
    checksum: str
    code: str


class Measured(TypedDict):
    """What the record of a trial must hold of an epoch, see `Epoch.measured`."""

    epoch: int
    train_loss: float
    train_accuracy: Share
    valid_loss: float | None
    valid_accuracy: Share | None


class Finished(TypedDict):
    """What the record of a trial must hold, see `run_trial`."""

    trial: str
    recipe: dict[str, Any]
    seed: int
    checksum: str
    code: str
    valid_accuracy: Share
    history: list[Measured]
    seconds: Seconds


class Chosen(TypedDict):
    """What is read of a choice."""

    winner: str
    standings: list[dict[str, Any]]
    failures: NotRequired[dict[str, str]]


class Folder:
    """The records of one plan; a folder belongs to its plan for good.

    Parameters
    ----------
    path : Path
        An existing folder with a manifest.
    plan : Plan
        The plan, with the code that the sweep was begun with.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan

    @classmethod
    def open(cls, path: str | Path, plan: Plan) -> Folder:
        """Return the folder of a plan, and make it where there is none.

        Parameters
        ----------
        path : str or Path
            The folder.
        plan : Plan
            The plan. Where the sweep was begun with other code, the folder's plan has that code.

        Returns
        -------
        Folder
            The folder, which may hold records already.

        Raises
        ------
        UserError
            If the folder holds another sweep, or something else.
        """
        path = Path(path)
        if (path / MANIFEST).is_file():
            begun = read_object(path / MANIFEST, Manifest)
            _compare(path, begun, plan)
            plan = replace(plan, code=begun["code"])
        elif not is_free(path):
            raise UserError(f"{path}: exists and holds no sweep; choose another folder")
        else:
            make_folder(path)
            replace_file(path / MANIFEST, json.dumps(plan.to_json(), indent=1).encode())
        make_folder(path / TRIALS)
        return cls(path, plan)

    def write(self, record: Record) -> None:
        """Keep the record of a finished trial, in place of its checkpoint.

        Parameters
        ----------
        record : dict
            The record.

        Raises
        ------
        UserError
            If it cannot be written.
        """
        path = self.path / TRIALS / f"{record['trial']}.json"
        replace_file(path, json.dumps(record, indent=1).encode())
        remove_file(self._kept(record["trial"]))

    def checkpoint(self, trial: Trial) -> Path:
        """Return where a trial is kept while it runs.

        Parameters
        ----------
        trial : Trial
            The trial.

        Returns
        -------
        Path
            A hidden file beside the records.
        """
        return self._kept(trial.name).absolute()

    def _kept(self, name: str) -> Path:
        return self.path / TRIALS / f".{name}{KEPT}"

    def remove_checkpoints(self) -> None:
        """Remove what trials that were set aside have kept, once no trial runs any more."""
        for path in (self.path / TRIALS).glob(f".*{KEPT}"):
            remove_file(path)

    def records(self) -> dict[str, Record]:
        """Return the records of the finished trials.

        Returns
        -------
        dict of str to dict
            Each record under the name of its trial, in the plan's order.

        Raises
        ------
        UserError
            If a file in the folder of records is not the record of one of the plan's trials.
        """
        found = dict(self._read(path) for path in sorted((self.path / TRIALS).glob("[!.]*.json")))
        return {name: found[name] for name in self.plan.trials if name in found}

    def by_level(self, key: str) -> dict[str, dict[int, Any]]:
        """Return one value of each record, by level and seed.

        Parameters
        ----------
        key : str
            What the records call the value.

        Returns
        -------
        dict of str to dict of int to object
            The value under the level and the seed of its trial; levels without a record are left out.
        """
        found: dict[str, dict[int, Any]] = {level: {} for level in self.plan.cells}
        for name, record in self.records().items():
            level, trial = self.plan.trials[name]
            found[level][trial.seed] = record[key]
        return {level: by_seed for level, by_seed in found.items() if by_seed}

    def missing(self) -> list[Trial]:
        """Return the trials that have no record.

        Returns
        -------
        list of Trial
            In the plan's order.
        """
        done = self.records()
        return [trial for name, (_, trial) in self.plan.trials.items() if name not in done]

    def failures(self) -> dict[str, str]:
        """Return the reasons for which trials were set aside when the winner was chosen.

        Returns
        -------
        dict of str to str
            The reason under the name of the trial.

        Raises
        ------
        UserError
            If the choice cannot be read.
        """
        path, names = self.path / CHOICE, self._first_names()
        found = {names.get(trial, trial): why for trial, why in read_object(path, Chosen).get("failures", {}).items()}
        if strange := found.keys() - self.plan.trials.keys():
            raise UserError(f"{path}: names the trial {min(strange)!a}, which this sweep lacks; delete the file")
        return found

    def _first_names(self) -> dict[str, str]:
        """The name of each trial under that which it had when the sweep was begun, before fields were renamed."""
        begun = read_object(self.path / MANIFEST, Manifest)
        varied = {field: RECIPE_FIELDS.get(field, field) for field in begun["vary"]}
        names = {}
        for name, (_, trial) in self.plan.trials.items():
            recipe = begun["recipe"] | {field: getattr(trial.recipe, today) for field, today in varied.items()}
            names[trial_name(recipe, trial.seed, trial.checksum, trial.code)] = name
        return names

    def _read(self, path: Path) -> tuple[str, Record]:
        """A record and the name of its trial."""
        record, plan = read_object(path, Finished), self.plan
        try:
            recipe = Recipe.from_json(record["recipe"])
        except UserError as error:
            raise UserError(f"{path}: its recipe cannot be read ({error}); move the file out of the sweep") from None
        trial = Trial(recipe, record["seed"], plan.dataset, record["checksum"], record["code"])
        if trial.name not in plan.trials:
            raise UserError(
                f"{path}: is the record of a trial that this sweep does not have; give the same levels as before, or "
                "move the file out of the sweep"
            )
        return trial.name, record


def read_object(path: Path, kind: type[Object]) -> Record:
    """Return the JSON object in a file of a sweep.

    Parameters
    ----------
    path : Path
        The file.
    kind : type
        A `TypedDict` of what it must hold.

    Returns
    -------
    dict
        The object, with what else it holds.

    Raises
    ------
    UserError
        If the file cannot be read, or holds something else.
    """
    try:
        found = read_json(read_text(path), dict[str, Any])
        checked(found, kind)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete it, and what it held is made again") from None
    return found


def _compare(path: Path, begun: dict[str, Any], plan: Plan) -> None:
    """UserError where a manifest has another plan; the code that trains is not compared."""
    there, wanted = _flat(_with_present_names(path, begun)), _flat(plan.to_json())
    for part, value in wanted.items():
        if there.get(part) != value:
            found = f"{part} is {there.get(part)}, expected {value}"
            found = found if len(found) < 200 else f"its {part} differs"
            raise UserError(f"{path}: holds another sweep: {found}; choose another folder")


def _with_present_names(path: Path, begun: dict[str, Any]) -> dict[str, Any]:
    recipe, vary = begun["recipe"], begun["vary"]
    try:
        present = asdict(Recipe.from_json(recipe))
    except UserError as error:
        raise UserError(f"{path / MANIFEST}: its recipe cannot be read ({error}); choose another folder") from None
    return {**begun, "recipe": json.loads(json.dumps(present)), "vary": renamed(vary, RECIPE_FIELDS)}


def _flat(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest's parts and the recipe's fields, without the code."""
    parts = {part: value for part, value in manifest.items() if part not in ("recipe", "code")}
    return {**parts, **manifest["recipe"]}
