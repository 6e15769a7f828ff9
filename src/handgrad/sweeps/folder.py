"""A sweep's folder: what it is (`sweep.json`), and a record of each finished trial, written whole or not at all."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.files import is_free, make_folder, replace_file
from handgrad.sweeps.grid import Vary, cells, level_text, level_value
from handgrad.sweeps.trial import Record, Trial, code_version
from handgrad.training.recipe import Recipe
from handgrad.training.run import lasting

MANIFEST, TRIALS = "sweep.json", "trials"


@dataclass(frozen=True)
class Plan:
    """All that a sweep's results depend on: equal plans have equal results. seeds: how many, from 0 on."""

    recipe: Recipe
    vary: Vary
    seeds: int
    dataset: str
    checksum: str
    code: str

    @classmethod
    def make(cls, recipe: Recipe, vary: Vary, seeds: int, dataset: str) -> "Plan":
        """UserError for a level that no recipe takes, no seeds, all_data, no test images, and unreadable ones."""
        if recipe.all_data:
            raise UserError("all_data leaves no validation images to choose by: give --no-all-data")
        if seeds < 1:
            raise UserError(f"seeds is {seeds}: expected 1 or more")
        cells(recipe, vary)
        images = load(dataset)
        if images.load_test is None:
            raise UserError(f"{dataset}: has no test images to judge the winner by; choose another data set")
        return cls(recipe, vary, seeds, lasting(dataset), images.checksum, code_version())

    @cached_property
    def cells(self) -> dict[str, Recipe]:
        return cells(self.recipe, self.vary)

    @cached_property
    def trials(self) -> dict[str, tuple[str, Trial]]:
        """{name: (cell, trial)}, every cell with the first seed, then with the next."""
        made = {}
        for seed in range(self.seeds):
            for cell, recipe in self.cells.items():
                trial = Trial(recipe, seed, self.dataset, self.checksum, self.code)
                made[trial.name] = cell, trial
        return made

    def to_json(self) -> dict[str, Any]:
        """As the manifest has it; where the images lie may change, so it is no part of it."""
        vary = {
            field: list(dict.fromkeys(level_text(getattr(cell, field)) for cell in self.cells.values()))
            for field in self.vary
        }
        recipe = json.loads(json.dumps(asdict(self.recipe)))  # tuples as lists, as they come back
        return {"recipe": recipe, "vary": vary, "seeds": self.seeds, "checksum": self.checksum, "code": self.code}

    def row(self, record: Record) -> Record:
        """A record for a table: the varied fields, the seed, what was measured."""
        levels = {field: level_value(record["recipe"][field]) for field in self.vary}
        rest = {k: v for k, v in record.items() if k not in ("trial", "recipe", "checksum", "code")}
        return {"trial": record["trial"], **levels, **rest}


class Folder:
    """The records of a plan. A folder belongs to one plan for good."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan

    @classmethod
    def open(cls, path: str | Path, plan: Plan) -> "Folder":
        """The folder of this plan, made where there is none. UserError where it holds anything else."""
        path = Path(path)
        if (path / MANIFEST).is_file():
            _compare(path, read_object(path / MANIFEST), plan.to_json())
        elif not is_free(path):
            raise UserError(f"{path}: exists and holds no sweep; choose another folder")
        else:
            make_folder(path)
            replace_file(path / MANIFEST, json.dumps(plan.to_json(), indent=1).encode())
        make_folder(path / TRIALS)
        return cls(path, plan)

    def write(self, record: Record) -> None:
        replace_file(self._file(record["trial"]), json.dumps(record, indent=1).encode())

    def records(self) -> dict[str, Record]:
        """{trial: its record} of the trials that are finished, in the plan's order."""
        return {name: self._record(name) for name in self.plan.trials if self._file(name).is_file()}

    def missing(self) -> list[Trial]:
        return [trial for name, (_, trial) in self.plan.trials.items() if not self._file(name).is_file()]

    def _file(self, name: str) -> Path:
        return self.path / TRIALS / f"{name}.json"

    def _record(self, name: str) -> Record:
        record = read_object(self._file(name))
        if record.get("trial") != name or "valid_accuracy" not in record:
            raise UserError(f"{self._file(name)}: is not the record of this trial; delete it, and it runs again")
        return record


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; UserError where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete it, and what it held is made again") from None
    if not isinstance(found, dict):
        raise UserError(f"{path}: holds no record; delete it, and what it held is made again")
    return found


def _compare(path: Path, there: dict[str, Any], wanted: dict[str, Any]) -> None:
    there, wanted = ({**sweep, **sweep.get("recipe", {}), "recipe": {}} for sweep in (there, wanted))
    for part, value in wanted.items():
        if there.get(part) != value:
            found = f"{part} is {there.get(part)}, expected {value}"
            found = found if len(found) < 200 else f"its {part} differs"
            raise UserError(f"{path}: holds another sweep: {found}; choose another folder")
