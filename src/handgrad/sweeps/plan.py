"""The plan of a sweep: all that its results depend on, and the trials that follow from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from operator import index
from pathlib import Path
from typing import Any

from handgrad.errors import UserError
from handgrad.sweeps.grid import Levels, Vary, as_levels, cells, level_text, level_value
from handgrad.sweeps.trial import Record, Trial, code_version
from handgrad.training.data import Source, source_of
from handgrad.training.recipe import Recipe


@dataclass(frozen=True)
class Plan:
    """All that the results of a sweep depend on: equal plans have equal results.

    Parameters
    ----------
    recipe : Recipe
        What all trials share.
    vary : dict of str to tuple
        The levels of each field that varies.
    seeds : int
        How many seeds each cell is trained with, from 0 on.
    dataset : Source
        Where the images come from; it may change, as long as the images stay the same.
    checksum : str
        Of the images.
    code : str
        The `code_version` that trains.
    """

    recipe: Recipe
    vary: Levels
    seeds: int
    dataset: Source
    checksum: str
    code: str

    @classmethod
    def make(cls, recipe: Recipe, vary: Vary, seeds: int, dataset: str | Path | Source) -> Plan:
        """Check what a sweep is asked to do.

        Parameters
        ----------
        recipe : Recipe
            What all trials share.
        vary : mapping of str to iterable
            The levels of each field that varies, the simplest first.
        seeds : int
            How many seeds, at least 1.
        dataset : str, Path or Source
            Where the images come from, see `handgrad.load`.

        Returns
        -------
        Plan
            The plan for the code that is running.

        Raises
        ------
        UserError
            For a level that no recipe takes, no seeds, `all_data`, and a data set without test images.
        """
        if recipe.all_data:
            raise UserError("all_data leaves no validation images to choose by: give --no-all-data")
        seeds = _count(seeds)
        levels = as_levels(vary)
        cells(recipe, levels)
        source = source_of(dataset)
        images = source.load()
        if images.load_test is None:
            raise UserError(f"{source.dataset}: has no test images to judge the winner by; choose another data set")
        return cls(recipe, levels, seeds, source, images.checksum, code_version())

    @cached_property
    def cells(self) -> dict[str, Recipe]:
        """The recipe of each combination of levels, under its name."""
        return cells(self.recipe, self.vary)

    @cached_property
    def trials(self) -> dict[str, tuple[str, Trial]]:
        """Cell and trial under the trial's name: every cell with the first seed, then with the next."""
        made = {}
        for seed in range(self.seeds):
            for cell, recipe in self.cells.items():
                trial = Trial(recipe, seed, self.dataset, self.checksum, self.code)
                made[trial.name] = cell, trial
        return made

    def to_json(self) -> dict[str, Any]:
        """Return the plan as the manifest holds it.

        Returns
        -------
        dict
            All but the data set, since the images may be moved; levels in words.
        """
        vary = {
            field: list(dict.fromkeys(level_text(getattr(cell, field)) for cell in self.cells.values()))
            for field in self.vary
        }
        recipe = json.loads(json.dumps(self.recipe.to_json()))  # tuples as lists, as they come back
        return {"recipe": recipe, "vary": vary, "seeds": self.seeds, "checksum": self.checksum, "code": self.code}

    def row(self, trial: str, record: Record) -> Record:
        """Return a record as the row of a table.

        Parameters
        ----------
        trial : str
            Name of the trial.
        record : dict
            Its record.

        Returns
        -------
        dict
            The trial's name in the record, the level of each field that varies, the seed, and what was measured.
        """
        recipe = self.trials[trial][1].recipe
        levels = {field: level_value(getattr(recipe, field)) for field in self.vary}
        rest = {k: v for k, v in record.items() if k not in ("trial", "recipe", "checksum", "code")}
        return {"trial": record["trial"], **levels, **rest}

    def describe(self, trial: str) -> str:
        """Return a trial in words.

        Parameters
        ----------
        trial : str
            Name of the trial.

        Returns
        -------
        str
            Its levels and its seed.
        """
        cell, what = self.trials[trial]
        return f"{cell}, seed {what.seed}"


def _count(seeds: Any) -> int:
    try:
        count = index(seeds)
    except TypeError:
        count = 0
    if count < 1:
        raise UserError(f"seeds is {seeds}: expected 1 or more")
    return count
